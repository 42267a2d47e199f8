import { HeadBucketCommand, type ServerSideEncryption, type StorageClass } from "@aws-sdk/client-s3";
import {
  type Batch,
  type EmitContext,
  type Emitter,
  KinesisConnectorError,
  systemClock,
} from "@kinesis-connectors/core";
import { type Compression, none } from "./compression.js";
import { connect, limited, type S3ConnectionOptions } from "./connection.js";
import { encode } from "./encode.js";
import { cureAtOpen, failureOf, refusal, statusOf, summaryOf } from "./failures.js";
import type { Format } from "./format.js";
import { checkedMetadata, metadataOf } from "./object-metadata.js";
import { type NewObject, type Occupant, occupantOf, putIfAbsent } from "./put-object.js";
import {
  checkedPrefix,
  defaultNameOf,
  idsSha256Of,
  objectKey,
  ownNameOf,
  planObject,
  type S3Plan,
} from "./requests.js";
import { settingsFrom } from "./settings.js";

/** Where objects go and how they are stored. */
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
  /** Account id that must own the bucket; requests to anybody else's fail with 403. Recommended. */
  readonly expectedBucketOwner?: string;
  /** More metadata for each object: lower-case names not starting with `kc-`, printable ASCII, up to 1,248 bytes in all. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Objects of more bytes go up in parts. Default 16 MiB, up to 5 GiB. */
  readonly multipartAboveBytes?: number;
  /** Bytes of a part, 5 MiB to 5 GiB. Default 8 MiB; larger where an object would need more than 10,000 parts. */
  readonly partBytes?: number;
  /** Parts of one object under way at a time. Default 4. */
  readonly partConcurrency?: number;
}

/** Options of `s3Emitter`. */
export interface S3EmitterOptions<Output> extends S3ObjectOptions {
  /** `ndjson()`, `raw()`, or an own one. */
  readonly format: Format<Output>;
  /**
   * Names an object, between prefix and extension. Must be pure and hold both ends of the batch, as `rangeNameOf(batch)` writes them, and
   * should hold the shard id. Default: `YYYY/MM/DD/HH/<shardId>/<first>-<last>`, by the UTC arrival time of the first record.
   */
  readonly key?: (batch: Batch<Output>) => string;
}

/**
 * Writes each batch as one object, once: the key names the range of records and is stored before the first write, and an object is
 * only ever created, never replaced.
 *
 * @example
 * ```ts
 * const emitter = s3Emitter({ bucket: "clicks", prefix: "archive", format: ndjson(), compression: gzip() });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3Emitter<Output>(options: S3EmitterOptions<Output>): Emitter<Output, S3Plan> {
  const { format, key, compression = none() } = options;
  const encodes = typeof format?.write === "function" || typeof format?.encodeObject === "function";
  if (!encodes || typeof format.extension !== "string") {
    throw new KinesisConnectorError("KC_OPTION_INVALID", "format must be ndjson(), raw() or an own Format");
  }
  if (key !== undefined && typeof key !== "function") {
    throw new KinesisConnectorError("KC_OPTION_INVALID", "key must be a function of the batch");
  }
  if (typeof compression?.compress !== "function") {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "compression must be gzip(), none() or an own Compression",
    );
  }
  const settings = settingsFrom(options, format.contentType, compression.contentEncoding);
  const prefix = checkedPrefix(options.prefix ?? "");
  const ownMetadata = checkedMetadata(options.metadata);
  const extension = `${format.extension}${compression.extension}`;
  const connection = connect(options);
  const { bucket } = settings;

  const look = async (key: string, batchId: string, context: EmitContext<S3Plan>): Promise<Occupant> => {
    try {
      return await occupantOf(connection, settings, key, batchId, context);
    } catch (error) {
      context.signal.throwIfAborted();
      throw summaryOf(error);
    }
  };

  const write = async (object: NewObject, context: EmitContext<S3Plan>): Promise<void> => {
    for (let renewed = false; ; renewed = true) {
      try {
        await putIfAbsent(connection, settings, object, context);
        return;
      } catch (error) {
        context.signal.throwIfAborted();
        const failure = failureOf(error);
        if (failure.kind === "taken") {
          await requireOurs(object, context);
          return;
        }
        if (failure.kind === "refused") throw refusal(`${bucket}/${object.key}`, failure.cure, error);
        if (failure.kind === "retry") throw summaryOf(error);
        if (renewed) throw refusal(`${bucket}/${object.key}`, "renew the session's credentials", error);
        await renewCredentials();
      }
    }
  };

  const renewCredentials = async (): Promise<void> => {
    try {
      await connection.refreshCredentials();
    } catch (error) {
      throw summaryOf(error);
    }
  };

  /** Something is at the key. It is this batch when an earlier attempt got through, here or in another process: its bytes stay. */
  const requireOurs = async (object: NewObject, context: EmitContext<S3Plan>): Promise<void> => {
    const occupant = await look(object.key, object.batchId, context);
    if (occupant === "ours") {
      context.logger.debug({ key: object.key, batchId: object.batchId }, "the object was written already");
      return;
    }
    if (occupant === "missing") {
      throw new Error(
        "the object was in the way of a write and is gone now: something deletes below the prefix",
      );
    }
    if (occupant === "unreadable") {
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `${bucket}/${object.key} exists, but S3 does not say whose it is (403): grant s3:GetObject on the prefix`,
      );
    }
    throw new KinesisConnectorError(
      "KC_PLACE_TAKEN",
      `${bucket}/${object.key} holds something that batch ${object.batchId} did not write: give each application its own prefix, and move the object away`,
    );
  };

  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    ...(format.sizeOf === undefined ? {} : { sizeOf: format.sizeOf }),

    plan: (batch) =>
      planObject(batch, () =>
        objectKey(prefix, key === undefined ? defaultNameOf(batch) : ownNameOf(batch, key), extension),
      ),

    isPlaced: async (range, context) => {
      for (const place of context.plan.places) {
        if ((await look(place.key, range.batchId, context)) !== "ours") return false;
      }
      return true;
    },

    emit: async (batch, context) => {
      const [place] = context.plan.places;
      // A range without entries has no place; an heir whose filter now drops all of a planned range has nothing to write.
      if (place === undefined || batch.entries.length === 0) return { failed: [] };
      const encoded = await encode(batch.entries, format, context.signal);
      // Nothing is written yet, so the engine can plan the rest anew, without them.
      if (encoded.refused.length > 0) return { failed: encoded.refused };
      const body = await compression.compress(encoded.bytes);
      const { batchId } = batch;
      // An heir may have transformed the records otherwise: the object tells what it holds, not what was planned elsewhere.
      const idsSha256 = context.inherited ? idsSha256Of(batch.entries) : place.idsSha256;
      const metadata = metadataOf(batch, idsSha256, ownMetadata);
      // The recorded key, whatever prefix and extension are configured here now.
      await write({ key: place.key, body, batchId, metadata }, context);
      return { failed: [] };
    },

    open: async ({ signal, logger }) => {
      try {
        await limited(connection, { signal, clock: systemClock }, (abortSignal) =>
          connection.client.send(
            new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: settings.expectedBucketOwner }),
            { abortSignal },
          ),
        );
      } catch (error) {
        signal.throwIfAborted();
        const cause = cureAtOpen(error);
        if (cause !== undefined) throw refusal(`the bucket "${bucket}" (option bucket)`, cause, error);
        // Looking at a bucket takes a right that writing to it does not: the first write tells.
        logger.debug({ bucket, status: statusOf(error) }, "the bucket could not be looked at; going on");
      }
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}
