import { beforeEach, describe, expect, it } from "vitest";
import { type Emitter, systemRandom } from "@kinesis-connectors/core";
import { batchOf, batchOfEntries, contextOf, entryOf } from "@kinesis-connectors/testkit";
import { objectStore } from "@kinesis-connectors/s3/objects";
import { announcementIn, announcementText } from "../src/files/announcement.js";
import { icebergFileEmitter, icebergManifestEmitter } from "../src/index.js";
import { type Lake, startLake } from "./support/lake.js";
import {
  deliver,
  idsIn,
  opened,
  type Order,
  ORDER_COLUMNS,
  orderEmitter,
  orders,
  upTo,
} from "./support/orders.js";

let lake: Lake;
let told: string[];
beforeEach(() => {
  lake = startLake();
  told = [];
});

const stream: Emitter<string> = {
  capabilities: { duplicates: "possible", ordering: "shard" },
  emit: (batch) => {
    told.push(...batch.entries.map(({ output }) => output));
    return Promise.resolve({ failed: [] });
  },
};

const place = () => ({ catalog: lake.catalog, storage: lake.storage, table: "sales.orders" });
const stageOne = () =>
  opened(icebergFileEmitter<Order>({ ...place(), columns: ORDER_COLUMNS, createTable: true, to: stream }));
const stageTwo = () => opened(icebergManifestEmitter(place()));

describe("two stages", () => {
  it("add the files of many batches of many shards in one commit, each once, however often they are announced", async () => {
    const one = await stageOne();
    for (let shard = 0; shard < 20; shard += 1)
      for (const [from, until] of [
        [shard * 10, shard * 10 + 4],
        [shard * 10 + 4, shard * 10 + 10],
      ] as const)
        await deliver(one, orders(from, until, { shardId: `shardId-0000000000${10 + shard}` }));
    expect(lake.catalog.commits).toEqual([]);
    expect(told).toHaveLength(40);

    const two = await stageTwo();
    await deliver(two, batchOf([...told.slice(0, 30), ...told.slice(20, 40)]));
    await deliver(two, batchOf(told));
    expect(await idsIn(lake)).toEqual(upTo(200));
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["applied"]);
    const { properties } = lake.catalog.metadata();
    expect(Object.keys(properties ?? {}).filter((name) => name.startsWith("kc.position."))).toHaveLength(20);
  });

  it("add a batch that was written twice with other rows once", async () => {
    const whole = orders(0, 4);
    const some = { ...whole, entries: whole.entries.slice(1) };
    await deliver(await stageOne(), whole);
    await deliver(await stageOne(), some);
    expect(new Set(told).size).toBe(2);
    await deliver(await stageTwo(), batchOf(told));
    expect(await idsIn(lake)).toEqual(upTo(4));
  });

  it("go on after a direct emitter, and say so where a batch is there by half", async () => {
    const direct = await orderEmitter(lake);
    await deliver(direct, orders(0, 3));
    const one = await stageOne();
    await deliver(one, orders(0, 3));
    await deliver(one, orders(3, 6));
    await deliver(await stageTwo(), batchOf(told));
    expect(await idsIn(lake)).toEqual(upTo(6));
    told.length = 0;
    await deliver(one, orders(5, 8));
    await expect(deliver(await stageTwo(), batchOf(told))).rejects.toMatchObject({ code: "KC_PLACE_TAKEN" });
  });

  it("set records aside that announce nothing of the table, and add the others", async () => {
    await deliver(await stageOne(), orders(0, 2));
    const [good = ""] = told;
    const changed = (from: string, to: string): string => good.replace(from, to);
    const bad = [
      "no JSON",
      "{}",
      changed('"v":1,"path":"s3://lake/sales/orders/', '"v":1,"path":"s3://lake/elsewhere/'),
      changed('"tableUuid":"', '"tableUuid":"x'),
      changed('"rows":2', '"rows":-2'),
      changed('"specId":0', '"specId":7'),
      changed('"partition":[]', '"partition":["AAAA"]'),
      changed('"lower":"', '"lower":"AAAA'),
      JSON.stringify({ v: 1, storedAt: "s3://lake/elsewhere/kc-files-x.json" }),
    ];
    expect(new Set([...bad, good]).size).toBe(10);
    const { failed } = await deliver(await stageTwo(), batchOf([...bad, good]));
    expect(failed.map(({ entry, action }) => [entry.output, action])).toEqual(
      bad.map((text) => [text, "dead-letter"]),
    );
    expect(await idsIn(lake)).toEqual([0, 1]);
  });

  it("add files of a partition whose column has come to be wider, or is gone, and merge their manifests", async () => {
    const partitionBy = [{ column: "id", transform: "identity" }];
    const files = {
      ...place(),
      columns: { id: "int32", note: "string" },
      partitionBy,
      createTable: true,
    } as const;
    const one = await opened(icebergFileEmitter<{ readonly id: number }>({ ...files, to: stream }));
    for (let id = 0; id < 102; id += 1) await deliver(one, batchOfEntries([entryOf(id, { id })]));
    const { schemas } = lake.catalog.metadata();
    const wide = { id: 1, name: "id", required: false, type: "long" };
    const [, note] = schemas[0]?.fields ?? [];
    if (note === undefined) throw new Error("there is no column");
    const two = await stageTwo();
    await deliver(two, batchOf(told.slice(0, 1)));
    lake.catalog.set((metadata) => ({
      ...metadata,
      schemas: [...schemas, { type: "struct", "schema-id": 1, fields: [wide, note] }],
      "current-schema-id": 1,
    }));
    await deliver(await stageTwo(), batchOf(told.slice(1, 2)));
    lake.catalog.set((metadata) => ({
      ...metadata,
      schemas: [...metadata.schemas, { type: "struct", "schema-id": 2, fields: [note] }],
      "current-schema-id": 2,
      "partition-specs": [...metadata["partition-specs"], { "spec-id": 1, fields: [] }],
      "default-spec-id": 1,
    }));
    const three = await stageTwo();
    for (let id = 2; id < 102; id += 1) await deliver(three, batchOf(told.slice(id, id + 1)));
    expect(lake.manifests().length).toBeLessThan(10);
    const partitions = lake.files().map(({ partition }) => Number(partition["id"]));
    expect(partitions.toSorted((left, right) => left - right)).toEqual(upTo(102));
  });

  it("keep a long announcement beside the table", async () => {
    await deliver(await stageOne(), orders(0, 2));
    const metadata = lake.catalog.metadata();
    const objects = objectStore(lake.storage);
    const context = contextOf(undefined);
    const short = await announcementIn(told[0] ?? "", metadata, objects, context);
    if (typeof short === "string") throw new Error(short);
    const long = { ...short, files: Array.from({ length: 2_000 }, () => short.files).flat() };
    const text = await announcementText(long, metadata, objects, context);
    expect(text.length).toBeLessThan(200);
    expect(await announcementIn(text, metadata, objects, context)).toEqual(long);
  });

  it("tell nothing of a batch whose rows do not fit", async () => {
    const one = await stageOne();
    const batch = batchOf<Order>([{ id: 1, total: "not a number" }]);
    const { failed } = await one.emit(
      batch,
      contextOf({ v: 1, contentSha256: "" }, { random: systemRandom }),
    );
    expect(failed.map(({ action }) => action)).toEqual(["dead-letter"]);
    expect(told).toEqual([]);
  });
});
