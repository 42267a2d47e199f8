import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import {
  checkOptions,
  type Clock,
  type DecodingTransformer,
  decodingOf,
  invalidOption,
  type KinesisRecord,
  type MaybePromise,
  type OptionNames,
  poisonRecord,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { RequestPayer } from "@aws-sdk/client-s3";
import { connect, type S3ConnectionOptions } from "../connection.js";
import { DEFAULT_MAX_PAYLOAD_BYTES, DEFAULT_PAYLOAD_TIMEOUT_MS, MAX_KEY_BYTES } from "../limits.js";
import { checkedBucket, checkedOwner, checkedPayer } from "../settings.js";
import type { ObjectPlace, PointerFormat } from "./pointers.js";
import { payloadReader, type ReadPayload } from "./read-payload.js";

/**
 * Options of `claimChecks`. `requestTimeoutMs` is the time for a whole object, its body included: 20,000 by default, and it belongs below the pipeline's
 * `transformTimeoutMs`.
 */
export interface ClaimChecksOptions extends S3ConnectionOptions {
  /** `awsExtended()`, `lifion()` or an own one. */
  readonly pointer: PointerFormat;
  /**
   * Buckets that payloads are read from, by their names or the ARNs of access points. A record that names another one is poison: whoever may put records would
   * otherwise read with the connector's rights.
   */
  readonly buckets: readonly string[];
  /** Bytes of a payload; an object with more makes its record poison, unread. `transformConcurrency` payloads may be in memory at once. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Account id that must own the buckets; requests to anybody else's fail with 403. Recommended. */
  readonly expectedBucketOwner?: string;
  /** `requester`, for buckets whose requester pays. */
  readonly requestPayer?: RequestPayer;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<ClaimChecksOptions> = {
  ...AWS_CONNECTION_OPTIONS,
  forcePathStyle: true,
  pointer: "required",
  buckets: "required",
  maxBytes: true,
  expectedBucketOwner: true,
  requestPayer: true,
  clock: true,
};

/**
 * Records of which some stand for an object on S3 because they were too large for the stream (claim checks): the object is read in their place, and `inner`
 * decodes it. All other records go to `inner` as they are, without a promise. `.original()` passes on the object's bytes; `.to(...)` is given the record as it came.
 *
 * Give the pipeline a `transformConcurrency`, or objects are waited for one by one. An object that is missing, archived or larger than `maxBytes`, and a pointer that
 * is damaged or names a bucket that is not in `buckets`, make the record poison (`KC_RECORD_POISON`). S3 that does not answer is waited for (`KC_LOOKUP_FAILED`), and
 * one that refuses stops the shard (`KC_LOOKUP_REFUSED`).
 *
 * @example
 * ```ts
 * const orders = definePipeline({
 *   transformer: claimChecks(json<Order>(), { pointer: lifion(), buckets: ["large-orders"] }),
 *   transformConcurrency: 16,
 *   emitter: openSearchEmitter({ node, index: "orders" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function claimChecks<Model>(
  inner: DecodingTransformer<Model>,
  options: ClaimChecksOptions,
): DecodingTransformer<Model> {
  checkOptions("claimChecks", options, NAMES);
  const { pointer, buckets, maxBytes = DEFAULT_MAX_PAYLOAD_BYTES, clock = systemClock } = options;
  if (typeof inner?.toModel !== "function" || typeof inner.original !== "function")
    throw invalidOption(
      "claimChecks takes a decoding transformer, such as json(), and .to(...) comes behind it: claimChecks(json(), options).to(...)",
    );
  const placeOf = placeReader(pointer, bucketsOf(buckets));
  const read = payloadReader(
    connect({ ...options, requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_PAYLOAD_TIMEOUT_MS }),
    {
      maxBytes: wholeNumber("maxBytes", maxBytes, { min: 1 }),
      expectedBucketOwner: checkedOwner(options.expectedBucketOwner),
      requestPayer: checkedPayer(options.requestPayer),
      clock,
    },
  );
  const redeemed = redeemer(placeOf, read);
  const seen = inner.original();
  /** What `.original()` decoded for the filter is what it emits: an object is not read twice. */
  const forOriginal = new WeakMap<KinesisRecord, KinesisRecord>();
  return decodingOf<Model>(
    (record) => redeemed(record, inner.toModel),
    (record) =>
      redeemed(record, (payload) => {
        if (payload !== record) forOriginal.set(record, payload);
        return seen.toModel(payload);
      }),
    (record) => {
      // No transformer of `original()` looks at the model.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const dataOf = (payload: KinesisRecord) => seen.fromModel(undefined as Model, payload);
      const payload = forOriginal.get(record);
      return payload === undefined ? redeemed(record, dataOf) : dataOf(payload);
    },
  );
}

function bucketsOf(given: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(given) || given.length === 0)
    throw invalidOption("buckets must name the buckets that payloads are read from, one at least");
  return new Set(given.map((bucket: string) => checkedBucket(bucket)));
}

