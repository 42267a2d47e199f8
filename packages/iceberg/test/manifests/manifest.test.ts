import { describe, expect, it } from "vitest";
import type { TableMetadata } from "../../src/index.js";
import type { Value } from "../../src/columns/values.js";
import { type DataFile, partitionTexts } from "../../src/files/data-file.js";
import { decodeAvroFile } from "../../src/manifests/avro-file.js";
import { encodeManifest, type ManifestContext } from "../../src/manifests/manifest.js";
import { manifestContext } from "../../src/manifests/manifest-store.js";
import { mergedSummaries, summariesOf } from "../../src/manifests/partition-summaries.js";

/** A table that is partitioned by columns of these types. */
function contextOf(types: readonly string[]): ManifestContext {
  const metadata: TableMetadata = {
    "format-version": 2,
    "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
    location: "s3://lake/sales/orders",
    "last-updated-ms": 0,
    "last-column-id": types.length,
    schemas: [
      {
        type: "struct",
        "schema-id": 0,
        fields: types.map((type, nth) => ({ id: nth + 1, name: `c${nth}`, required: false, type })),
      },
    ],
    "current-schema-id": 0,
    "partition-specs": [
      {
        "spec-id": 0,
        fields: types.map((_type, nth) => ({
          "source-id": nth + 1,
          "field-id": 1000 + nth,
          name: `p${nth}`,
          transform: "identity",
        })),
      },
    ],
    "default-spec-id": 0,
  };
  return manifestContext(metadata, 0);
}

function fileOf(values: readonly (Value | null)[], { fields }: ManifestContext): DataFile {
  return {
    v: 1,
    path: "s3://lake/sales/orders/data/a.parquet",
    bytes: 1,
    rows: 1,
    tableUuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1",
    specId: 0,
    partition: partitionTexts(values, fields),
    splitOffsets: [4],
    columns: [],
  };
}

function partitionIn(manifest: Uint8Array): unknown {
  const [entry] = decodeAvroFile(manifest, "manifest").records;
  const file = entry?.["data_file"];
  const partition: unknown = typeof file === "object" && file !== null ? Reflect.get(file, "partition") : {};
  return typeof partition === "object" && partition !== null ? { ...partition } : undefined;
}

describe("a manifest", () => {
  it.each<[string, string, Value, Value]>([
    ["int", "long", -7, -7n],
    ["float", "double", -0.5, -0.5],
    ["decimal(9, 2)", "decimal(20, 2)", -7n, -7n],
  ])("holds files of a partition of type %s whose column has come to be %s", (type, wider, value, now) => {
    const file = fileOf([value], contextOf([type]));
    const context = contextOf([wider]);
    const own = fileOf([now], context);
    expect(encodeManifest([file], context)).toEqual(encodeManifest([own], context));
    const before = summariesOf([file], contextOf([type]).fields);
    expect(mergedSummaries([before, before], context.fields)).toEqual(summariesOf([own], context.fields));
  });

  it.each<[string, Value, Value]>([
    ["uuid", Buffer.alloc(16, 1), Buffer.alloc(16, 2)],
    ["fixed[3]", Buffer.alloc(3, 1), Buffer.alloc(3, 2)],
    ["decimal(9, 2)", -1n, 258n],
  ])("holds a table partitioned by several columns of type %s", (type, first, second) => {
    const context = contextOf([type, type, type]);
    const partition = partitionIn(encodeManifest([fileOf([first, second, null], context)], context));
    const stored = (value: Value): unknown =>
      typeof value === "bigint"
        ? Buffer.from(BigInt.asUintN(32, value).toString(16).padStart(8, "0"), "hex")
        : value;
    expect(partition).toEqual({ p0: stored(first), p1: stored(second), p2: null });
  });
});
