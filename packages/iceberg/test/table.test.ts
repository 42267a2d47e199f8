import { beforeEach, describe, expect, it } from "vitest";
import { batchOf, batchOfEntries, entryOf } from "@kinesis-connectors/testkit";
import type { TableMetadata } from "../src/index.js";
import { encodeAvroFile } from "../src/manifests/avro-file.js";
import { decodeManifestList } from "../src/manifests/manifest-list.js";
import { type Lake, startLake } from "./support/lake.js";
import { deliver, idsIn, opened, ORDER_COLUMNS, orderEmitter, orders, upTo } from "./support/orders.js";
import { icebergEmitter, type IcebergEmitterOptions } from "../src/index.js";

let lake: Lake;
beforeEach(() => {
  lake = startLake();
});

type Columns = IcebergEmitterOptions["columns"];

function made<Row extends object>(columns: Columns, options: Partial<IcebergEmitterOptions> = {}) {
  return opened(
    icebergEmitter<Row>({
      catalog: lake.catalog,
      storage: lake.storage,
      table: "sales.orders",
      columns,
      ...options,
    }),
  );
}

function withField(
  metadata: TableMetadata,
  name: string,
  change: Readonly<Record<string, unknown>>,
): TableMetadata {
  return {
    ...metadata,
    schemas: metadata.schemas.map((schema) => ({
      ...schema,
      fields: schema.fields.map((field) => (field.name === name ? { ...field, ...change } : field)),
    })),
  };
}

describe("a table", () => {
  it("that is missing stops the start with the cure, or is created", async () => {
    await expect(made(ORDER_COLUMNS)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("the catalog has no table sales.orders (option table): create it"),
    });
    await made(ORDER_COLUMNS, { createTable: true, properties: { owner: "shop" } });
    const { schemas, properties } = lake.catalog.metadata();
    expect(schemas[0]?.fields).toEqual([
      { id: 1, name: "id", required: true, type: "long" },
      { id: 2, name: "total", required: false, type: "decimal(9, 2)" },
    ]);
    expect(properties).toEqual({ owner: "shop", "format-version": "2" });
  });

  it("gains columns in a commit of their own, by two processes once, and old rows have nulls there", async () => {
    await deliver(await orderEmitter(lake), orders(0, 2));
    const columns: Columns = {
      ...ORDER_COLUMNS,
      note: { required: "string" },
      agent: { struct: { browser: "string" } },
    };
    await expect(deliver(await made(columns), orders(2, 4))).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("has no column note, agent: set addColumns"),
    });
    const both = await Promise.all([
      made(columns, { addColumns: true }),
      made(columns, { addColumns: true }),
    ]);
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["applied", "applied", "conflict"]);
    const rows = [{ id: 2, total: 1, note: "new", agent: { browser: "x" } }];
    await deliver(both[1], batchOfEntries([entryOf(2, rows[0] ?? {})]));
    const { schemas, "current-schema-id": current, "last-column-id": last } = lake.catalog.metadata();
    expect(schemas).toHaveLength(2);
    expect(current).toBe(1);
    expect(last).toBe(5);
    // A column that joins is optional, or rows that are there would not fit.
    expect(schemas[1]?.fields.slice(2)).toEqual([
      { id: 3, name: "note", required: false, type: "string" },
      {
        id: 4,
        name: "agent",
        required: false,
        type: { type: "struct", fields: [{ id: 5, name: "browser", required: false, type: "string" }] },
      },
    ]);
    expect(await idsIn(lake)).toEqual(upTo(3));
  });

  it("gains a field inside a struct, and keeps what another writer added", async () => {
    await made({ id: "int64", agent: { struct: { browser: "string" } } }, { createTable: true });
    lake.catalog.set((metadata) => ({
      ...metadata,
      "last-column-id": 4,
      schemas: metadata.schemas.map((schema) => ({
        ...schema,
        fields: [...schema.fields, { id: 4, name: "theirs", required: false, type: "string" }],
      })),
    }));
    await made(
      { id: "int64", agent: { struct: { browser: "string", version: "int32" } } },
      { addColumns: true },
    );
    const [, schema] = lake.catalog.metadata().schemas;
    expect(schema?.fields.map(({ id, name }) => [id, name])).toEqual([
      [1, "id"],
      [2, "agent"],
      [4, "theirs"],
    ]);
    expect(schema?.fields[1]?.type).toMatchObject({
      fields: [
        { id: 3, name: "browser" },
        { id: 5, name: "version" },
      ],
    });
  });

  it("with wider types takes the declared ones, and files have the table's", async () => {
    await made({ id: "int32", ratio: "float", total: { decimal: [9, 2] } }, { createTable: true });
    lake.catalog.set((metadata) =>
      withField(
        withField(withField(metadata, "id", { type: "long" }), "ratio", { type: "double" }),
        "total",
        { type: "decimal(20,2)" },
      ),
    );
    const emitter = await made({ id: "int32", ratio: "float", total: { decimal: [9, 2] } });
    await deliver(emitter, batchOf([{ id: 1, ratio: 0.1, total: "1.25" }]));
    expect(await lake.rows()).toEqual([{ id: 1n, ratio: 0.1, total: 1.25 }]);
  });

  it.each<[string, Columns, string]>([
    [
      "another type",
      { ...ORDER_COLUMNS, total: "string" },
      "total is decimal(9, 2) in the table, which columns has as string",
    ],
    [
      "a narrower type",
      { ...ORDER_COLUMNS, total: { decimal: [12, 2] } },
      "total is decimal(9, 2) in the table",
    ],
    ["parts", { ...ORDER_COLUMNS, total: { list: "string" } }, "which columns has as list"],
    [
      "no column that the table requires",
      { total: { decimal: [9, 2] } },
      "id is required in the table, and columns does not have it",
    ],
  ])("with %s stops with the cure", async (_what, columns, message) => {
    await orderEmitter(lake);
    await expect(deliver(await made(columns, { addColumns: true }), batchOf([{}]))).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(message),
    });
  });

  it.each([1, 3])("of format version %i stops with the cure", async (version) => {
    await orderEmitter(lake);
    lake.catalog.set((metadata) => ({ ...metadata, "format-version": version }));
    await expect(orderEmitter(lake)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(
        `is of format version ${version}, and version 2 is what can be written`,
      ),
    });
  });

  it("that is replaced by another of its name takes the batch from its own position on", async () => {
    const emitter = await orderEmitter(lake);
    await deliver(emitter, orders(0, 2));
    lake.catalog.set((metadata) => ({
      ...metadata,
      "table-uuid": "another",
      location: "s3://lake/sales/another",
      properties: {},
      snapshots: [],
      refs: {},
      "current-snapshot-id": null,
    }));
    await deliver(emitter, orders(0, 4));
    expect(await idsIn(lake)).toEqual(upTo(4));
    expect(lake.files().every(({ path }) => path.startsWith("s3://lake/sales/another/"))).toBe(true);
  });

  it("keeps its files where its properties say", async () => {
    await orderEmitter(lake, {
      properties: { "write.data.path": "s3://lake/elsewhere/", "write.metadata.path": "s3a://lake/meta" },
    });
    // The S3 in memory knows one scheme.
    await deliver(await orderEmitter(lake), orders(0, 1));
    expect(
      lake
        .objectNames()
        .map((name) => name.split("/").slice(2, 4).join("/"))
        .toSorted(),
    ).toEqual(["lake/elsewhere", "lake/meta", "lake/meta"]);
  });
});

