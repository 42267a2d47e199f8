import { batchOfEntries, contextOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { definePipeline, json } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type Order, startDynamoDb, TABLE } from "./local-dynamodb.js";
import { batchOf, entryOf } from "./support.js";

describe("the mode guarded", () => {
  it("writes over an older version and never over a newer one, whoever comes late", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter();
    const zombie = local.emitter();
    await emitter.emit(batchOf([{ id: "a", total: 1 }], 10), contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a", total: 2 }], 20), contextOf(undefined));
    const late = await zombie.emit(
      batchOf(
        [
          { id: "a", total: 1 },
          { id: "b", total: 1 },
        ],
        10,
      ),
      contextOf(undefined),
    );
    expect(late.failed).toEqual([]);
    expect(await local.column("total")).toEqual({ a: "2", b: "1" });
  });

  it("compares positions that a number could not hold, across a growing length and inside aggregated records", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter();
    const nines = "9".repeat(55);
    const steps = [
      { sequenceNumber: nines, subSequenceNumber: 0 },
      { sequenceNumber: nines, subSequenceNumber: 2 },
      { sequenceNumber: nines, subSequenceNumber: 11 },
      { sequenceNumber: `1${"0".repeat(55)}`, subSequenceNumber: 0 },
      { sequenceNumber: `1${"0".repeat(54)}1`, subSequenceNumber: 0 },
    ];
    for (const [total, changes] of steps.entries()) {
      await emitter.emit(batchOfEntries([entryOf(0, { id: "a", total }, changes)]), contextOf(undefined));
      expect(await local.column("total")).toEqual({ a: String(total) });
    }
    for (const [total, changes] of steps.entries())
      await emitter.emit(batchOfEntries([entryOf(0, { id: "a", total }, changes)]), contextOf(undefined));
    expect(await local.column("total")).toEqual({ a: "4" });
  });

  it("takes an item that was there before without a position", async () => {
    await using local = await startDynamoDb();
    await local.emitter({ mode: "put" }).emit(batchOf([{ id: "a", total: 0 }]), contextOf(undefined));
    await local.emitter().emit(batchOf([{ id: "a", total: 1 }]), contextOf(undefined));
    expect(await local.column("total")).toEqual({ a: "1" });
    expect((await local.column("kcPosition"))["a"]).toMatch(/^\d{56}\.\d{10}$/);
  });

  it("puts a tombstone in place of a removed item, which no older version passes and a newer one replaces", async () => {
    await using local = await startDynamoDb();
    const isRemoved = (order: Order) => order["status"] === "cancelled";
    const emitter = local.emitter({
      isRemoved,
      tombstoneExpiry: { attribute: "expires", afterMs: 86_400_000 },
      positionAttribute: "at",
    });
    await emitter.emit(batchOf([{ id: "a", total: 1 }], 1), contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a", total: 1, status: "cancelled" }], 2), contextOf(undefined));
    await emitter.emit(batchOf([{ id: "a", total: 1 }], 1), contextOf(undefined));
    const item = (await local.items()).get("a");
    expect(Object.keys(item ?? {}).toSorted()).toEqual(["at", "expires", "id", "kcRemoved"]);
    expect(item?.["expires"]?.N).toBe(String(Math.ceil((Date.UTC(2026, 2, 29) + 2 + 86_400_000) / 1000)));
    await emitter.emit(batchOf([{ id: "a", total: 3 }], 3), contextOf(undefined));
    expect(Object.keys((await local.items()).get("a") ?? {}).toSorted()).toEqual(["at", "id", "total"]);
  });
});

describe("the mode put", () => {
  it("deletes what is removed, in its turn among the versions of its key", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter({ mode: "put", isRemoved: (order: Order) => order["status"] === "gone" });
    await emitter.emit(batchOf([{ id: "a" }, { id: "b" }]), contextOf(undefined));
    local.fault({ kind: "partial-failure", indexes: [0] });
    const batch = batchOf<Order>(
      [{ id: "a", status: "gone" }, { id: "b", status: "gone" }, { id: "b", total: 2 }, { id: "c" }],
      2,
    );
    expect((await emitter.emit(batch, contextOf(undefined))).failed).toEqual([]);
    expect(await local.column("total")).toEqual({ b: "2", c: undefined });
  });
});

describe("the mode delete", () => {
  it("leaves tombstones, also of items that never were", async () => {
    await using local = await startDynamoDb();
    await local.emitter().emit(
      batchOf(
        [
          { id: "a", total: 1 },
          { id: "c", total: 1 },
        ],
        1,
      ),
      contextOf(undefined),
    );
    await local
      .emitter({ mode: "delete" })
      .emit(batchOf([{ id: "a" }, { id: "b" }], 3), contextOf(undefined));
    await local.emitter({ mode: "delete" }).emit(batchOf([{ id: "c" }], 0), contextOf(undefined));
    expect(await local.column("total")).toEqual({ a: undefined, b: undefined, c: "1" });
  });
});

