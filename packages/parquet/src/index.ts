export type { ParquetCompression } from "./files/compress.js";
export {
  type DeclaredColumns,
  type InferredColumns,
  parquet,
  type ParquetCommonOptions,
  type ParquetOptions,
  type SchemaEvolution,
} from "./parquet.js";
export type { ColumnType, ParquetSchema } from "./columns/schema.js";
export type { TimestampUnit } from "./columns/types.js";