describe("manifests", () => {
  it("of ours are merged past a hundred, each file as it came, and another writer's stay", async () => {
    const partitionBy = [{ column: "total", transform: "identity" }];
    await deliver(await orderEmitter(lake, { partitionBy }), orders(0, 1));
    const theirs = lake.asAnotherWriters();
    const emitter = await orderEmitter(lake);
    let most = 0;
    for (let nth = 1; nth < 230; nth += 1) {
      await deliver(emitter, orders(nth, nth + 1));
      most = Math.max(most, lake.manifests().length);
    }
    expect(most).toBeLessThanOrEqual(102);
    expect(await idsIn(lake)).toEqual(upTo(230));
    const files = lake.files();
    expect(files.map(({ sequenceNumber }) => sequenceNumber).toSorted((a, b) => a - b)).toEqual(
      upTo(231).slice(1),
    );
    expect(new Set(files.map(({ snapshotId }) => snapshotId)).size).toBe(230);
    const merged = lake.manifests().find(({ existing_files_count }) => existing_files_count > 0);
    expect(merged).toMatchObject({ added_files_count: 0, added_rows_count: 0, min_sequence_number: 2 });
    expect(merged?.existing_rows_count).toBe(merged?.existing_files_count);
    expect(merged?.partitions).toMatchObject([{ contains_null: false, lower_bound: Buffer.from([0, 150]) }]);
    expect(lake.manifests().some(({ manifest_path }) => manifest_path === theirs)).toBe(true);
  });

  it("are known by the ids of fields, whatever another writer calls them, and keep ids of 63 bits", () => {
    const id = 8_046_643_380_197_343_006n;
    const list = encodeAvroFile(
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- avsc's types know no field ids
      {
        type: "record",
        name: "manifest_file",
        fields: [
          { name: "path", type: "string", "field-id": 500 },
          { name: "manifest_length", type: "long", "field-id": 501 },
          { name: "partition_spec_id", type: "int", "field-id": 502 },
          { name: "added_snapshot_id", type: ["null", "long"], default: null, "field-id": 503 },
          { name: "added_data_files_count", type: ["null", "int"], default: null, "field-id": 504 },
          { name: "unheard_of", type: "string", "field-id": 9_999 },
        ],
      } as never,
      [
        {
          path: "s3://lake/m.avro",
          manifest_length: 7,
          partition_spec_id: 0,
          added_snapshot_id: id,
          added_data_files_count: 3,
          unheard_of: "x",
        },
      ],
      {},
    );
    expect(decodeManifestList(list, "list")).toEqual([
      {
        manifest_path: "s3://lake/m.avro",
        manifest_length: 7,
        partition_spec_id: 0,
        content: 0,
        sequence_number: 0,
        min_sequence_number: 0,
        added_snapshot_id: id,
        added_files_count: 3,
        existing_files_count: -1,
        deleted_files_count: -1,
        added_rows_count: -1,
        existing_rows_count: -1,
        deleted_rows_count: -1,
        partitions: null,
        key_metadata: null,
      },
    ]);
  });

  it("that are damaged stop with their name", () => {
    expect(() => decodeManifestList(Buffer.from("Obj"), "s3://lake/list.avro")).toThrow(
      "s3://lake/list.avro cannot be read: it is no Avro file",
    );
    const good = encodeAvroFile(
      { type: "record", name: "r", fields: [{ name: "a", type: "string" }] },
      [{ a: "x" }],
      {},
    );
    expect(() => decodeManifestList(good.subarray(0, -20), "list")).toThrow(
      "list cannot be read: it is damaged",
    );
  });
});
