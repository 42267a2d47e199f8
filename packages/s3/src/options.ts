import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import type { ObjectCannedACL, RequestPayer, ServerSideEncryption, StorageClass } from "@aws-sdk/client-s3";
import { type Batch, type OptionNames } from "@kinesis-connectors/core";
import type { Compression } from "./compression/compression.js";
import type { ConditionalWrites } from "./objects/conditional-writes.js";
import type { S3ConnectionOptions } from "./connection.js";
import type { Format } from "./formats/format.js";
import type { S3BatchingOptions } from "./plan/object-batching.js";

/** Options of the objects of a bucket: where they go and how they are stored. */
export interface S3ObjectOptions extends S3ConnectionOptions {
  /** Name of the bucket, or ARN of an access point. It must exist. */
  readonly bucket: string;
  /** Start of all keys, without a slash at its end. Default: none. */
  readonly prefix?: string;
  /** Default: no compression. */
  readonly compression?: Compression;
  /** `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the bucket's own default encryption. S3 has no unencrypted objects. */
  readonly serverSideEncryption?: ServerSideEncryption;
  /** Id or ARN of the KMS key, for `aws:kms` and `aws:kms:dsse`. Default: the key that AWS manages for S3. */
  readonly sseKmsKeyId?: string;
  /** One data key per bucket instead of one per object, which saves KMS requests. Default: as the bucket is set. */
  readonly bucketKeyEnabled?: boolean;
  /** Default STANDARD. */
  readonly storageClass?: StorageClass;
  /** Tags of each object, up to 10. Takes the right s3:PutObjectTagging. */
  readonly tags?: Readonly<Record<string, string>>;
  /** A canned ACL, for buckets that still use ACLs; `bucket-owner-full-control` for another account's. Takes the right s3:PutObjectAcl. */
  readonly acl?: ObjectCannedACL;
  /** `requester`, for buckets whose requester pays. */
  readonly requestPayer?: RequestPayer;
  /** Account id that must own the bucket; requests to anybody else's fail with 403. Recommended. */
  readonly expectedBucketOwner?: string;
  /** More metadata for each object: lower-case names not starting with `kc-`, printable ASCII, up to 1,248 bytes in all. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * The proof that the store keeps `If-None-Match: *`, on which exactly-once rests. `proven`: S3 itself is known to; at any other
   * endpoint `open` tries it on an object of its own, `<prefix>/_kinesis-connectors-conditional-writes`, which stays there, and fails with
   * `KC_EMIT_REFUSED` where the store writes over it. `trusted`: you know that it does, and nothing is tried. Default `proven`.
   */
  readonly conditionalWrites?: ConditionalWrites;
  /** Objects of more bytes go up in parts. Default 16 MiB, up to 5 GiB. */
  readonly multipartAboveBytes?: number;
  /** Bytes of a part, 5 MiB to 5 GiB. Default 8 MiB; larger where an object would need more than 10,000 parts. */
  readonly partBytes?: number;
  /** Parts of one object under way at a time. Default 4. */
  readonly partConcurrency?: number;
  /** Objects of one batch under way at a time. Default 16. */
  readonly objectConcurrency?: number;
  /**
   * An existing folder on whose disk the bytes of objects wait, instead of in memory: compressed pieces while a batch fills, and finished objects until
   * they are uploaded. What a full disk does not take waits in memory until the batch is due; then the shard stops with `KC_EMIT_REFUSED`, and
   * nothing is dropped. Default: memory.
   */
  readonly spoolDir?: string;
}

/** Options of `s3Emitter`. */
export interface S3EmitterOptions<Output> extends S3ObjectOptions, S3BatchingOptions<Output> {
  /** `ndjson()`, `delimited()`, `raw()`, `lengthPrefixed()`, one of another package, or an own one. */
  readonly format: Format<Output>;
  /**
   * Names an object, between prefix and extension. Must be pure and hold both ends of the batch, as `rangeNameOf(batch)` writes them, and
   * should hold the shard id. It is given the whole batch, which then waits as it is instead of being compressed while it fills. Default:
   * `YYYY/MM/DD/HH/<shardId>/<first>-<last>`, by the UTC arrival time of the first record. Not beside `partition`, where an object is
   * `<folders>/<shardId>-<first>-<last>`.
   */
  readonly key?: (batch: Batch<Output>) => string;
}

/** The names of all of `S3ObjectOptions`, for `checkOptions` of the packages that take them. */
export const S3_OBJECT_OPTIONS: OptionNames<S3ObjectOptions> = {
  ...AWS_CONNECTION_OPTIONS,
  forcePathStyle: true,
  conditionalWrites: true,
  bucket: "required",
  prefix: true,
  compression: true,
  serverSideEncryption: true,
  sseKmsKeyId: true,
  bucketKeyEnabled: true,
  storageClass: true,
  tags: true,
  acl: true,
  requestPayer: true,
  expectedBucketOwner: true,
  metadata: true,
  multipartAboveBytes: true,
  partBytes: true,
  partConcurrency: true,
  objectConcurrency: true,
  spoolDir: true,
};

/** The names of all of `S3EmitterOptions`. */
export const S3_EMITTER_OPTIONS: OptionNames<S3EmitterOptions<unknown>> = {
  ...S3_OBJECT_OPTIONS,
  format: "required",
  key: true,
  partition: true,
  partitionStyle: true,
  maxPartitions: true,
  onPartitionFlood: true,
  targetObjectBytes: true,
  minObjectBytes: true,
  maxAgeMs: true,
};
