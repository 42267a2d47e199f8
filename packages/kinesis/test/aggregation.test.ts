import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { deliver } from "@kinesis-connectors/testkit";
import { partitionHashKey } from "@kinesis-connectors/wire";
import {
  batchOf,
  emitUntilWritten,
  type Given,
  type LocalTarget,
  remainderOf,
  startTarget,
  TARGET,
} from "./support.js";

const numbered = (count: number, keys: number): Given<string>[] =>
  Array.from({ length: count }, (_, index) => ({ output: `${index}`, partitionKey: `key-${index % keys}` }));
const lists = (target: LocalTarget): number => target.aws.journal.entries({ operation: "ListShards" }).length;
const middleOf = (start: bigint, end: bigint): string => ((start + end) / 2n).toString();

function expectOrderOfKeys(target: LocalTarget, given: readonly Given<string>[]): void {
  for (const key of new Set(given.map(({ partitionKey }) => partitionKey))) {
    const landed = target.landed().filter(({ partitionKey }) => partitionKey === key);
    const expected = given.filter(({ partitionKey }) => partitionKey === key).map(({ output }) => output);
    expect([...new Set(landed.map(({ text }) => text))]).toEqual(expected);
  }
}

/** Splits the only open shard of the target in the middle. */
function split(target: LocalTarget, shardId: string): void {
  target.aws.kinesis.call("SplitShard", {
    StreamName: TARGET,
    ShardToSplit: shardId,
    NewStartingHashKey: middleOf(0n, 2n ** 128n),
  });
}

