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
  readonly snapshots?: readonly Snapshot[] | null;
  readonly refs?: Readonly<Record<string, SnapshotRef>>;
}

/**
 * A long: a number where that has the same value, a bigint past 2^53, as `exactNumberOf` of core makes them, so that `===` compares them. Other writers'
 * snapshot ids are random and fill all 63 bits; rounded, they would name another snapshot.
 */
export type SnapshotId = number | bigint;

/** A state of the table, of which its files are listed (Iceberg table spec, "Snapshots"). */
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

/** A branch or a tag: a name for a snapshot, and how long it is kept (Iceberg table spec, "Snapshot References"). */
export interface SnapshotRef {
  readonly "snapshot-id": SnapshotId;
  readonly type: "branch" | "tag";
  /** How long a branch keeps its snapshots, where it says so itself. */
  readonly "min-snapshots-to-keep"?: number;
  readonly "max-snapshot-age-ms"?: number;
  readonly "max-ref-age-ms"?: number;
}

/** The columns of a table, by a number of their own each (Iceberg table spec, "Schemas and Data Types"). */
export interface TableSchema extends StructFieldType {
  readonly "schema-id"?: number;
  readonly "identifier-field-ids"?: readonly number[];
}

/** The type of a column as JSON has it: `long`, `decimal(9,2)`, `fixed[16]`, or a nested one (Iceberg table spec, "Schemas and Data Types"). */
export type FieldType = string | StructFieldType | ListFieldType | MapFieldType;

/** A column of named fields (Iceberg table spec, "Nested Types"). */
export interface StructFieldType {
  readonly type: "struct";
  readonly fields: readonly SchemaField[];
}

/** A column, or a field of one. Its id stays when it is renamed (Iceberg table spec, "Schema Evolution"). */
export interface SchemaField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: FieldType;
  readonly doc?: string;
}

/** A column of lists (Iceberg table spec, "Nested Types"). */
export interface ListFieldType {
  readonly type: "list";
  readonly "element-id": number;
  readonly "element-required": boolean;
  readonly element: FieldType;
}

/** A column of maps (Iceberg table spec, "Nested Types"). */
export interface MapFieldType {
  readonly type: "map";
  readonly "key-id": number;
  readonly key: FieldType;
  readonly "value-id": number;
  readonly "value-required": boolean;
  readonly value: FieldType;
}

/** How rows are parted into files (Iceberg table spec, "Partitioning"). */
export interface PartitionSpec {
  readonly "spec-id"?: number;
  readonly fields: readonly PartitionSpecField[];
}

/** One column to part by, and its transform (Iceberg table spec, "Partition Transforms"). */
export interface PartitionSpecField {
  readonly "source-id": number;
  /** Absent only in what is sent to create a table. */
  readonly "field-id"?: number;
  readonly name: string;
  /** `identity`, `year`, `month`, `day`, `hour`, `bucket[N]`, `truncate[W]` or `void`. */
  readonly transform: string;
}
