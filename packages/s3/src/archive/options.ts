import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import type { Clock, Logger, OptionNames, Random } from "@kinesis-connectors/core";
import type { S3ConnectionOptions } from "../connection.js";
import type { ArchiveFormat } from "../formats/archive-format.js";

/** Options of `openArchive`. */
export interface ArchiveOptions extends S3ConnectionOptions {
  /** Name of the bucket, or ARN of an access point. */
  readonly bucket: string;
  /** Start of all keys, as the emitter had it. Default: the whole bucket. */
  readonly prefix?: string;
  /**
   * The formats that its objects were written in, told apart by their extensions. Default: `records()`, `ndjson()`, `raw()` and `lengthPrefixed()`. `delimited`
   * and formats of other packages, such as `parquet`, are handed in: `[delimited({ columns })]`.
   */
  readonly formats?: readonly ArchiveFormat[];
  /** `records` (default): what was delivered. `dead-letters`: what was set aside, and nothing else; `formats` is not looked at then. */
  readonly objects?: "records" | "dead-letters";
  /** Account that has to own the bucket. Default: not checked. */
  readonly expectedBucketOwner?: string;
  /** Most bytes of a record, after decompression. Default 16 MiB. */
  readonly maxRecordBytes?: number;
  /** Most bytes of one object that are fetched at a time. Default 4 MiB. */
  readonly chunkBytes?: number;
  /** Tries of a request that S3 does not answer, before reading ends with its error. Default 10, which is about a minute. */
  readonly maxAttempts?: number;
  /** Aborted: reading ends, and rejects. Default: it goes to the end. */
  readonly signal?: AbortSignal;
  /** Told of outages. Default: none. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
}

/** The names of all of `ArchiveOptions`, for `checkOptions` of the packages that take them. */
export const ARCHIVE_OPTIONS: OptionNames<ArchiveOptions> = {
  ...AWS_CONNECTION_OPTIONS,
  forcePathStyle: true,
  bucket: "required",
  prefix: true,
  formats: true,
  objects: true,
  expectedBucketOwner: true,
  maxRecordBytes: true,
  chunkBytes: true,
  maxAttempts: true,
  signal: true,
  logger: true,
  clock: true,
  random: true,
};
