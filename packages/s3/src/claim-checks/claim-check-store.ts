import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import {
  checkOptions,
  type Clock,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  systemClock,
} from "@kinesis-connectors/core";
import { DEFAULT_PAYLOAD_TIMEOUT_MS } from "../limits.js";
import { connect, type S3ConnectionOptions } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { headersOf } from "../objects/object-headers.js";
import type { S3ObjectOptions } from "../options.js";
import { checkedPrefix } from "../requests.js";
import { objectSettingsFrom } from "../settings.js";
import { payloadRequests } from "./payload-requests.js";
import type { PointerFormat } from "./pointers.js";

/**
 * Options of objects that payloads have too.
 * @inline
 */
type OfObjects =
  | "bucket"
  | "prefix"
  | "serverSideEncryption"
  | "sseKmsKeyId"
  | "bucketKeyEnabled"
  | "storageClass"
  | "tags"
  | "acl"
  | "requestPayer"
  | "expectedBucketOwner";

/** Options of `claimCheckStore`. `requestTimeoutMs` is 20,000 by default, and belongs below the pipeline's `transformTimeoutMs`. */
export interface ClaimCheckStoreOptions extends S3ConnectionOptions, Pick<S3ObjectOptions, OfObjects> {
  /** How the records look that stand for objects: `awsExtended()`, `lifion()`, or an own one with `write`. */
  readonly pointer: PointerFormat;
  /** Content type of the objects; lifion-kinesis parses those of `application/json`. Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<ClaimCheckStoreOptions> = {
  ...AWS_CONNECTION_OPTIONS,
  forcePathStyle: true,
  bucket: "required",
  prefix: true,
  serverSideEncryption: true,
  sseKmsKeyId: true,
  bucketKeyEnabled: true,
  storageClass: true,
  tags: true,
  acl: true,
  requestPayer: true,
  expectedBucketOwner: true,
  pointer: "required",
  contentType: true,
  clock: true,
};

const RIGHTS = "s3:PutObject on the prefix (and kms:GenerateDataKey and kms:Decrypt on the key of SSE-KMS)";

/** Stores a payload under the SHA-256 of its bytes, in hexadecimal, and gives the record that stands for it. */
export type PutClaimCheck = (
  payload: Uint8Array,
  about: { readonly sha256: string },
) => Promise<string | Uint8Array>;

/**
 * Stores payloads on S3 for `toClaimChecks` of `@kinesis-connectors/kinesis`: each as the object `<prefix>/<SHA-256 of its bytes>`, so that a record that comes again
 * is the same object. It is written each time, also where it is there already, since a lifecycle rule counts the age of an object from its last write: let that be
 * longer than the stream keeps records.
 *
 * S3 that does not answer is waited for (`KC_LOOKUP_FAILED`), and one that refuses stops the shard (`KC_LOOKUP_REFUSED`).
 *
 * @example
 * ```ts
 * const transformer = json<Order>().to(
 *   toClaimChecks({ put: claimCheckStore({ bucket: "large-orders", pointer: awsExtended() }) }),
 * );
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function claimCheckStore(options: ClaimCheckStoreOptions): PutClaimCheck {
  checkOptions("claimCheckStore", options, NAMES);
  const { pointer, contentType = "application/octet-stream", clock = systemClock } = options;
  const write = pointer?.write;
  if (typeof write !== "function")
    throw invalidOption("pointer must be awsExtended(), lifion() or one with write, which gives the record");
  const settings = objectSettingsFrom(options, nonEmptyText("contentType", contentType), undefined);
  const prefix = checkedPrefix(options.prefix ?? "");
  const { bucket } = settings;
  const connection = connect({
    ...options,
    requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_PAYLOAD_TIMEOUT_MS,
  });
  const request = payloadRequests(connection, { option: "bucket", rights: RIGHTS }, clock);
  const what = `a payload in ${JSON.stringify(bucket)}`;

  return async (payload, { sha256 }) => {
    const key = prefix === "" ? sha256 : `${prefix}/${sha256}`;
    const { PutObjectCommand } = await s3Sdk();
    const command = new PutObjectCommand({
      ...headersOf(settings, { key, metadata: {} }),
      Body: payload,
      ContentLength: payload.length,
      ChecksumAlgorithm: "CRC32",
    });
    const { ETag = "" } = await request(what, (abortSignal) =>
      connection.client.send(command, { abortSignal }),
    );
    return write({ bucket, key, eTag: ETag.replaceAll('"', "") });
  };
}
