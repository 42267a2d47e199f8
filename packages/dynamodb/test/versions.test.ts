import { batchOfEntries, contextOf, seededRandom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type Order, startDynamoDb } from "./local-dynamodb.js";
import { batchOf, entryOf } from "./support.js";

const byRevision = { version: (order: Order): number => order["revision"] as number };

describe("a version of the record's own", () => {
  it("decides before the position, whoever comes when, in one batch or in many", async () => {
    await using local = await startDynamoDb();
    const one = local.emitter(byRevision);
    const other = local.emitter(byRevision);
    const at = (id: string, revision: number) => ({ id, revision, total: revision });
    // Later in the stream, and older.
    await one.emit(batchOf([at("a", 12), at("a", 9), at("b", 1)], 10), contextOf(undefined));
    expect(await local.column("revision")).toEqual({ a: "12", b: "1" });
    await other.emit(batchOf([at("a", 11), at("b", 0)], 90), contextOf(undefined));
    // Earlier in the stream of another shard, and newer.
    await other.emit(batchOf([at("b", 2)], 1, "shardId-000000000009"), contextOf(undefined));
    expect(await local.column("revision")).toEqual({ a: "12", b: "2" });
    // The same version again, as change streams repeat it: the later position stays.
    await one.emit(batchOf([{ ...at("b", 2), total: 3 }], 5), contextOf(undefined));
    await one.emit(batchOf([{ ...at("b", 2), total: 4 }], 4), contextOf(undefined));
    expect(await local.column("total")).toEqual({ a: "12", b: "3" });
  });

  it("leaves the newest version of each key, for any order, repetition and division into batches", async () => {
    await using local = await startDynamoDb();
    const emitters = [local.emitter(byRevision), local.emitter(byRevision)];
    const random = seededRandom(12);
    const below = (count: number): number => Math.floor(random.next() * count);
    const newest: Record<string, string> = {};
    for (let round = 0; round < 40; round += 1) {
      const orders = Array.from({ length: 1 + below(12) }, () => ({
        id: `k${below(5)}`,
        revision: below(1_000) - 500,
      }));
      for (const { id, revision } of orders)
        newest[id] = String(Math.max(revision, Number(newest[id] ?? Number.NEGATIVE_INFINITY)));
      const entries = orders.map((order, index) => entryOf(below(100_000) + index, order));
      const emitter = emitters[below(2)];
      expect(await emitter?.emit(batchOfEntries(entries), contextOf(undefined))).toEqual({ failed: [] });
    }
    expect(await local.column("revision")).toEqual(newest);
  });

  it("keeps a removed item removed against an older version that comes after it", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter({ ...byRevision, isRemoved: (order: Order) => order["gone"] === true });
    await emitter.emit(batchOf([{ id: "a", revision: 5, gone: true }], 1), contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a", revision: 4 }], 2), contextOf(undefined));
    const stored = (await local.items()).get("a");
    expect([stored?.["kcRemoved"], stored?.["revision"]]).toEqual([{ BOOL: true }, undefined]);
    await local
      .emitter({ mode: "delete", version: byRevision.version })
      .emit(batchOf([{ id: "a", revision: 3 }], 9), contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a", revision: 6 }], 3), contextOf(undefined));
    expect(await local.column("revision")).toEqual({ a: "6" });
  });

  it("replaces what was written by position alone", async () => {
    await using local = await startDynamoDb();
    await local.emitter().emit(batchOf([{ id: "a", revision: 1 }], 500), contextOf(undefined));
    await local.emitter(byRevision).emit(batchOf([{ id: "a", revision: 0 }], 1), contextOf(undefined));
    expect(await local.column("revision")).toEqual({ a: "0" });
  });

  it("that is none makes a dead letter of that record alone", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter(byRevision);
    const batch = batchOf<Order>([
      { id: "a", revision: 1 },
      { id: "a" },
      { id: "a", revision: Number.NaN },
      { id: "b", revision: 10n ** 40n },
      { id: "b", revision: "2" },
      { id: "a", revision: 2 },
    ]);
    const { failed } = await emitter.emit(batch, contextOf(undefined));
    expect(
      failed.map(({ entry, action, error }) => [batch.entries.indexOf(entry), action, error.message]),
    ).toEqual([
      [1, "dead-letter", "the version of the record (option version) is missing"],
      [2, "dead-letter", "the version of the record (option version) is no finite number"],
      [3, "dead-letter", "the version of the record (option version) has more than 40 digits"],
    ]);
    expect(await local.column("revision")).toEqual({ a: "2", b: "2" });
  });

  it.each([
    { mode: "put" as const },
    { mode: "update" as const, update: () => ({ expression: "SET a = :a" }) },
  ])("means nothing in the mode $mode", (mode) => {
    expect(() =>
      // A program without types can give any option in any mode.
      dynamoDbEmitter<Order>({ table: "t", ...mode, ...byRevision }),
    ).toThrow(`version means nothing in the mode "${mode.mode}"`);
  });
});
