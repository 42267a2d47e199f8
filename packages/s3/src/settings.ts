import type { RequestPayer } from "@aws-sdk/client-s3";
import { nonEmptyText, wholeNumber, invalidOption } from "@kinesis-connectors/core";
import type { ConditionalWrites } from "./objects/conditional-writes.js";
import {
  DEFAULT_MULTIPART_ABOVE_BYTES,
  DEFAULT_PART_BYTES,
  MAX_PUT_BYTES,
  MAX_TAGS,
  MIN_PART_BYTES,
} from "./limits.js";
import type { Compression } from "./compression/compression.js";
import { none } from "./compression/none.js";
import type { Format } from "./formats/format.js";
import { checkedMetadata } from "./objects/object-metadata.js";
import type { ObjectSettings } from "./objects/object-headers.js";
import type { S3EmitterOptions, S3ObjectOptions } from "./options.js";
import { checkedPrefix } from "./requests.js";

const TAG_TEXT = /^[\p{L}\p{N}\p{Z}+\-=._:/@]*$/u;
const ENCRYPTIONS: readonly string[] = ["AES256", "aws:kms", "aws:kms:dsse"];

/** `S3EmitterOptions`, checked and complete, without those of batching and connection. */
export interface EmitterSettings<Output> {
  readonly format: Format<Output>;
  readonly compression: Compression;
  /** Follows the name in each key. */
  readonly extension: string;
  readonly prefix: string;
  readonly key: S3EmitterOptions<Output>["key"];
  /** The caller's own metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly spoolDir: string | undefined;
  readonly objectConcurrency: number;
  readonly conditionalWrites: ConditionalWrites;
  /** What is the same for all objects. */
  readonly object: ObjectSettings;
}

