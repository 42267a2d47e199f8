import { parquetMetadata } from "hyparquet";
import { beforeEach, describe, expect, it } from "vitest";
import { batchOf } from "@kinesis-connectors/testkit";
import { lowerBound, upperBound } from "../src/files/bounds.js";
import { valueOfBytes } from "../src/columns/values.js";
import { icebergEmitter, type IcebergEmitterOptions } from "../src/index.js";
import { type FileEntry, type Lake, startLake } from "./support/lake.js";
import { deliver, opened } from "./support/orders.js";

type Row = Readonly<Record<string, unknown>>;

let lake: Lake;
beforeEach(() => {
  lake = startLake();
});

const COLUMNS = {
  id: { required: "int64" },
  small: "int32",
  flag: "boolean",
  ratio: "double",
  rough: "float",
  name: "string",
  blob: "bytes",
  day: "date",
  at: "timestamp",
  wall: { timestamp: "us", zone: false },
  price: { decimal: [9, 2] },
  huge: { decimal: [38, 10] },
  key: "uuid",
  note: "json",
  tags: { list: "string" },
  agent: { struct: { browser: "string", version: { required: "int32" } } },
  counts: { map: ["string", "int64"] },
} satisfies IcebergEmitterOptions["columns"];

async function written(rows: readonly Row[], options: Partial<IcebergEmitterOptions> = {}): Promise<void> {
  const emitter = await opened(
    icebergEmitter<Row>({
      catalog: lake.catalog,
      storage: lake.storage,
      table: "sales.orders",
      columns: COLUMNS,
      createTable: true,
      ...options,
    }),
  );
  expect(await deliver(emitter, batchOf(rows))).toEqual({ failed: [] });
}

/** The ids of columns, by their path. */
function idOf(path: string): number {
  const [schema] = lake.catalog.metadata().schemas;
  const [first = "", second] = path.split(".");
  const field = schema?.fields.find(({ name }) => name === first);
  if (second === undefined || typeof field?.type !== "object" || field.type.type !== "struct")
    return field?.id ?? -1;
  return field.type.fields.find(({ name }) => name === second)?.id ?? -1;
}

function onlyFile(): FileEntry {
  const files = lake.files();
  expect(files).toHaveLength(1);
  return files[0] as FileEntry;
}

function boundsOf(path: string, type: string): readonly unknown[] {
  const { lower, upper } = onlyFile();
  return [lower, upper].map((bounds) => {
    const bytes = bounds.get(idOf(path));
    return bytes === undefined ? undefined : valueOfBytes(bytes, type);
  });
}

const ROWS: readonly Row[] = [
  {
    id: 2n ** 62n,
    small: -5,
    flag: true,
    ratio: 0,
    rough: 0.1,
    name: "zebra",
    blob: Uint8Array.of(0, 255),
    day: "2026-11-29",
    at: "2026-11-29T12:00:00.000001+01:00",
    wall: "2026-11-29T12:00:00.5",
    price: "-12.50",
    huge: "1234567890123456789012345678.0123456789",
    key: "f79c3e09-677c-4bbd-a479-3f349cb785e7",
    note: { any: ["thing"] },
    tags: ["a", null, "b"],
    agent: { browser: "firefox", version: 3 },
    counts: { one: 1, two: 2n },
  },
  { id: 1, ratio: -1.5, name: "ängstlich", price: 3, agent: { version: 1 }, counts: new Map([["x", null]]) },
  { id: 3, tags: [], counts: {} },
];

