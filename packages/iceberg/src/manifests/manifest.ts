import type { PartitionSpec, SnapshotId, TableSchema } from "../catalog/metadata.js";
import { bytesOfBigint, type Value, valueOfBytes } from "../columns/values.js";
import type { DataFile } from "../files/data-file.js";
import type { PartitionField } from "../partitions/partition-fields.js";
import { type AvroSchema, decodeAvroFile, encodeAvroFile } from "./avro-file.js";

/** What all files of a manifest share. */
export interface ManifestContext {
  readonly schema: TableSchema;
  readonly spec: PartitionSpec;
  readonly fields: readonly PartitionField[];
}

/** Of an entry (table spec, "Manifest entry fields"). */
const EXISTING = 0;
const ADDED = 1;
const DELETED = 2;

const required = (id: number, name: string, type: unknown) => ({ name, type, "field-id": id });
const optional = (id: number, name: string, type: unknown) => ({
  name,
  type: ["null", type],
  default: null,
  "field-id": id,
});

/** A map whose keys are no texts, as Avro has it. */
const mapOf = (id: number, name: string, keyId: number, valueId: number, values: string) =>
  optional(id, name, {
    type: "array",
    logicalType: "map",
    items: {
      type: "record",
      name: `k${keyId}_v${valueId}`,
      fields: [required(keyId, "key", "int"), required(valueId, "value", values)],
    },
  });

