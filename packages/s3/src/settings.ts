import { KinesisConnectorError, nonEmptyText, wholeNumber } from "@kinesis-connectors/core";
import {
  DEFAULT_MULTIPART_ABOVE_BYTES,
  DEFAULT_PART_BYTES,
  MAX_PUT_BYTES,
  MIN_PART_BYTES,
} from "./limits.js";
import type { ObjectSettings } from "./put-object.js";
import type { S3ObjectOptions } from "./s3-emitter.js";

const ENCRYPTIONS: readonly string[] = ["AES256", "aws:kms", "aws:kms:dsse"];

/**
 * Checks what is the same for all objects, and fills in what was left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom(
  options: S3ObjectOptions,
  contentType: string,
  contentEncoding: string | undefined,
): ObjectSettings {
  const { serverSideEncryption, sseKmsKeyId, expectedBucketOwner, storageClass } = options;
  if (serverSideEncryption !== undefined && !ENCRYPTIONS.includes(serverSideEncryption)) {
    throw invalid(
      `serverSideEncryption must be one of ${ENCRYPTIONS.join(", ")}; objects are always encrypted`,
    );
  }
  if (sseKmsKeyId !== undefined) {
    nonEmptyText("sseKmsKeyId", sseKmsKeyId);
    if (serverSideEncryption === undefined || serverSideEncryption === "AES256") {
      throw invalid('sseKmsKeyId needs serverSideEncryption "aws:kms" or "aws:kms:dsse"');
    }
  }
  if (expectedBucketOwner !== undefined && !/^\d{12}$/.test(expectedBucketOwner)) {
    throw invalid("expectedBucketOwner must be an account id of 12 digits");
  }
  if (storageClass !== undefined) nonEmptyText("storageClass", storageClass);
  return {
    bucket: checkedBucket(options.bucket),
    contentType,
    contentEncoding,
    serverSideEncryption,
    sseKmsKeyId,
    bucketKeyEnabled: options.bucketKeyEnabled,
    storageClass,
    expectedBucketOwner,
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
 * A bucket's name, or the ARN of an access point.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedBucket(bucket: string): string {
  nonEmptyText("bucket", bucket);
  if (bucket.startsWith("arn:")) return bucket;
  // Upper case and underscores: buckets made before 2018 may have them.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    throw invalid(
      "bucket must be the bare name of a bucket, without s3:// and without a path; the path goes to prefix",
    );
  }
  return bucket;
}

function invalid(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message);
}