/**
 * Checks the options of an emitter, and fills in what was left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function emitterSettingsFrom<Output>(options: S3EmitterOptions<Output>): EmitterSettings<Output> {
  const { format, key, compression = none(), spoolDir } = options;
  requireFormat(options);
  if (spoolDir !== undefined) nonEmptyText("spoolDir", spoolDir);
  return {
    format,
    compression,
    extension: `${format.extension}${compression.extension}`,
    key,
    spoolDir,
    objectConcurrency: wholeNumber("objectConcurrency", options.objectConcurrency ?? 16, {
      min: 1,
      max: 1000,
    }),
    conditionalWrites: conditionalWritesOf(options),
    object: objectSettingsFrom(options, format.contentType, compression.contentEncoding),
    prefix: checkedPrefix(options.prefix ?? ""),
    metadata: checkedMetadata(options.metadata),
  };
}

/**
 * Checks what is the same for all objects, and fills in what was left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function objectSettingsFrom(
  options: Omit<S3ObjectOptions, "client">,
  contentType: string,
  contentEncoding: string | undefined,
): ObjectSettings {
  const { serverSideEncryption, sseKmsKeyId, expectedBucketOwner, storageClass, acl, requestPayer } = options;
  if (serverSideEncryption !== undefined && !ENCRYPTIONS.includes(serverSideEncryption)) {
    throw invalidOption(
      `serverSideEncryption must be one of ${ENCRYPTIONS.join(", ")}; objects are always encrypted`,
    );
  }
  if (sseKmsKeyId !== undefined) {
    nonEmptyText("sseKmsKeyId", sseKmsKeyId);
    if (serverSideEncryption === undefined || serverSideEncryption === "AES256") {
      throw invalidOption('sseKmsKeyId needs serverSideEncryption "aws:kms" or "aws:kms:dsse"');
    }
  }
  if (storageClass !== undefined) nonEmptyText("storageClass", storageClass);
  if (acl !== undefined) nonEmptyText("acl", acl);
  return {
    bucket: checkedBucket(options.bucket),
    contentType,
    contentEncoding,
    serverSideEncryption,
    sseKmsKeyId,
    bucketKeyEnabled: options.bucketKeyEnabled,
    storageClass,
    expectedBucketOwner: checkedOwner(expectedBucketOwner),
    tagging: taggingOf(options.tags),
    acl,
    requestPayer: checkedPayer(requestPayer),
    multipartAboveBytes: wholeNumber(
      "multipartAboveBytes",
      options.multipartAboveBytes ?? DEFAULT_MULTIPART_ABOVE_BYTES,
      { min: 1, max: MAX_PUT_BYTES },
    ),
    partBytes: wholeNumber("partBytes", options.partBytes ?? DEFAULT_PART_BYTES, {
      min: MIN_PART_BYTES,
      max: MAX_PUT_BYTES,
    }),
    partConcurrency: wholeNumber("partConcurrency", options.partConcurrency ?? 4, { min: 1, max: 100 }),
  };
}

/**
 * The account that must own a bucket.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedOwner(expectedBucketOwner: string | undefined): string | undefined {
  if (expectedBucketOwner !== undefined && !/^\d{12}$/.test(expectedBucketOwner))
    throw invalidOption("expectedBucketOwner must be an account id of 12 digits");
  return expectedBucketOwner;
}

/**
 * Who pays for requests.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedPayer(requestPayer: RequestPayer | undefined): RequestPayer | undefined {
  if (requestPayer !== undefined && requestPayer !== "requester")
    throw invalidOption('requestPayer must be "requester"');
  return requestPayer;
}

/**
 * How it is known that the store keeps `If-None-Match`.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
function conditionalWritesOf({
  conditionalWrites = "proven",
}: Pick<S3ObjectOptions, "conditionalWrites">): ConditionalWrites {
  if (conditionalWrites === "proven" || conditionalWrites === "trusted") return conditionalWrites;
  throw invalidOption('conditionalWrites must be "proven" or "trusted"');
}

/**
 * A bucket's name, or the ARN of an access point.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedBucket(bucket: string): string {
  nonEmptyText("bucket", bucket);
  if (bucket.startsWith("arn:")) return bucket;
  // Upper case and underscores: buckets made before 2018 may have them.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    throw invalidOption(
      "bucket must be the bare name of a bucket, of 3 to 255 letters, digits, dots and hyphens, without s3:// and without a path; the path goes to prefix",
    );
  }
  return bucket;
}

/** Tags as S3 takes them in a header; its limits are of "Categorizing your storage using tags" in its user guide. */
function taggingOf(tags: Readonly<Record<string, string>> = {}): string | undefined {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS)
    throw invalidOption(`tags has ${entries.length} tags, but S3 takes ${MAX_TAGS}`);
  for (const [name, value] of entries) {
    if (!TAG_TEXT.test(name) || name.length > 128 || name.startsWith("aws:") || name === "")
      throw invalidOption(
        "tags has a name that S3 does not take: up to 128 letters, digits, blanks and + - = . _ : / @",
      );
    if (typeof value !== "string" || !TAG_TEXT.test(value) || value.length > 256)
      throw invalidOption(
        `tags.${name} must be a text of up to 256 letters, digits, blanks and + - = . _ : / @`,
      );
  }
  return entries.length === 0 ? undefined : new URLSearchParams(entries).toString().replaceAll("+", "%20");
}

function requireFormat<Output>({
  format,
  key,
  partition,
  compression = none(),
}: S3EmitterOptions<Output>): void {
  const encodes = typeof format?.write === "function" || typeof format?.encodeObject === "function";
  if (!encodes || typeof format.extension !== "string") {
    throw invalidOption("format must be ndjson(), delimited(), raw(), lengthPrefixed() or an own Format");
  }
  if (key !== undefined && typeof key !== "function")
    throw invalidOption("key must be a function of the batch");
  if (key !== undefined && partition !== undefined)
    throw invalidOption("key cannot be given beside partition, which names the folders of a key");
  if (typeof compression?.compress !== "function")
    throw invalidOption("compression must be gzip(), zstd(), none() or an own Compression");
  if (format.encodeObject !== undefined && compression.contentEncoding !== undefined)
    throw invalidOption(`compression cannot be given for ${format.extension} objects: set it on the format`);
}