describe("files of a table", () => {
  it("hold every type with the ids of its columns, and read back as they were written", async () => {
    await written(ROWS);
    const [first, second, third] = await lake.rows();
    expect(first).toMatchObject({
      id: 2n ** 62n,
      small: -5,
      flag: true,
      name: "zebra",
      blob: Uint8Array.of(0, 255),
      day: new Date("2026-11-29"),
      key: "f79c3e09-677c-4bbd-a479-3f349cb785e7",
      note: '{"any":["thing"]}',
      tags: ["a", null, "b"],
      agent: { browser: "firefox", version: 3 },
      counts: { one: 1n, two: 2n },
    });
    expect(second).toMatchObject({ name: "ängstlich", small: null, counts: { x: null } });
    expect(second?.["tags"] ?? "none").toBe("none");
    expect(third).toMatchObject({ id: 3n, tags: [] });
    expect(third?.["agent"] ?? "none").toBe("none");

    const file = lake.bytes(onlyFile().path);
    const { schema } = parquetMetadata(
      file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer,
    );
    const ids = schema.flatMap(({ field_id }) => field_id ?? []);
    // 17 columns, an element, two fields, a key and a value.
    expect(ids).toHaveLength(22);
    expect(new Set(ids).size).toBe(22);
    expect(schema.find(({ name }) => name === "wall")?.logical_type).toMatchObject({
      isAdjustedToUTC: false,
    });
    expect(schema.find(({ name }) => name === "at")?.logical_type).toMatchObject({ isAdjustedToUTC: true });
  });

  it("have counts and bounds in the table's metadata", async () => {
    await written(ROWS);
    const { rows, bytes, path, nulls, values, lower } = onlyFile();
    expect([rows, bytes]).toEqual([3, lake.bytes(path).length]);
    expect(values.get(idOf("id"))).toBe(3);
    expect([nulls.get(idOf("id")), nulls.get(idOf("small")), nulls.get(idOf("agent.browser"))]).toEqual([
      0, 2, 2,
    ]);
    expect(boundsOf("id", "long")).toEqual([1n, 2n ** 62n]);
    expect(boundsOf("small", "int")).toEqual([-5, -5]);
    expect(boundsOf("flag", "boolean")).toEqual([true, true]);
    expect(boundsOf("price", "decimal(9, 2)")).toEqual([-1250n, 300n]);
    expect(boundsOf("huge", "decimal(38, 10)")[0]).toBe(12345678901234567890123456780123456789n);
    expect(boundsOf("name", "string")).toEqual(["zebra", "ängstlich"]);
    expect(boundsOf("day", "date")).toEqual([20_786, 20_786]);
    expect(boundsOf("at", "timestamptz")[0]).toBe(1_795_950_000_000_001n);
    expect(boundsOf("wall", "timestamp")[0]).toBe(1_795_953_600_500_000n);
    expect(boundsOf("agent.version", "int")).toEqual([1, 3]);
    // Elements of lists and maps are not counted by rows, and readers order UUIDs in two ways.
    for (const [id] of lower) expect([idOf("tags"), idOf("counts"), idOf("key")]).not.toContain(id);
  });

  it("leave out the bounds of a column with NaN, and take both zeros into those of the others", async () => {
    await written([
      { id: 1, ratio: 5, rough: 0 },
      { id: 2, ratio: Number.NaN, rough: -0 },
    ]);
    const { nans, lower, upper } = onlyFile();
    expect([nans.get(idOf("ratio")), nans.get(idOf("rough")), nans.get(idOf("id"))]).toEqual([
      1,
      0,
      undefined,
    ]);
    expect([lower.has(idOf("ratio")), upper.has(idOf("ratio"))]).toEqual([false, false]);
    const [least, greatest] = boundsOf("rough", "float");
    expect([Object.is(least, -0), Object.is(greatest, 0)]).toEqual([true, true]);
  });

  it("cut bounds of texts and bytes off so that no value is outside of them", () => {
    const long = "a".repeat(20);
    expect(Buffer.from(lowerBound(long, "string")).toString()).toBe("a".repeat(16));
    expect(Buffer.from(upperBound(long, "string") ?? []).toString()).toBe(`${"a".repeat(15)}b`);
    const last = String.fromCodePoint(0x10ffff);
    expect(upperBound(last.repeat(20), "string")).toBeUndefined();
    expect(Buffer.from(upperBound(`x${last.repeat(20)}`, "string") ?? []).toString()).toBe("y");
    // The one after U+D7FF is no surrogate.
    expect(Buffer.from(upperBound("\ud7ff".repeat(17), "string") ?? []).toString()).toBe(
      `${"\ud7ff".repeat(15)}\ue000`,
    );
    expect(Buffer.from(lowerBound("😀".repeat(20), "string")).toString()).toBe("😀".repeat(16));
    const bytes = new Uint8Array(20).fill(0xff);
    expect(upperBound(bytes, "binary")).toBeUndefined();
    bytes[3] = 7;
    expect(upperBound(bytes, "binary")).toEqual(Uint8Array.of(255, 255, 255, 8));
    expect(upperBound(new Uint8Array(0), "binary")).toEqual(new Uint8Array(0));
  });

  it("are one for each partition, and say which", async () => {
    await written(
      [
        { id: 1, at: "2026-11-29T23:59:59.999999Z", name: "DE" },
        { id: 2, at: "2026-11-30T00:00:00Z", name: "DE" },
        { id: 3, at: "2026-11-29T00:00:00Z", name: "DE" },
        { id: 4 },
      ],
      {
        partitionBy: [
          { column: "at", transform: "day" },
          { column: "name", transform: "identity" },
          { column: "id", transform: "bucket[1]", name: "shard" },
        ],
      },
    );
    const files = lake.files().toSorted((left, right) => left.rows - right.rows);
    expect(files.map(({ rows, partition }) => [rows, partition])).toEqual([
      [1, { at_day: 20_787, name: "DE", shard: 0 }],
      [1, { at_day: null, name: null, shard: 0 }],
      [2, { at_day: 20_786, name: "DE", shard: 0 }],
    ]);
    const [manifest] = lake.manifests();
    expect(manifest?.partitions?.map(({ contains_null }) => contains_null)).toEqual([true, true, false]);
    expect(valueOfBytes(manifest?.partitions?.[0]?.lower_bound ?? Buffer.alloc(0), "date")).toBe(20_786);
    expect(valueOfBytes(manifest?.partitions?.[0]?.upper_bound ?? Buffer.alloc(0), "date")).toBe(20_787);
  });

  it("leave out a row whose truncated decimal the partition cannot hold", async () => {
    const columns = { id: "int32", rate: { decimal: [2, 0] } } as const;
    const emitter = await opened(
      icebergEmitter<Row>({
        catalog: lake.catalog,
        storage: lake.storage,
        table: "sales.orders",
        columns,
        createTable: true,
        partitionBy: [{ column: "rate", transform: "truncate[1000]" }],
      }),
    );
    const { failed } = await deliver(emitter, batchOf([{ id: 0, rate: "-99" }]));
    expect(failed.map(({ action, error }) => [action, error.message])).toEqual([
      [
        "dead-letter",
        expect.stringContaining("row.rate has a truncate[1000] of more digits than decimal(2, 0)"),
      ],
    ]);
  });

  it.each<[string, string, readonly unknown[]]>([
    [
      "UUIDs, which readers order in two ways",
      "key",
      ["f79c3e09-677c-4bbd-a479-3f349cb785e7", "079c3e09-677c-4bbd-a479-3f349cb785e7"],
    ],
    ["NaN, which readers order in two ways", "ratio", [1.5, Number.NaN]],
  ])("say nothing of the partitions of a manifest with %s", async (_what, column, values) => {
    await written(
      values.map((value, id) => ({ id, [column]: value })),
      { partitionBy: [{ column, transform: "identity" }] },
    );
    expect(lake.manifests().map(({ partitions }) => partitions)).toEqual([null]);
    expect(lake.files()).toHaveLength(2);
  });
});
