import { inputFlag, readFlags, UsageError, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { existsSync, readdirSync } from "node:fs";

/** What `npm run demo -- --help` prints. */
export const USAGE = `npm run demo -- [--records N] [--shards N] [--threads N] [--input FILE] [--keep DIR] [--seed N] [--json]
Starts AWS on loopback, creates a stream, puts records while a connector archives them to S3, reads every object back and compares.
  --records N   how many generated click events (default 100000)
  --shards N    shards of the stream (default 4)
  --threads N   runs the pipeline in N worker threads (default: in the main thread)
  --input FILE  puts each line of a file instead (JSON or plain text); - reads standard input
  --keep DIR    keeps the objects there as plain files; DIR must be empty or new
  --seed N      seed of the generated clicks (default 1)
  --json        the last line on standard output is one JSON object`;

/** The flags, checked. */
export interface DemoOptions {
  readonly records: number;
  readonly shards: number;
  readonly threads: number | undefined;
  readonly input: string | undefined;
  readonly keep: string | undefined;
  readonly seed: number;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws UsageError naming the flag and what it takes */
export function readOptions(): DemoOptions {
  const flags = readFlags({
    options: {
      records: { type: "string" },
      shards: { type: "string", default: "4" },
      threads: { type: "string" },
      input: { type: "string" },
      keep: { type: "string" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.input !== undefined && flags.records !== undefined) {
    throw new UsageError("--records and --input exclude each other: a file's lines are all put");
  }
  return {
    records: wholeNumberFlag("records", flags.records ?? "100000"),
    shards: wholeNumberFlag("shards", flags.shards),
    threads: flags.threads === undefined ? undefined : wholeNumberFlag("threads", flags.threads),
    input: flags.input === undefined ? undefined : inputFlag(flags.input),
    keep: flags.keep === undefined ? undefined : emptyFolder(flags.keep),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    json: flags.json,
    help: flags.help,
  };
}

function emptyFolder(path: string): string {
  if (path === "") throw new UsageError("--keep names no folder");
  try {
    if (existsSync(path) && readdirSync(path).length > 0)
      throw new UsageError(`--keep: ${path} is not empty`);
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`--keep: ${path} is not a folder that can be read`);
  }
  return path;
}
