export type {
  Catalog,
  CatalogContext,
  CommitAnswer,
  CreateTableRequest,
  LoadedTable,
  TableCommit,
  TableIdentifier,
  TableRequirement,
  TableUpdate,
} from "./catalog/catalog.js";
export type {
  FieldType,
  ListFieldType,
  MapFieldType,
  PartitionSpec,
  PartitionSpecField,
  SchemaField,
  Snapshot,
  SnapshotId,
  SnapshotRef,
  StructFieldType,
  TableMetadata,
  TableSchema,
} from "./catalog/metadata.js";
export { icebergEmitter, type IcebergEmitterOptions, type IcebergPlan } from "./iceberg-emitter.js";
export type { IcebergFileOptions, IcebergTableOptions, PartitionBy } from "./options.js";
export { icebergFileEmitter, type IcebergFileEmitterOptions } from "./file-emitter.js";
export { icebergManifestEmitter, type IcebergManifestEmitterOptions } from "./manifest-emitter.js";
