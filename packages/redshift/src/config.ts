import type { AwsConnectionConfig } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import { type JsonSchema, readSchema, type Resolved } from "@kinesis-connectors/core/config";
import type { S3ObjectConfig } from "@kinesis-connectors/s3/config";
import {
  csv,
  delimited,
  jsonAuto,
  type JsonAutoOptions,
  jsonPaths,
  type RedshiftFormat,
} from "./formats/formats.js";
import { redshiftManifestEmitter, type RedshiftManifestEmitterOptions } from "./manifest-emitter.js";
import { redshiftEmitter, type RedshiftEmitterOptions, type RedshiftPlan } from "./redshift-emitter.js";
import type { RedshiftTargetOptions } from "./settings.js";
import type { Delimiter } from "./sql/copy.js";

/** One JSON document per row, each field in the column of its name. */
export interface JsonAutoConfig extends JsonAutoOptions {
  readonly type: "jsonAuto";
}

/** One JSON document per row, mapped to columns by a JSONPaths file. */
export interface JsonPathsConfig {
  readonly type: "jsonPaths";
  /** The file, `s3://bucket/key`; the role of COPY must be allowed to read it. */
  readonly url: string;
}

/** One line per row, values in the order of `columns`. */
export interface DelimitedConfig {
  readonly type: "delimited";
  /** Default `|`. */
  readonly delimiter?: Delimiter;
}

/** Comma-separated values in the order of `columns`. */
export interface CsvConfig {
  readonly type: "csv";
}

/** The format in which rows are staged and COPY reads them. */
export type RedshiftFormatConfig = JsonAutoConfig | JsonPathsConfig | DelimitedConfig | CsvConfig;

/** Options of the target table and the connection to it. */
export interface RedshiftTargetConfig
  extends
    AwsConnectionConfig,
    Pick<
      RedshiftTargetOptions,
      | "cluster"
      | "workgroup"
      | "database"
      | "dbUser"
      | "secretArn"
      | "table"
      | "columns"
      | "identityColumns"
      | "ledgerTable"
      | "iamRole"
      | "bucketRegion"
      | "statementTimeoutMs"
    >,
    Pick<RedshiftEmitterOptions<unknown>, "compression"> {
  readonly type: string;
  /** The bucket and prefix of the files on their way: options of objects in S3. They stay there: give the prefix a lifecycle rule. */
  readonly staging: S3ObjectConfig;
  /** The format in which rows are staged and COPY reads them. */
  readonly format: RedshiftFormatConfig;
}

/** Loads the outputs as rows: `redshiftEmitter`. */
export interface RedshiftRowsConfig
  extends RedshiftTargetConfig, Pick<RedshiftEmitterOptions<unknown>, "maxObjectBytes" | "mergeKeys"> {
  /** The outputs are rows (default), or names of objects that hold rows. */
  readonly loads?: "rows";
}

/** Loads the objects whose URLs the outputs are: `redshiftManifestEmitter`, the second stage behind s3 with `announce`. */
export interface RedshiftObjectsConfig
  extends RedshiftTargetConfig, Pick<RedshiftManifestEmitterOptions, "buckets"> {
  /** The outputs are rows (default), or names of objects that hold rows. */
  readonly loads: "objects";
}

/** `type: redshift`: the options of `redshiftEmitter`, or with `loads: objects` those of `redshiftManifestEmitter`. */
export type RedshiftConfig = RedshiftRowsConfig | RedshiftObjectsConfig;

/** Describes `RedshiftConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function create(config: Resolved<RedshiftConfig>): Emitter<object, RedshiftPlan> | Emitter<string> {
  if (config.loads === "objects") {
    const { type: _type, loads: _loads, format, ...options } = config;
    return redshiftManifestEmitter({ ...options, format: formatOf(format) });
  }
  const { type: _type, loads: _loads, format, ...options } = config;
  return redshiftEmitter<object>({ ...options, format: formatOf(format) });
}

function formatOf(format: Resolved<RedshiftFormatConfig>): RedshiftFormat<object> {
  switch (format.type) {
    case "jsonAuto":
      return jsonAuto(format.ignoreCase === undefined ? {} : { ignoreCase: format.ignoreCase });
    case "jsonPaths":
      return jsonPaths(format.url);
    case "delimited":
      return delimited(format.delimiter);
    default:
      return csv();
  }
}
