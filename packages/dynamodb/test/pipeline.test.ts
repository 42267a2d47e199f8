import { describe, expect, it } from "vitest";
import {
  ByteBudget,
  type DeadLetter,
  definePipeline,
  hasCode,
  json,
  KinesisConnectorError,
  processShard,
  type ShardProgress,
  systemClock,
} from "@kinesis-connectors/core";
import { memoryCheckpointer, recordsOf, seededRandom, simulatedShard } from "@kinesis-connectors/testkit";
import { type LocalDynamoDb, type Order, startDynamoDb } from "./local-dynamodb.js";

const MiB = 1024 * 1024;
/** Five orders take turns; each adds 1, 2, 3, ... */
const RECORDS = recordsOf(
  Array.from({ length: 120 }, (_, index) => JSON.stringify({ id: `order-${index % 5}`, pieces: index })),
);
const sums = Object.fromEntries(
  [0, 1, 2, 3, 4].map((order) => [
    `order-${order}`,
    String(RECORDS.reduce((sum, _, index) => sum + (index % 5 === order ? index : 0), 0)),
  ]),
);
const last = Object.fromEntries([0, 1, 2, 3, 4].map((order) => [`order-${order}`, String(115 + order)]));

/** One owner of the shard after another: each emits with buffers of its own size and loses the shard before its commits are done. */
async function runOwners(
  local: LocalDynamoDb,
  options: object,
  owners: readonly { readonly maxRecords: number; readonly commits: number }[],
): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let row: ShardProgress = { checkpoint: undefined, pending: undefined };
  for (const { maxRecords, commits } of owners) {
    const shard = simulatedShard(RECORDS, { clock: systemClock, pageRecords: 13 });
    shard.close();
    const checkpointer = memoryCheckpointer(row);
    let left = commits;
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => order),
      buffer: { maxRecords },
      retry: { baseDelayMs: 1, maxDelayMs: 2 },
      emitter: local.emitter(options),
      deadLetters: {
        capabilities: { duplicates: "none", ordering: "shard" },
        emit: ({ entries }) => {
          letters.push(...entries.map(({ output }) => output));
          return Promise.resolve({ failed: [] });
        },
      },
    });
    const run = processShard(pipeline, {
      application: "orders",
      stream: "orders",
      shardId: "shardId-000000000000",
      source: shard,
      checkpointer: {
        ...checkpointer,
        commit: (checkpoint) => {
          if (left === 0) return Promise.reject(new KinesisConnectorError("KC_LEASE_LOST", "stolen"));
          left -= 1;
          return checkpointer.commit(checkpoint);
        },
      },
      initialPosition: { type: "trim-horizon" },
      clock: systemClock,
      random: seededRandom(maxRecords),
      budget: new ByteBudget(64 * MiB),
      observe: () => undefined,
      stopSignal: new AbortController().signal,
      abortSignal: new AbortController().signal,
    });
    try {
      await run;
    } catch (error) {
      if (!hasCode(error, "KC_LEASE_LOST")) throw error;
    }
    row = checkpointer.progress();
  }
  return letters;
}

const OWNERS = [
  { maxRecords: 7, commits: 3 },
  { maxRecords: 50, commits: 0 },
  { maxRecords: 11, commits: 4 },
  { maxRecords: 3, commits: 0 },
  { maxRecords: 29, commits: Number.POSITIVE_INFINITY },
];

describe("successive owners that die before their commits, with batches of other sizes each", () => {
  it("F43 mode update: each record counts once, also under throttling and lost replies", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "reply-lost" }, { probability: 0.05, times: "always" });
    local.fault(
      { kind: "error", status: 400, code: "ThrottlingException" },
      { probability: 0.05, times: "always" },
    );
    const update = ({ pieces }: Order) => ({ expression: "ADD pieces :n", values: { ":n": pieces } });
    expect(await runOwners(local, { mode: "update", update }, OWNERS)).toEqual([]);
    expect(await local.column("pieces")).toEqual(sums);
  });

  it.each(["guarded", "put"])("F43 mode %s: each item is the last version", async (mode) => {
    await using local = await startDynamoDb();
    expect(await runOwners(local, { mode }, OWNERS)).toEqual([]);
    expect(await local.column("pieces")).toEqual(last);
  });

  it("F60 what DynamoDB refuses goes to the dead letters, and the shard goes on", async () => {
    await using local = await startDynamoDb();
    const update = ({ id, pieces }: Order) => ({
      expression: id === "order-2" ? "ADD id :n" : "ADD pieces :n",
      values: { ":n": pieces },
    });
    const letters = await runOwners(local, { mode: "update", update }, [
      { maxRecords: 40, commits: Number.POSITIVE_INFINITY },
    ]);
    expect(letters).toHaveLength(24);
    expect(letters[0]?.errorMessage).toMatch(/DynamoDB will never take the item/);
    const { "order-2": _refused, ...others } = sums;
    expect(await local.column("pieces")).toEqual(others);
  });
});
