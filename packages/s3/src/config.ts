import type { AwsConnectionConfig } from "@kinesis-connectors/aws";
import type { Batch, DeadLetterEmitter, Emitter, KinesisRecord } from "@kinesis-connectors/core";
import {
  type ConfigContext,
  type FieldPath,
  fieldReader,
  type JsonSchema,
  type ModuleFunction,
  readSchema,
  type Resolved,
} from "@kinesis-connectors/core/config";
import type { Compression } from "./compression/compression.js";
import { gzip } from "./compression/gzip.js";
import { none } from "./compression/none.js";
import { zstd } from "./compression/zstd.js";
import { s3DeadLetters } from "./dead-letters/s3-dead-letters.js";
import { delimited, type DelimitedStyle } from "./formats/delimited.js";
import type { Format } from "./formats/format.js";
import { ndjson, raw, type RawOptions } from "./formats/formats.js";
import { lengthPrefixed } from "./formats/length-prefixed.js";
import { records } from "./formats/records.js";
import type { S3EmitterOptions, S3ObjectOptions } from "./options.js";
import type { PointInTime } from "./partitions/event-time.js";
import type { PartitionValues } from "./partitions/partition-path.js";
import { timePartition, type TimePartitionOptions } from "./partitions/time-partition.js";
import type { S3Plan } from "./requests.js";
import { s3Emitter } from "./s3-emitter.js";

/** `none`, `gzip`, or `zstd`, at its own level or at one that is given. */
export type CompressionConfig = "none" | "gzip" | "zstd" | LeveledCompression;

/** A compression with its level. */
export interface LeveledCompression {
  readonly type: "gzip" | "zstd";
  /** Of `gzip`, 1 (fast, default) to 9 (small). Of `zstd`, 1 to 19, default 3. */
  readonly level?: number;
}

/** One JSON document per line. */
export interface NdjsonConfig {
  readonly type: "ndjson";
}

/** Bytes as they are, with a separator after each record. */
export interface RawConfig extends RawOptions {
  readonly type: "raw";
}

/** Each record behind its length in four bytes. */
export interface LengthPrefixedConfig {
  readonly type: "lengthPrefixed";
}

/** The records themselves, with their positions, to be replayed from. */
export interface RecordsConfig {
  readonly type: "records";
}

/** One line per output: CSV, TSV and their like. */
export interface DelimitedConfig extends DelimitedStyle {
  readonly type: "delimited";
  /** The fields that become columns, in the order of the lines. */
  readonly columns: readonly string[];
}

/** A format of this package; or the `type` names another package, such as `parquet`, with options of its own. */
export type FormatConfig = NdjsonConfig | RawConfig | LengthPrefixedConfig | RecordsConfig | DelimitedConfig;

/** A folder by a field of the output. */
export interface FieldFolder {
  /** Name of the folder. */
  readonly name: string;
  /** The field whose value it has. */
  readonly path: FieldPath;
  /** The value where the field is missing or null. Default: such a record is a dead letter. */
  readonly missing?: string;
}

/** Folders by time. */
export interface TimeFolders {
  /** Which time, and how its folders are named. */
  readonly time: TimeFoldersOptions;
}

/** Options of folders by time. */
export interface TimeFoldersOptions extends Pick<
  TimePartitionOptions<unknown, { readonly [name: string]: string }>,
  "epochUnit" | "zone" | "pattern" | "maxLateMs" | "maxAheadMs" | "onOutside"
> {
  /** The field that holds the time. Default: when the stream received the record. */
  readonly by?: FieldPath;
}

/** A folder, or several by time. */
export type FolderConfig = FieldFolder | TimeFolders;

/** Options of the objects of a bucket, in a configuration file. */
export interface S3ObjectConfig
  extends
    AwsConnectionConfig,
    Pick<
      S3ObjectOptions,
      | "bucket"
      | "prefix"
      | "forcePathStyle"
      | "conditionalWrites"
      | "serverSideEncryption"
      | "sseKmsKeyId"
      | "bucketKeyEnabled"
      | "storageClass"
      | "tags"
      | "acl"
      | "requestPayer"
      | "expectedBucketOwner"
      | "metadata"
      | "multipartAboveBytes"
      | "partBytes"
      | "partConcurrency"
      | "objectConcurrency"
      | "spoolDir"
    > {}

