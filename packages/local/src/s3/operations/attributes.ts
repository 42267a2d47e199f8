import type { IncomingHttpHeaders } from "node:http";
import { headerOf, type S3Context } from "../call.js";
import { S3Error } from "../errors.js";
import { MAX_METADATA_BYTES, MAX_TAGS } from "../limits.js";
import { storedContentEncoding } from "../protocol/request-body.js";

/** Headers that are stored as they are and come back on GET and HEAD. */
const STORED_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-language",
  "expires",
  "x-amz-website-redirect-location",
] as const;

const ENCRYPTIONS = new Set(["AES256", "aws:kms", "aws:kms:dsse"]);
const METADATA_PREFIX = "x-amz-meta-";

/** The headers that an object keeps of the request that wrote it. */
export function storedHeaders(headers: IncomingHttpHeaders, context: S3Context): Record<string, string> {
  // S3's own default; "binary" is no registered type, but it is what GET answers.
  const stored: Record<string, string> = {
    "content-type": headers["content-type"] ?? "binary/octet-stream",
    ...encryptionHeaders(headers, context),
  };
  const encoding = storedContentEncoding(headers["content-encoding"]);
  if (encoding !== undefined) stored["content-encoding"] = encoding;
  for (const name of STORED_HEADERS) {
    const value = headerOf(headers, name);
    if (value !== undefined) stored[name] = value;
  }
  const storageClass = headerOf(headers, "x-amz-storage-class");
  // S3 does not mention the class STANDARD in answers.
  if (storageClass !== undefined && storageClass !== "STANDARD") stored["x-amz-storage-class"] = storageClass;
  Object.assign(stored, metadataHeaders(headers));
  return stored;
}

/** The `x-amz-meta-*` headers of a request. */
function metadataHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    const value = headerOf(headers, name) ?? "";
    bytes += name.length - METADATA_PREFIX.length + value.length;
    metadata[name] = value;
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error("MetadataTooLarge", undefined, {
      Size: String(bytes),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    });
  }
  return metadata;
}

/** The encryption of an object: what was asked for, else S3's default since 2023, SSE-S3. */
export function encryptionHeaders(headers: IncomingHttpHeaders, context: S3Context): Record<string, string> {
  if (headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined) {
    throw new S3Error("NotImplemented", "Customer-provided keys (SSE-C) are not emulated.");
  }
  const encryption = headerOf(headers, "x-amz-server-side-encryption") ?? "AES256";
  if (!ENCRYPTIONS.has(encryption)) {
    throw new S3Error("InvalidArgument", "The encryption method specified is not supported");
  }
  const keyId = headerOf(headers, "x-amz-server-side-encryption-aws-kms-key-id");
  const bucketKey = headerOf(headers, "x-amz-server-side-encryption-bucket-key-enabled");
  if (encryption === "AES256") {
    if (keyId !== undefined) {
      throw new S3Error(
        "InvalidArgument",
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
      );
    }
    return { "x-amz-server-side-encryption": encryption };
  }
  return {
    "x-amz-server-side-encryption": encryption,
    "x-amz-server-side-encryption-aws-kms-key-id":
      keyId ?? `arn:aws:kms:${context.region}:${context.accountId}:alias/aws/s3`,
    ...(bucketKey === undefined ? {} : { "x-amz-server-side-encryption-bucket-key-enabled": bucketKey }),
  };
}

/** The encryption headers among the stored ones, which write answers repeat. */
export function encryptionOf(stored: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stored).filter(([name]) => name.startsWith("x-amz-server-side-encryption")),
  );
}

/** The tags of the `x-amz-tagging` header, which is written like a query string. */
export function tagsOfHeader(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const header = headerOf(headers, "x-amz-tagging");
  return checkedTags(header === undefined ? [] : [...new URLSearchParams(header)]);
}

/** Tags as S3 takes them: at most ten, keys of 1-128 and values of 0-256 characters, no key twice. */
export function checkedTags(
  entries: readonly (readonly [key: string, value: string])[],
): ReadonlyMap<string, string> {
  const tags = new Map(entries);
  if (tags.size !== entries.length) {
    throw new S3Error("InvalidTag", "Cannot provide multiple Tags with the same key");
  }
  if (tags.size > MAX_TAGS) throw new S3Error("BadRequest", "Object tags cannot be greater than 10");
  for (const [key, value] of tags) {
    if (key.length === 0 || key.length > 128)
      throw new S3Error("InvalidTag", "The TagKey you have provided is invalid");
    if (value.length > 256) throw new S3Error("InvalidTag", "The TagValue you have provided is invalid");
  }
  return tags;
}