/** Gives a record's payload to a function: at once, where it is the record itself. */
function redeemer(placeOf: (record: KinesisRecord) => ObjectPlace | undefined, read: ReadPayload) {
  return <Result>(
    record: KinesisRecord,
    use: (payload: KinesisRecord) => MaybePromise<Result>,
  ): MaybePromise<Result> => {
    const place = placeOf(record);
    if (place === undefined) return use(record);
    return read(place).then((data) => use(withData(record, data)));
  };
}

function withData(record: KinesisRecord, data: Buffer): KinesisRecord {
  const { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs } = record;
  return { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs, data };
}

/** Reads the place out of records that are pointers; undefined for all others, of which it looks at the first bytes. */
function placeReader(
  pointer: PointerFormat,
  buckets: ReadonlySet<string>,
): (record: KinesisRecord) => ObjectPlace | undefined {
  const beginnings = beginningsOf(pointer);
  return (record) => {
    const { page, dataStart = 0 } = record;
    const bytes = page ?? record.data;
    const end = page === undefined ? bytes.length : (record.dataEnd ?? bytes.length);
    if (!beginnings.some((beginning) => beginsWith(bytes, dataStart, end, beginning))) return undefined;
    const place = pointer.read(bytes.subarray(dataStart, end));
    return place === undefined ? undefined : checkedPlace(place, buckets);
  };
}

function beginningsOf(pointer: PointerFormat): readonly Uint8Array[] {
  const isFormat = typeof pointer?.read === "function" && Array.isArray(pointer.beginnings);
  const beginnings = isFormat
    ? pointer.beginnings.map((beginning) =>
        typeof beginning === "string" ? Buffer.from(beginning) : beginning,
      )
    : [];
  if (
    beginnings.length === 0 ||
    beginnings.some((beginning) => !(beginning instanceof Uint8Array) || beginning.length === 0)
  )
    throw invalidOption(
      "pointer must be awsExtended(), lifion() or { beginnings, read }, with a text or bytes that pointers begin with",
    );
  return beginnings;
}

function beginsWith(bytes: Uint8Array, start: number, end: number, beginning: Uint8Array): boolean {
  if (end - start < beginning.length) return false;
  for (let at = 0; at < beginning.length; at += 1) if (bytes[start + at] !== beginning[at]) return false;
  return true;
}

/** A place that a record may name. What it names is data: it does not stand in the error. */
function checkedPlace(place: ObjectPlace, buckets: ReadonlySet<string>): ObjectPlace {
  const { bucket, key } = place;
  if (!buckets.has(bucket))
    throw poisonRecord("the record's claim check names a bucket that is none of `buckets`");
  const keyBytes = typeof key === "string" ? Buffer.byteLength(key) : 0;
  if (keyBytes < 1 || keyBytes > MAX_KEY_BYTES)
    throw poisonRecord(
      `the record's claim check names a key of ${keyBytes} bytes; S3 has keys of 1 to ${MAX_KEY_BYTES}`,
    );
  // Where the bucket stands in the path, some servers and proxies would find another one behind these.
  if (key.split("/").some((part) => part === "." || part === ".."))
    throw poisonRecord("the record's claim check names a key with . or .. between its slashes");
  return place;
}