/** `type: s3`, as an emitter: the options of `s3Emitter`. */
export interface S3Config
  extends
    S3ObjectConfig,
    Pick<
      S3EmitterOptions<unknown>,
      | "partitionStyle"
      | "maxPartitions"
      | "onPartitionFlood"
      | "targetObjectBytes"
      | "minObjectBytes"
      | "maxAgeMs"
    > {
  readonly type: string;
  /** Default: no compression. */
  readonly compression?: CompressionConfig;
  /**
   * The format of objects.
   * @part format
   */
  readonly format: FormatConfig;
  /**
   * The folders of an output's object, outermost first, or a module's function of output and record. Default: no folders, one object per batch. Fields are
   * those of the output, which must be an object then.
   */
  readonly partition?: readonly FolderConfig[] | ModuleFunction;
  /** A module's function of the batch that names an object, between prefix and extension: see the option `key` of `s3Emitter`. */
  readonly key?: ModuleFunction;
}

/** `type: s3`, as dead letters: the options of `s3DeadLetters`. */
export interface S3DeadLettersConfig extends S3ObjectConfig {
  readonly type: string;
  /** Default: no compression. */
  readonly compression?: CompressionConfig;
}

const SCHEMA = new URL("../config.schema.json", import.meta.url);

/** Describes `S3Config`. */
export const schema: JsonSchema = readSchema(SCHEMA);

/** Describes `S3DeadLettersConfig`. */
export const deadLettersSchema: JsonSchema = readSchema(SCHEMA, "S3DeadLettersConfig");

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<S3Config>,
  context: ConfigContext,
): Promise<Emitter<unknown, S3Plan>> {
  const { type: _type, format, compression, partition, key, ...options } = config;
  return s3Emitter<unknown>({
    ...options,
    format: await formatOf(format, context),
    ...compressionOf(compression),
    ...(partition === undefined ? {} : { partition: await partitionOf(partition, context) }),
    ...(key === undefined ? {} : { key: await context.functionOf<(batch: Batch<unknown>) => string>(key) }),
  });
}

/**
 * The dead letters of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function deadLetters(config: Resolved<S3DeadLettersConfig>): DeadLetterEmitter<S3Plan> {
  const { type: _type, compression, ...options } = config;
  return s3DeadLetters({ ...options, ...compressionOf(compression) });
}

/** What `announce` tells of a batch that is written: the URLs of its objects, `s3://bucket/key`. */
export function notifications({ bucket }: Pick<S3Config, "bucket">): (plan: S3Plan) => readonly string[] {
  return ({ places }) => places.map(({ key }) => `s3://${bucket}/${key}`);
}

function formatOf(
  format: Resolved<FormatConfig>,
  context: ConfigContext,
): Format<unknown> | Promise<Format<unknown>> {
  switch (format.type) {
    case "ndjson":
      return ndjson();
    case "lengthPrefixed":
      return anything(lengthPrefixed());
    case "records":
      return records();
    case "raw": {
      const { type: _type, ...options } = format;
      return anything(raw(options));
    }
    case "delimited": {
      const { type: _type, ...options } = format;
      return anything(delimited<Readonly<Record<string, unknown>>>(options));
    }
    default:
      return context.part<Format<unknown>>(format);
  }
}

/** A format refuses by name what it cannot write: in a file nothing says what the outputs are. */
function anything<Output>(format: Format<Output>): Format<unknown> {
  return format as Format<unknown>;
}

function compressionOf(compression: Resolved<CompressionConfig> | undefined): {
  readonly compression?: Compression;
} {
  if (compression === undefined) return {};
  const { type, level } =
    typeof compression === "string" ? { type: compression, level: undefined } : compression;
  return { compression: type === "none" ? none() : type === "gzip" ? gzip(level) : zstd(level) };
}

type Partition = (output: unknown, record: KinesisRecord) => PartitionValues;

async function partitionOf(
  partition: Resolved<NonNullable<S3Config["partition"]>>,
  context: ConfigContext,
): Promise<Partition> {
  if ("module" in partition) return context.functionOf<Partition>(partition);
  const folders = partition.map((folder, index) => foldersOf(`partition.${index}`, folder));
  return (output, record) => Object.assign({}, ...folders.map((of) => of(output, record))) as PartitionValues;
}

function foldersOf(option: string, folder: Resolved<FolderConfig>): Partition {
  if ("time" in folder) {
    const { by, ...options } = folder.time;
    if (by === undefined) return timePartition<unknown, { readonly [name: string]: string }>(options);
    const read = fieldReader(`${option}.time.by`, by);
    return timePartition<unknown, { readonly [name: string]: string }>({
      ...options,
      // What is no time makes the record poison, with the reason.
      by: (output) => read(output) as PointInTime,
    });
  }
  const { name, path, missing } = folder;
  const read = fieldReader(`${option}.path`, path);
  // What names no folder makes the record poison, with the reason.
  return (output) => ({ [name]: (read(output) ?? missing) as PartitionValues[string] });
}
