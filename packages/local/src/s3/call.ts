import type { IncomingHttpHeaders } from "node:http";
import type { Clock, Random } from "../clock.js";
import { S3Error } from "./errors.js";
import type { Bucket, ObjectStore, OpenWrite } from "./store/object-store.js";
import type { ReceivedBody } from "./protocol/request-body.js";

/** What every operation may look at, the same for all calls. */
export interface S3Context {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly accountId: string;
  /** A missing key answers 403 instead of 404, as for a caller without `s3:ListBucket`. */
  readonly listDenied: boolean;
}

/** One call whose body has arrived. */
export interface S3Call {
  readonly bucketName: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: ReceivedBody;
  /** Present for the operations that write under conditions. */
  readonly write: OpenWrite | undefined;
  /** Whether entry `index` of a request for several keys fails by a fault rule, and with which code. */
  readonly failureOf: (index: number) => string | undefined;
}

/** An answer, before the transport faults had a look at it. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** One operation: synchronous, so that nothing comes between its judgement and its change. */
export type S3Operation = (call: S3Call, context: S3Context) => S3Answer;

/** An answer with an XML document. */
export function xmlAnswer(body: string, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body };
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status, headers, body: "" };
}

/** The bucket of a call. */
export function bucketOf(call: S3Call, context: S3Context): Bucket {
  const bucket = context.store.bucket(call.bucketName);
  if (bucket === undefined) {
    throw new S3Error("NoSuchBucket", undefined, { BucketName: call.bucketName });
  }
  return bucket;
}

/** The first value of a header. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A whole number in a query parameter, or its default. */
export function numberIn(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text)) {
    throw new S3Error("InvalidArgument", `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  }
  return Number(text);
}

/** A moment as XML documents carry it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A moment as headers carry it; whole seconds. */
export function httpTime(ms: number): string {
  return new Date(ms).toUTCString();
}