function manifestSchema(fields: readonly PartitionField[]): AvroSchema {
  const partition = {
    type: "record",
    name: "r102",
    fields: distinctlyNamed(fields.map(({ type }) => avroTypeOf(type))).map((type, nth) =>
      optional(fields[nth]?.id ?? 0, avroName(fields[nth]?.name ?? ""), type),
    ),
  };
  const schema = {
    type: "record",
    name: "manifest_entry",
    fields: [
      required(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      required(2, "data_file", {
        type: "record",
        name: "r2",
        fields: [
          required(134, "content", "int"),
          required(100, "file_path", "string"),
          required(101, "file_format", "string"),
          required(102, "partition", partition),
          required(103, "record_count", "long"),
          required(104, "file_size_in_bytes", "long"),
          mapOf(108, "column_sizes", 117, 118, "long"),
          mapOf(109, "value_counts", 119, 120, "long"),
          mapOf(110, "null_value_counts", 121, 122, "long"),
          mapOf(137, "nan_value_counts", 138, 139, "long"),
          mapOf(125, "lower_bounds", 126, 127, "bytes"),
          mapOf(128, "upper_bounds", 129, 130, "bytes"),
          optional(131, "key_metadata", "bytes"),
          optional(132, "split_offsets", { type: "array", items: "long", "element-id": 133 }),
          optional(140, "sort_order_id", "int"),
        ],
      }),
    ],
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- avsc's types know none of Iceberg's attributes
  return schema as unknown as AvroSchema;
}

/** A name as Avro takes it, made as Java makes it (`AvroSchemaUtil.makeCompatibleName`). */
function avroName(name: string): string {
  const made = Array.from(name, (character) =>
    /[A-Za-z0-9_]/.test(character)
      ? character
      : `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  ).join("");
  return /^\d/.test(made) ? `_${made}` : made;
}

/**
 * Avro takes a name once (Avro specification, "Names"), and not every reader follows a type by its name alone: of several fields of a named type each
 * but the first has a name of its own.
 */
function distinctlyNamed(types: readonly AvroType[]): readonly AvroType[] {
  const taken = new Set<string>();
  return types.map((type, nth) => {
    if (typeof type === "string" || type.name === undefined) return type;
    const name = taken.has(type.name) ? `${type.name}_p${nth}` : type.name;
    taken.add(name);
    return { ...type, name };
  });
}

type AvroType =
  | string
  | { readonly type: string; readonly name?: string; readonly [attribute: string]: unknown };

/** Types of partition values (table spec, appendix A "Avro"). */
function avroTypeOf(type: string): AvroType {
  if (type === "date") return { type: "int", logicalType: "date" };
  if (type === "timestamp" || type === "timestamptz")
    return { type: "long", logicalType: "timestamp-micros", "adjust-to-utc": type === "timestamptz" };
  if (type === "time") return { type: "long", logicalType: "time-micros" };
  if (type === "uuid") return { type: "fixed", name: "uuid_fixed", size: 16, logicalType: "uuid" };
  if (type === "binary") return "bytes";
  const decimal = decimalOf(type);
  if (decimal !== undefined) {
    const { precision, scale, size } = decimal;
    return {
      type: "fixed",
      name: `decimal_${precision}_${scale}`,
      size,
      logicalType: "decimal",
      precision,
      scale,
    };
  }
  const [, length] = /^fixed\[(\d+)\]$/.exec(type) ?? [];
  return length === undefined ? type : { type: "fixed", name: `fixed_${length}`, size: Number(length) };
}

function decimalOf(
  type: string,
): { readonly precision: number; readonly scale: number; readonly size: number } | undefined {
  const [, digits, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  if (digits === undefined) return undefined;
  const precision = Number(digits);
  return { precision, scale: Number(scale), size: bytesOfBigint(10n ** BigInt(precision) - 1n).length };
}

function avroValueOf(value: Value | null, type: string): unknown {
  if (value === null) return null;
  const decimal = decimalOf(type);
  if (decimal !== undefined && typeof value === "bigint") {
    const short = bytesOfBigint(value);
    const filled = Buffer.alloc(decimal.size, value < 0n ? 0xff : 0);
    filled.set(short, decimal.size - short.length);
    return filled;
  }
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** The manifest of files that a commit adds. It says neither snapshot nor sequence number: those come from the list, so that it fits any try. */
export function encodeManifest(files: readonly DataFile[], context: ManifestContext): Buffer {
  const { fields } = context;
  const names = fields.map(({ name }) => avroName(name));
  const entries = files.map((file) => ({
    status: ADDED,
    snapshot_id: null,
    sequence_number: null,
    file_sequence_number: null,
    data_file: {
      content: 0,
      file_path: file.path,
      file_format: "PARQUET",
      partition: Object.fromEntries(
        fields.map(({ type }, nth) => {
          const text = file.partition[nth] ?? null;
          const value = text === null ? null : valueOfBytes(Buffer.from(text, "base64"), type);
          return [names[nth] ?? "", avroValueOf(value, type)];
        }),
      ),
      record_count: file.rows,
      file_size_in_bytes: file.bytes,
      column_sizes: file.columns.map(({ id, bytes }) => ({ key: id, value: bytes })),
      value_counts: counted(file, ({ values }) => values),
      null_value_counts: counted(file, ({ nulls }) => nulls),
      nan_value_counts: counted(file, ({ nans }) => nans),
      lower_bounds: counted(file, ({ lower }) => bytesOf(lower)),
      upper_bounds: counted(file, ({ upper }) => bytesOf(upper)),
      key_metadata: null,
      split_offsets: [...file.splitOffsets],
      sort_order_id: 0,
    },
  }));
  return encode(entries, context);
}

function counted<Item>(
  { columns }: DataFile,
  of: (column: DataFile["columns"][number]) => Item | undefined,
): readonly { readonly key: number; readonly value: Item }[] {
  return columns.flatMap((column) => {
    const value = of(column);
    return value === undefined ? [] : [{ key: column.id, value }];
  });
}

/** An empty text is a bound as well. */
function bytesOf(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, "base64");
}

function encode(entries: readonly object[], { schema, spec, fields }: ManifestContext): Buffer {
  return encodeAvroFile(manifestSchema(fields), entries, {
    schema: JSON.stringify(schema),
    "schema-id": String(schema["schema-id"] ?? 0),
    "partition-spec": JSON.stringify(spec.fields),
    "partition-spec-id": String(spec["spec-id"] ?? 0),
    "format-version": "2",
    content: "data",
  });
}

/** A manifest of ours with what its line in the list says of it. */
export interface OwnManifest {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: number;
}

/** A manifest in the place of several. */
export interface MergedManifest {
  readonly bytes: Buffer;
  readonly fileCount: number;
  readonly rowCount: number;
  readonly minSequenceNumber: number;
}

/** One manifest of all files of several ones of the same spec. Each file keeps the snapshot and the sequence number that it came with. */
export function mergeManifests(manifests: readonly OwnManifest[], context: ManifestContext): MergedManifest {
  let rowCount = 0;
  let minSequenceNumber = Number.POSITIVE_INFINITY;
  const entries = manifests.flatMap(({ bytes, name, snapshotId, sequenceNumber }) =>
    decodeAvroFile(bytes, name).records.flatMap((entry) => {
      if (entry["status"] === DELETED) return [];
      const file = entry["data_file"];
      const sequence = Number(entry["sequence_number"] ?? sequenceNumber);
      rowCount += typeof file === "object" && file !== null ? Number(Reflect.get(file, "record_count")) : 0;
      minSequenceNumber = Math.min(minSequenceNumber, sequence);
      widenDecimals(file, context.fields);
      return [
        {
          status: EXISTING,
          snapshot_id: entry["snapshot_id"] ?? snapshotId,
          sequence_number: sequence,
          file_sequence_number: entry["file_sequence_number"] ?? sequenceNumber,
          data_file: file,
        },
      ];
    }),
  );
  return { bytes: encode(entries, context), fileCount: entries.length, rowCount, minSequenceNumber };
}

/** A decimal takes the bytes that its digits need, and a column may have come to have more of them since. */
function widenDecimals(file: unknown, fields: readonly PartitionField[]): void {
  const partition: unknown =
    typeof file === "object" && file !== null ? Reflect.get(file, "partition") : undefined;
  if (typeof partition !== "object" || partition === null) return;
  for (const { name, type } of fields) {
    const value: unknown = Reflect.get(partition, avroName(name));
    const decimal = value instanceof Uint8Array ? decimalOf(type) : undefined;
    if (decimal === undefined || !(value instanceof Uint8Array) || value.length === decimal.size) continue;
    Reflect.set(partition, avroName(name), avroValueOf(valueOfBytes(value, type), type));
  }
}
