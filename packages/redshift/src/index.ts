export type { DataApiConnectionOptions } from "./connection.js";
export type { CopyFormat, Delimiter } from "./sql/copy.js";
export {
  csv,
  delimited,
  jsonAuto,
  type JsonAutoOptions,
  jsonPaths,
  type RedshiftFormat,
  type RowContext,
} from "./formats/formats.js";
export { redshiftManifestEmitter, type RedshiftManifestEmitterOptions } from "./manifest-emitter.js";
export { redshiftEmitter, type RedshiftEmitterOptions, type RedshiftPlan } from "./redshift-emitter.js";
export { s3ManifestEmitter, type S3ManifestEmitterOptions } from "./s3-manifest-emitter.js";
export { type ColumnDefinition, ledgerSchema, tableSchema, type TableSchemaOptions } from "./schema.js";
export type { RedshiftTargetOptions, StagingOptions } from "./settings.js";
