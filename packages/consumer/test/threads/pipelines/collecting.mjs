// What the pipelines of these tests have in common. Each thread imports them for itself, so what they did is told through files.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/** What a test gave to a module, behind the `?` of its URL. */
export function given(url) {
  return new URL(url).searchParams;
}

/** Appends one JSON line to a file of the test's folder. */
export function tell(folder, name, line) {
  appendFileSync(join(folder, `${name}.ndjson`), `${JSON.stringify(line)}\n`);
}

/** Tells every batch that it is given, and when it is opened and closed. */
export function collecting(folder) {
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    open: async ({ logger }) => {
      tell(folder, "life", { step: "open", threadId });
      logger.info({ threadId, notForTheWay: () => undefined }, "the emitter was opened");
    },
    emit: async ({ shardId, entries }) => {
      tell(folder, "batches", { shardId, threadId, outputs: entries.map(({ output }) => output) });
      return { failed: [] };
    },
    close: async () => tell(folder, "life", { step: "close", threadId }),
  };
}

/** The buffer of a test: small batches, or what the URL asks for. */
export function buffer(parameters) {
  return {
    maxRecords: Number(parameters.get("maxRecords") ?? 1_000),
    maxAgeMs: Number(parameters.get("maxAgeMs") ?? 100),
  };
}