describe("aggregation", () => {
  it("packs many records into few, per shard, and readers see each record once, in order, under its own key", async () => {
    await using target = await startTarget({ shardCount: 4 });
    const given = numbered(5000, 200);
    expect(await deliver(target.emitter<string>({ aggregate: true }), batchOf(given))).toEqual({
      failed: [],
    });
    expect(target.stored().length).toBeLessThan(20);
    expect(target.landed()).toHaveLength(5000);
    expectOrderOfKeys(target, given);
    expect(lists(target)).toBe(1);
  });

  it("lists the shards once for all batches", async () => {
    await using target = await startTarget({ shardCount: 4 });
    const emitter = target.emitter<string>({ aggregate: true });
    for (let round = 0; round < 3; round += 1) await deliver(emitter, batchOf(numbered(10, 5)));
    expect(lists(target)).toBe(1);
  });

  it("keeps aggregates within maxBytes and maxRecords; a larger record goes alone", async () => {
    await using target = await startTarget({ shardCount: 1 });
    const emitter = target.emitter<string>({ aggregate: { maxBytes: 2000, maxRecords: 10 } });
    const given = [
      ...numbered(55, 7),
      { output: "x".repeat(5000), partitionKey: "key-0" },
      ...numbered(5, 5),
    ];
    await deliver(emitter, batchOf(given));
    const sizes = target.stored().map(({ data }) => data.length);
    expect(sizes.filter((size) => size > 2000)).toEqual([5000]);
    expect(target.stored()).toHaveLength(8);
    expect(target.landed()).toHaveLength(61);
  });

  it("keeps explicit hash keys, and sends each record where they lead", async () => {
    await using target = await startTarget({ shardCount: 2 });
    const explicitHashKey = (2n ** 128n - 1n).toString();
    const given = Array.from({ length: 10 }, (_, index) => ({
      output: `${index}`,
      record: index % 2 === 0 ? { explicitHashKey } : {},
      partitionKey: keyIn(0n, 2n ** 127n),
    }));
    await deliver(target.emitter<string>({ aggregate: true }), batchOf(given));
    const [first, second] = ["shardId-000000000000", "shardId-000000000001"].map((shardId) =>
      target.landed().filter((record) => record.shardId === shardId),
    );
    expect(first?.map(({ text }) => text)).toEqual(["1", "3", "5", "7", "9"]);
    expect(second?.map(({ text }) => text)).toEqual(["0", "2", "4", "6", "8"]);
    expect(second?.every((record) => record.explicitHashKey === explicitHashKey)).toBe(true);
  });

  it("frames data that itself opens like an aggregate, so that it comes back as it was", async () => {
    await using target = await startTarget({ shardCount: 1 });
    const data = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2, 1, 2, 3);
    await deliver(target.emitter<Uint8Array>({ aggregate: true }), batchOf([{ output: data }]));
    expect(target.texts()).toEqual([Buffer.from(data).toString()]);
    // Together with its frame it may be over the limit of a record: then it is a dead letter, and no request is refused for it.
    const large = new Uint8Array(1024 * 1024 - 10);
    large.set(data);
    const { failed } = await deliver(
      target.emitter<Uint8Array>({ aggregate: true }),
      batchOf([{ output: large }]),
    );
    expect(failed.map(({ action }) => action)).toEqual(["dead-letter"]);
  });

  it("tries a refused aggregate again as a whole, before what follows it in its shard", async () => {
    await using target = await startTarget({ shardCount: 2 });
    target.fault({ kind: "partial-failure", indexes: [0] }, { nth: 2 });
    const given = numbered(90, 9);
    const emitter = target.emitter<string>({ aggregate: { maxRecords: 10 } });
    const batch = batchOf(given);
    const first = await deliver(emitter, batch);
    expect(first.failed.length).toBeGreaterThan(0);
    await emitUntilWritten(emitter, remainderOf(batch, first));
    expect(target.landed()).toHaveLength(90);
    expectOrderOfKeys(target, given);
  });

  it("puts again what readers drop because the target was resharded, and loses nothing", async () => {
    await using target = await startTarget({ shardCount: 1 });
    const emitter = target.emitter<string>({ aggregate: { maxRecords: 20 } });
    const before = numbered(40, 10);
    await deliver(emitter, batchOf(before));
    split(target, "shardId-000000000000");
    const after = numbered(200, 10).map(({ output, partitionKey = "" }): Given<string> => ({
      output: `after ${output}`,
      partitionKey,
    }));
    const batch = batchOf(after);
    const first = await deliver(emitter, batch);
    expect(first.failed.map(({ action, error }) => `${action} ${error.name}`)).toContain(
      "retry TargetResharded",
    );
    expect(await emitUntilWritten(emitter, remainderOf(batch, first))).toEqual([]);
    // A reader drops aggregates that hold a record of another shard: `landed` does too.
    expect(new Set(target.texts()).size).toBe(240);
    expectOrderOfKeys(target, [...before, ...after]);
    expect(lists(target)).toBe(2);
  });

  it("counts an aggregate as written when its new shard owns all of it", async () => {
    await using target = await startTarget({ shardCount: 1 });
    const emitter = target.emitter<string>({ aggregate: true });
    await deliver(emitter, batchOf(numbered(1, 1)));
    split(target, "shardId-000000000000");
    const one = keyIn(0n, 2n ** 127n);
    const given = Array.from({ length: 10 }, (_, index) => ({ output: `after ${index}`, partitionKey: one }));
    expect(await deliver(emitter, batchOf(given))).toEqual({ failed: [] });
    expect(target.texts()).toHaveLength(11);
  });

  it("repeats when the shards cannot be listed, and stops where that is not allowed", async () => {
    await using target = await startTarget();
    const emitter = target.emitter<string>({ aggregate: true });
    const fail = (code: string) =>
      target.aws.faults.add({ operation: "ListShards", effect: { kind: "error", status: 400, code } });
    fail("LimitExceededException");
    await expect(deliver(emitter, batchOf(numbered(3, 3)))).rejects.toThrow("LimitExceededException");
    fail("AccessDeniedException");
    const refused = deliver(emitter, batchOf(numbered(3, 3)));
    await expect(refused).rejects.toSatisfy((error) => hasCode(error, "KC_EMIT_REFUSED"));
    await expect(refused).rejects.toThrow("kinesis:ListShards");
    expect(await deliver(emitter, batchOf(numbered(3, 3)))).toEqual({ failed: [] });
  });
});

/** A partition key whose hash lies in the range. */
function keyIn(start: bigint, end: bigint): string {
  for (let index = 0; ; index += 1) {
    const hashKey = partitionHashKey(`k${index}`);
    if (hashKey >= start && hashKey < end) return `k${index}`;
  }
}
