import type { SnapshotId } from "../catalog/metadata.js";
import { type AvroSchema, decodeAvroFile, encodeAvroFile } from "./avro-file.js";

/** A line of a manifest list: what a reader knows of a manifest before it opens it (Iceberg table spec, "Manifest Lists"). */
export interface ManifestEntry {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  /** 0: data files; 1: delete files. */
  readonly content: number;
  readonly sequence_number: number;
  readonly min_sequence_number: number;
  readonly added_snapshot_id: SnapshotId;
  readonly added_files_count: number;
  readonly existing_files_count: number;
  readonly deleted_files_count: number;
  readonly added_rows_count: number;
  readonly existing_rows_count: number;
  readonly deleted_rows_count: number;
  readonly partitions: readonly PartitionSummary[] | null;
  readonly key_metadata: Buffer | null;
}

export interface PartitionSummary {
  readonly contains_null: boolean;
  readonly contains_nan: boolean | null;
  readonly lower_bound: Buffer | null;
  readonly upper_bound: Buffer | null;
}

const required = (id: number, name: string, type: string) => ({ name, type, "field-id": id });
const optional = (id: number, name: string, type: unknown) => ({
  name,
  type: ["null", type],
  default: null,
  "field-id": id,
});

const SCHEMA: AvroSchema = {
  type: "record",
  name: "manifest_file",
  fields: [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    optional(507, "partitions", {
      type: "array",
      "element-id": 508,
      items: {
        type: "record",
        name: "r508",
        fields: [
          required(509, "contains_null", "boolean"),
          optional(518, "contains_nan", "boolean"),
          optional(510, "lower_bound", "bytes"),
          optional(511, "upper_bound", "bytes"),
        ],
      },
    }),
    optional(519, "key_metadata", "bytes"),
  ],
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- avsc's types know none of Iceberg's attributes
} as unknown as AvroSchema;

/** In the place of a count that the list does not have: zero would have readers pass over the manifest. */
export const NOT_COUNTED = -1;

/** What another writer may leave out, and what it means then (same section: "optional" and "default" columns). */
const LEFT_OUT: Partial<ManifestEntry> = {
  content: 0,
  sequence_number: 0,
  min_sequence_number: 0,
  added_files_count: NOT_COUNTED,
  existing_files_count: NOT_COUNTED,
  deleted_files_count: NOT_COUNTED,
  added_rows_count: NOT_COUNTED,
  existing_rows_count: NOT_COUNTED,
  deleted_rows_count: NOT_COUNTED,
  partitions: null,
  key_metadata: null,
};

const NAME_OF: ReadonlyMap<number, keyof ManifestEntry> = new Map([
  [500, "manifest_path"],
  [501, "manifest_length"],
  [502, "partition_spec_id"],
  [517, "content"],
  [515, "sequence_number"],
  [516, "min_sequence_number"],
  [503, "added_snapshot_id"],
  [504, "added_files_count"],
  [505, "existing_files_count"],
  [506, "deleted_files_count"],
  [512, "added_rows_count"],
  [513, "existing_rows_count"],
  [514, "deleted_rows_count"],
  [507, "partitions"],
  [519, "key_metadata"],
]);

/** The list of a new snapshot. */
export function encodeManifestList(
  entries: readonly ManifestEntry[],
  snapshot: {
    readonly id: SnapshotId;
    readonly parentId: SnapshotId | null;
    readonly sequenceNumber: number;
  },
): Buffer {
  return encodeAvroFile(SCHEMA, entries, {
    "snapshot-id": String(snapshot.id),
    "parent-snapshot-id": String(snapshot.parentId),
    "sequence-number": String(snapshot.sequenceNumber),
    "format-version": "2",
  });
}

/**
 * The list of a snapshot, whoever wrote it: names differ between writers and versions (`added_data_files_count`), ids do not.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for what cannot be read
 */
export function decodeManifestList(bytes: Uint8Array, name: string): readonly ManifestEntry[] {
  const { schema, records } = decodeAvroFile(bytes, name);
  const names = namesById(schema);
  return records.map((record) => {
    const entry: Record<string, unknown> = Object.assign({}, LEFT_OUT);
    for (const [theirs, ours] of names) {
      const value = record[theirs];
      if (value !== null && value !== undefined) entry[ours] = value;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by the schema of the file, field by field
    return entry as unknown as ManifestEntry;
  });
}

function namesById(schema: AvroSchema): ReadonlyMap<string, keyof ManifestEntry> {
  const fields: unknown = Reflect.get(schema, "fields");
  const names = new Map<string, keyof ManifestEntry>();
  for (const field of Array.isArray(fields) ? (fields as readonly Readonly<Record<string, unknown>>[]) : []) {
    const name = NAME_OF.get(Number(field["field-id"]));
    if (name !== undefined) names.set(String(field["name"]), name);
  }
  return names;
}
