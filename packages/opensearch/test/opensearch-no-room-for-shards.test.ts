import {
  ByteBudget,
  definePipeline,
  json,
  MiB,
  processShard,
  type ShardEvent,
  systemClock,
} from "@kinesis-connectors/core";
import { memoryCheckpointer, recordsOf, seededRandom, simulatedShard } from "@kinesis-connectors/testkit";
import { expect, it } from "vitest";
import { ask, type LocalOpenSearch, startOpenSearch } from "./local-opensearch.js";

/** More tries than refused documents are given (`retry.maxAttempts`). */
const MIN_RETRIES = 25;

/** Runs 50 records through a pipeline and the engine; `observe` is told of each event. */
async function deliverFifty(server: LocalOpenSearch, observe: (event: ShardEvent) => void): Promise<void> {
  const records = recordsOf(Array.from({ length: 50 }, (_, id) => JSON.stringify({ id })));
  const source = simulatedShard(records, { clock: systemClock, pageRecords: 50, pageMs: 0 });
  source.close();
  await processShard(
    definePipeline({
      transformer: json<{ readonly id: number }>().to((document): object => document),
      buffer: { maxRecords: 50 },
      emitter: server.emitter({
        index: (document) => ("id" in document && document.id === 7 ? "events-7" : "events"),
      }),
      deadLetters: {
        capabilities: { duplicates: "none", ordering: "none" },
        emit: () => Promise.reject(new Error("a dead letter was written")),
      },
      retry: { baseDelayMs: 1, maxDelayMs: 2 },
    }),
    {
      application: "test",
      stream: "test",
      shardId: "shardId-000000000000",
      source,
      checkpointer: memoryCheckpointer(),
      initialPosition: { type: "trim-horizon" },
      clock: systemClock,
      random: seededRandom(1),
      budget: new ByteBudget(256 * MiB),
      observe,
      stopSignal: new AbortController().signal,
      abortSignal: new AbortController().signal,
    },
  );
}

const setShards = (server: LocalOpenSearch, max: number | null): Promise<unknown> =>
  ask(server.node, "PUT", "/_cluster/settings", { persistent: { "cluster.max_shards_per_node": max } });

it.each([
  ["50 of 50 documents", 0],
  ["a single document among others that are taken", 2],
])(
  "opensearch-no-room-for-shards: %s wait until there is room, and none is a dead letter",
  async (_name, shards) => {
    await using server = await startOpenSearch();
    await setShards(server, shards);
    const retries: { records: number; message: string }[] = [];
    let lifted: Promise<unknown> | undefined;
    await deliverFifty(server, (event) => {
      if (event.type !== "emit-retry") return;
      retries.push({ records: event.records, message: event.error.message });
      if (retries.length >= MIN_RETRIES) lifted ??= setShards(server, null);
    });
    await lifted;
    expect(retries.length).toBeGreaterThanOrEqual(MIN_RETRIES);
    for (const { records, message } of retries) {
      expect(records).toBe(shards === 0 ? 50 : 1);
      expect(message).toContain("the cluster has as many shards as it may");
      expect(message).toContain("cluster.max_shards_per_node");
      expect(message).not.toContain("this action would add");
    }
    const documents = server.documents();
    expect(documents.map(({ source }) => source["id"]).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 50 }, (_, id) => id),
    );
    expect(documents.map(({ version }) => version)).toEqual(documents.map(() => 1));
  },
);
