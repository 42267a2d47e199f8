/**
 * The parts of a table's metadata that an append needs, as the JSON of the format has them (Iceberg table spec, "Table Metadata and Snapshots",
 * appendix C). A catalog may send more; what is not named here is left alone.
 */
export interface TableMetadata {
  readonly "format-version": number;
  readonly "table-uuid": string;
  /** `s3://bucket/path`, without a slash at its end where the catalog sends none. */
  readonly location: string;
  readonly "last-sequence-number"?: number;
  readonly "last-updated-ms": number;
  readonly "last-column-id": number;
  readonly schemas: readonly TableSchema[];
  readonly "current-schema-id": number;
  readonly "partition-specs": readonly PartitionSpec[];
  readonly "default-spec-id": number;
  readonly "last-partition-id"?: number;
  readonly properties?: Readonly<Record<string, string>>;
  /** Absent, null or -1 for a table without a snapshot. */
  readonly "current-snapshot-id"?: SnapshotId | null;
  readonly snapshots?: readonly Snapshot[];
  readonly refs?: Readonly<Record<string, SnapshotRef>>;
}

/**
 * A long: a number where that has the same value, a bigint past 2^53, as `exactNumberOf` of core makes them, so that `===` compares them. Other writers'
 * snapshot ids are random and fill all 63 bits; rounded, they would name another snapshot.
 */
export type SnapshotId = number | bigint;

export interface Snapshot {
  readonly "snapshot-id": SnapshotId;
  readonly "parent-snapshot-id"?: SnapshotId | null;
  readonly "sequence-number": number;
  readonly "timestamp-ms": number;
  /** Where the manifest list is. */
  readonly "manifest-list": string;
  readonly summary?: Readonly<Record<string, string>> & { readonly operation: string };
  readonly "schema-id"?: number;
}

export interface SnapshotRef {
  readonly "snapshot-id": SnapshotId;
  readonly type: "branch" | "tag";
  /** How long a branch keeps its snapshots, where it says so itself. */
  readonly "min-snapshots-to-keep"?: number;
  readonly "max-snapshot-age-ms"?: number;
  readonly "max-ref-age-ms"?: number;
}

export interface TableSchema extends StructFieldType {
  readonly "schema-id"?: number;
  readonly "identifier-field-ids"?: readonly number[];
}

/** The type of a column as JSON has it: `long`, `decimal(9,2)`, `fixed[16]`, or a nested one (Iceberg table spec, "Schemas and Data Types"). */
export type FieldType = string | StructFieldType | ListFieldType | MapFieldType;

export interface StructFieldType {
  readonly type: "struct";
  readonly fields: readonly SchemaField[];
}

export interface SchemaField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: FieldType;
  readonly doc?: string;
}

export interface ListFieldType {
  readonly type: "list";
  readonly "element-id": number;
  readonly "element-required": boolean;
  readonly element: FieldType;
}

export interface MapFieldType {
  readonly type: "map";
  readonly "key-id": number;
  readonly key: FieldType;
  readonly "value-id": number;
  readonly "value-required": boolean;
  readonly value: FieldType;
}

export interface PartitionSpec {
  readonly "spec-id"?: number;
  readonly fields: readonly PartitionSpecField[];
}

export interface PartitionSpecField {
  readonly "source-id": number;
  /** Absent only in what is sent to create a table. */
  readonly "field-id"?: number;
  readonly name: string;
  /** `identity`, `year`, `month`, `day`, `hour`, `bucket[N]`, `truncate[W]` or `void`. */
  readonly transform: string;
}
