import { poisonRecord } from "@kinesis-connectors/core";

/** The place of an object. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** An object that was stored. */
export interface StoredObject extends ObjectPlace {
  /** As S3 gave it, without quotes. */
  readonly eTag: string;
}

/** How records that stand for an object of S3 are told from others, read and written. */
export interface PointerFormat {
  /** Texts, or bytes, that pointers begin with. Records that begin otherwise are not looked at. */
  readonly beginnings: readonly (string | Uint8Array)[];
  /** The place that a record names; undefined where it is no pointer after all, and goes on as it is. What it throws makes the record poison. */
  readonly read: (data: Uint8Array) => ObjectPlace | undefined;
  /** The record that stands for an object. Default: none, and the format is for reading alone. */
  readonly write?: (object: StoredObject) => string | Uint8Array;
}

/**
 * Pointers of lifion-kinesis with `useS3ForLargeItems`: `{"@S3Item":{"bucket":"...","eTag":"...","key":"..."}}`, with the members named by `nonS3Keys` behind it
 * (`lib/records.js` of lifion-kinesis 1.3.3). The object is the whole document, those members included, so that only the object is decoded.
 */
export function lifion(): Required<PointerFormat> {
  return {
    beginnings: ['{"@S3Item":'],
    read: (data) => {
      const item = member(parse(data), "@S3Item");
      return place(member(item, "bucket"), member(item, "key"));
    },
    write: ({ bucket, key, eTag }) => JSON.stringify({ "@S3Item": { bucket, eTag, key } }),
  };
}

/** Names of the class in pointers: of the library of today, and of the extended client of SQS before it (`client.py` of amazon-sqs-extended-client 1.0.1). */
const POINTER_CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer";
const EARLIER_POINTER_CLASS = "com.amazon.sqs.javamessaging.MessageS3Pointer";

/**
 * Pointers of the extended clients of AWS for Java and Python, as payloadoffloading-common 2.2.0 writes them:
 * `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"...","s3Key":"..."}]`, under the earlier class name too.
 */
export function awsExtended(): Required<PointerFormat> {
  return {
    beginnings: [`["${POINTER_CLASS}"`, `["${EARLIER_POINTER_CLASS}"`],
    read: (data) => {
      const document = parse(data);
      const named: unknown = Array.isArray(document) && document.length === 2 ? document[1] : undefined;
      return place(member(named, "s3BucketName"), member(named, "s3Key"));
    },
    write: ({ bucket, key }) => JSON.stringify([POINTER_CLASS, { s3BucketName: bucket, s3Key: key }]),
  };
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
  } catch {
    // V8 quotes what it cannot parse.
    throw poisonRecord(`the record's ${data.length} bytes begin as a claim check, but are not JSON`);
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function place(bucket: unknown, key: unknown): ObjectPlace {
  if (typeof bucket === "string" && typeof key === "string") return { bucket, key };
  throw poisonRecord("the record begins as a claim check, but names no bucket and key");
}