describe("the mode update", () => {
  const update = ({ total }: Order) => ({
    expression: "ADD #sum :total",
    names: { "#sum": "sum" },
    values: { ":total": total },
  });

  it("applies each record once, in order, however often its batch is emitted", async () => {
    await using local = await startDynamoDb();
    const batch = batchOf([1, 2, 4, 8].map((total) => ({ id: "a", total })));
    for (let round = 0; round < 3; round += 1)
      expect(
        (await local.emitter({ mode: "update", update }).emit(batch, contextOf(undefined))).failed,
      ).toEqual([]);
    expect(await local.column("sum")).toEqual({ a: "15" });
  });

  it("applies all outputs of one record, once each", async () => {
    await using local = await startDynamoDb();
    const entries = [1, 2, 4].map((total) => entryOf(5, { id: "a", total }));
    const emitter = local.emitter({ mode: "update", update });
    for (let round = 0; round < 2; round += 1)
      await emitter.emit(batchOfEntries(entries), contextOf(undefined));
    expect(await local.column("sum")).toEqual({ a: "7" });
  });

  it("counts with a position for each shard what many shards add to one item", async () => {
    await using local = await startDynamoDb();
    const emitter = local.emitter({ mode: "update", update, positionPer: "shard" });
    const one = batchOf([{ id: "a", total: 1 }], 100, "shardId-000000000001");
    const two = batchOf([{ id: "a", total: 10 }], 5, "shardId-000000000002");
    for (let round = 0; round < 2; round += 1)
      for (const batch of [one, two]) await emitter.emit(batch, contextOf(undefined));
    expect(await local.column("sum")).toEqual({ a: "11" });
    expect(await local.column("kcPosition.shardId-000000000002")).toEqual({ a: expect.stringMatching(/\./) });
  });

  it("goes into expressions with a SET of their own, and leaves names and values that only look like one alone", async () => {
    await using local = await startDynamoDb();
    await local.emitter().emit(batchOf([{ id: "a", set: "old", gone: 1 }]), contextOf(undefined));
    const emitter = local.emitter({
      mode: "update",
      update: () => ({
        expression: "REMOVE gone set #set = :set",
        names: { "#set": "set" },
        values: { ":set": "new" },
      }),
    });
    expect((await emitter.emit(batchOf([{ id: "a" }], 1), contextOf(undefined))).failed).toEqual([]);
    const only = local.emitter({
      mode: "update",
      update: () => ({ expression: "REMOVE #set", names: { "#set": "set" } }),
    });
    expect(await local.column("set")).toEqual({ a: "new" });
    expect(await local.column("gone")).toEqual({ a: undefined });
    expect((await only.emit(batchOf([{ id: "a" }], 2), contextOf(undefined))).failed).toEqual([]);
    expect(await local.column("set")).toEqual({ a: undefined });
  });

  it("changes nothing where its own condition does not hold, and makes dead letters of what cannot be applied", async () => {
    await using local = await startDynamoDb();
    await local.emitter().emit(batchOf([{ id: "a", pieces: 1, note: "text" }]), contextOf(undefined));
    const emitter = local.emitter({
      mode: "update",
      update: ({ kind }: Order) =>
        kind === "condition"
          ? { expression: "SET pieces = :n", values: { ":n": 9 }, condition: "pieces > :n" }
          : kind === "add"
            ? { expression: "ADD note :n", values: { ":n": 1 } }
            : kind === "taken"
              ? { expression: "SET pieces = :kcPieces", values: { ":kcPieces": 1 } }
              : kind === "empty"
                ? { expression: " " }
                : kind === "reserved"
                  ? { expression: "SET total = :n", values: { ":n": 5 } }
                  : { expression: "SET pieces = :n", values: { ":n": 5 } },
    });
    const kinds = ["condition", "add", "taken", "empty", "reserved", "good"];
    const batch = batchOf(
      kinds.map((kind) => ({ id: "a", kind })),
      1,
    );
    const { failed } = await emitter.emit(batch, contextOf(undefined));
    expect(failed.map(({ entry }) => entry.output["kind"])).toEqual(["add", "taken", "empty", "reserved"]);
    expect(failed[0]?.error.message).toMatch(/operand/);
    expect(failed[3]?.error.message).toMatch(/reserved keyword: total/);
    expect(await local.column("pieces")).toEqual({ a: "5" });
  });
});

it("the item's type is held to from the transformer on", () => {
  interface Item {
    readonly id: string;
    readonly total: number;
  }
  const emitter = dynamoDbEmitter<Item>({ table: TABLE, region: "eu-central-1" });
  definePipeline({
    // @ts-expect-error -- without its total it is no item of the table
    transformer: json<{ id: string }>().to((order) => ({ id: order.id })),
    emitter,
  });
  const pipeline = definePipeline({
    transformer: json<Item>().to((order) => order),
    emitter,
  });
  expect(pipeline.emitter.capabilities).toBe(emitter.capabilities);
});
