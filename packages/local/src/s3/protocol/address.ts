import { S3Error } from "../errors.js";
import { MAX_KEY_BYTES } from "../limits.js";

/** Which bucket and key a request is about. */
export interface S3Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: URLSearchParams;
}

/** 3-63 characters of lower-case letters, digits, dots and hyphens ("Bucket naming rules"). */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads the address of a request in path style (`/bucket/key`) or virtual-host style (`bucket.localhost`,
 * `bucket.s3.region.amazonaws.com`).
 *
 * @throws {S3Error} `InvalidURI`, `InvalidBucketName`, `KeyTooLongError`
 */
export function addressOf(url: string, host: string | undefined): S3Address {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const query = new URLSearchParams(question === -1 ? "" : url.slice(question + 1));
  const hostBucket = bucketOfHost(host);
  const rest = path.startsWith("/") ? path.slice(1) : path;
  if (hostBucket !== undefined) return checked(hostBucket, rest, query);
  const slash = rest.indexOf("/");
  if (slash === -1) return checked(decode(rest), "", query);
  return checked(decode(rest.slice(0, slash)), rest.slice(slash + 1), query);
}

/** Whether a name can be a bucket's. */
export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && !/^[0-9.]+$/.test(name) && !name.includes("..");
}

/** Refuses a key that S3 would refuse. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error("KeyTooLongError", undefined, {
      Size: String(Buffer.byteLength(key)),
      MaxSizeAllowed: String(MAX_KEY_BYTES),
    });
  }
}

/** Undoes percent-encoding; `InvalidURI` for what is not UTF-8. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (cause instanceof URIError) throw new S3Error("InvalidURI");
    throw cause;
  }
}

function checked(bucket: string, rawKey: string, query: URLSearchParams): S3Address {
  if (bucket === "") return { bucket: undefined, key: undefined, query };
  if (!isBucketName(bucket)) throw new S3Error("InvalidBucketName", undefined, { BucketName: bucket });
  const key = decode(rawKey);
  checkKey(key);
  return { bucket, key: key === "" ? undefined : key, query };
}

/** The bucket in a host name: what stands before `.s3.`, `.s3-<region>.` or `.localhost`. */
function bucketOfHost(host: string | undefined): string | undefined {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  const match = /^(.+?)\.(?:s3[.-].+|localhost)$/.exec(name);
  return match?.[1] === "s3" ? undefined : match?.[1];
}
