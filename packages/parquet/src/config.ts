import type { ObjectFormat } from "@kinesis-connectors/s3";
import { type JsonSchema, readSchema, type Resolved } from "@kinesis-connectors/core/config";
import { type DeclaredColumns, type InferredColumns, parquet, type ParquetCommonOptions } from "./parquet.js";

/** `type: parquet` as the format of objects, with declared columns. */
export interface DeclaredParquetConfig
  extends ParquetCommonOptions, Pick<DeclaredColumns, "schema" | "evolution" | "unknownFields"> {
  readonly type: string;
}

/** `type: parquet` as the format of objects, with columns that are found in the rows. */
export interface InferredParquetConfig
  extends
    ParquetCommonOptions,
    Pick<InferredColumns<Readonly<Record<string, unknown>>>, "infer" | "evolution"> {
  readonly type: string;
}

/** `type: parquet` as the format of objects: the options of `parquet`. */
export type ParquetConfig = DeclaredParquetConfig | InferredParquetConfig;

/** Describes `ParquetConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The format of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function create(config: Resolved<ParquetConfig>): ObjectFormat<Readonly<Record<string, unknown>>> {
  const { type: _type, ...options } = config;
  return parquet<Readonly<Record<string, unknown>>>(options);
}
