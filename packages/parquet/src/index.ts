export type { ParquetCompression } from "./compress.js";
export {
  type DeclaredColumns,
  type InferredColumns,
  parquet,
  type ParquetCommonOptions,
  type ParquetOptions,
  type SchemaEvolution,
} from "./parquet.js";
export type { ColumnType, ParquetSchema } from "./schema.js";
export type { TimestampUnit } from "./types.js";
