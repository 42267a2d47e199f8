export {
  bearer,
  type CatalogAuthorization,
  clientCredentials,
  type ClientCredentialsOptions,
  sigV4,
  type SigV4Options,
  type TokenSource,
} from "./catalog/authorization.js";
export {
  glueCatalog,
  type GlueCatalogOptions,
  s3TablesCatalog,
  type S3TablesCatalogOptions,
} from "./catalog/aws-catalogs.js";
export {
  type CatalogConnectionOptions,
  restCatalog,
  type RestCatalogOptions,
} from "./catalog/rest-catalog.js";
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
