import { createHash } from "node:crypto";
import { checkedTags, encryptionHeaders, encryptionOf, storedHeaders, tagsOfHeader } from "./attributes.js";
import { checkKey, decode } from "../protocol/address.js";
import {
  bucketOf,
  emptyAnswer,
  headerOf,
  httpTime,
  isoTime,
  xmlAnswer,
  type S3Answer,
  type S3Call,
  type S3Context,
  type S3Operation,
} from "../call.js";
import { checksumElement, checksumHeader, checksumOf, type Checksum } from "../protocol/checksums.js";
import { messageOfS3Error, S3Error } from "../errors.js";
import { MAX_DELETE_KEYS } from "../limits.js";
import type { Bucket, StoredObject } from "../store/object-store.js";
import { judgeRead, rangeOf } from "./read-conditions.js";
import { childOf, document, element, S3_NAMESPACE, textOf, type XmlFragment } from "../protocol/xml.js";
import { parseBody } from "../protocol/xml-body.js";

/** PutObject: the whole object or nothing. */
export const putObject: S3Operation = (call, context) => {
  bucketOf(call, context);
  const object: StoredObject = {
    key: call.key,
    body: call.body.bytes,
    etag: `"${call.body.md5.toString("hex")}"`,
    lastModifiedMs: context.clock.now(),
    checksum: call.body.checksum ?? defaultChecksum(call.body.bytes),
    headers: storedHeaders(call.headers, context),
    tags: tagsOfHeader(call.headers),
    partSizes: undefined,
  };
  call.write?.commit(object);
  return emptyAnswer(200, {
    etag: object.etag,
    ...checksumHeaders(object.checksum),
    ...encryptionOf(object.headers),
  });
};

/** S3 adds a CRC-64/NVME of the whole object when the client sent no checksum ("Checking object integrity"). */
export function defaultChecksum(bytes: Buffer): Checksum {
  return { algorithm: "CRC64NVME", value: checksumOf("CRC64NVME", bytes), type: "FULL_OBJECT" };
}

/** A checksum as answers carry it. */
export function checksumHeaders(checksum: Checksum): Record<string, string> {
  return { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": checksum.type };
}

/** GetObject, and HeadObject whose body the connection leaves out. */
export const getObject: S3Operation = (call, context) => {
  const object = existing(bucketOf(call, context), call, context);
  const headers = readHeaders(object, call);
  if (judgeRead(object, call.headers) === "not-modified") return emptyAnswer(304, headers);
  const partNumber = call.query.get("partNumber");
  const range =
    partNumber === null
      ? rangeOf(headerOf(call.headers, "range"), object.body.length)
      : partRange(object, partNumber);
  if (range === undefined) return { status: 200, headers, body: object.body };
  if (partNumber !== null) headers["x-amz-mp-parts-count"] = String(object.partSizes?.length ?? 1);
  headers["content-range"] = `bytes ${range.first}-${range.last}/${object.body.length}`;
  return { status: 206, headers, body: object.body.subarray(range.first, range.last + 1) };
};

function readHeaders(object: StoredObject, call: S3Call): Record<string, string> {
  return {
    ...object.headers,
    etag: object.etag,
    "last-modified": httpTime(object.lastModifiedMs),
    "accept-ranges": "bytes",
    ...(object.tags.size === 0 ? {} : { "x-amz-tagging-count": String(object.tags.size) }),
    ...(headerOf(call.headers, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED" &&
    call.headers.range === undefined
      ? checksumHeaders(object.checksum)
      : {}),
  };
}

function partRange(object: StoredObject, partNumber: string): { first: number; last: number } {
  const sizes = object.partSizes ?? [object.body.length];
  const index = Number(partNumber) - 1;
  const size = sizes[index];
  if (size === undefined) throw new S3Error("InvalidRange");
  const first = sizes.slice(0, index).reduce((sum, each) => sum + each, 0);
  return { first, last: first + size - 1 };
}

/** The object of a call; 403 instead of 404 when the caller may not list. */
function existing(bucket: Bucket, call: S3Call, context: S3Context): StoredObject {
  const object = bucket.get(call.key);
  if (object !== undefined) return object;
  if (context.listDenied) throw new S3Error("AccessDenied");
  throw new S3Error("NoSuchKey", undefined, { Key: call.key });
}

/** DeleteObject: 204 also for a key that is not there. */
export const deleteObject: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  const ifMatch = headerOf(call.headers, "if-match");
  if (ifMatch !== undefined) {
    const object = bucket.get(call.key);
    if (object === undefined) throw new S3Error("NoSuchKey", undefined, { Key: call.key });
    judgeRead(object, { "if-match": ifMatch });
  }
  bucket.delete(call.key);
  return emptyAnswer(204);
};

/** DeleteObjects: each key on its own; one that fails does not keep the others. */
export const deleteObjects: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  const root = parseBody(call, "Delete");
  const keys = root.children.filter((child) => child.name === "Object").map((child) => textOf(child, "Key"));
  if (keys.length === 0 || keys.length > MAX_DELETE_KEYS) throw new S3Error("MalformedXML");
  const quiet = textOf(root, "Quiet") === "true";
  const results: XmlFragment[] = [];
  for (const [index, key] of keys.entries()) {
    if (key === undefined || key === "") throw new S3Error("MalformedXML");
    const failure = call.failureOf(index);
    if (failure !== undefined) {
      results.push(
        element("Error", [
          element("Key", key),
          element("Code", failure),
          element("Message", messageOfS3Error(failure)),
        ]),
      );
      continue;
    }
    bucket.delete(key);
    if (!quiet) results.push(element("Deleted", [element("Key", key)]));
  }
  return xmlAnswer(document(element("DeleteResult", results), S3_NAMESPACE));
};

/** CopyObject within this server, up to 5 GB in one call as S3 does. */
export const copyObject: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  const source = copySource(call, context);
  judgeCopySource(source, call);
  const replaceMetadata = headerOf(call.headers, "x-amz-metadata-directive") === "REPLACE";
  const replaceTags = headerOf(call.headers, "x-amz-tagging-directive") === "REPLACE";
  if (bucket.get(call.key) === source && !replaceMetadata) {
    throw new S3Error(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const object: StoredObject = {
    ...source,
    key: call.key,
    // A copy is written in one piece, so its ETag is the MD5 again even when the source had parts.
    ...(source.partSizes === undefined ? {} : inOnePiece(source)),
    lastModifiedMs: context.clock.now(),
    headers: replaceMetadata
      ? storedHeaders(call.headers, context)
      : { ...source.headers, ...encryptionHeaders(call.headers, context) },
    tags: replaceTags ? tagsOfHeader(call.headers) : source.tags,
    partSizes: undefined,
  };
  call.write?.commit(object);
  const result = element("CopyObjectResult", [
    element("ETag", object.etag),
    element("LastModified", isoTime(object.lastModifiedMs)),
    element(checksumElement(object.checksum.algorithm), object.checksum.value),
    element("ChecksumType", object.checksum.type),
  ]);
  return xmlAnswer(document(result, S3_NAMESPACE), encryptionOf(object.headers));
};

function inOnePiece({ body, checksum }: StoredObject): Pick<StoredObject, "etag" | "checksum"> {
  const { algorithm } = checksum;
  return {
    etag: `"${createHash("md5").update(body).digest("hex")}"`,
    checksum: { algorithm, value: checksumOf(algorithm, body), type: "FULL_OBJECT" },
  };
}

function copySource(call: S3Call, context: S3Context): StoredObject {
  const [path = "", version] = (headerOf(call.headers, "x-amz-copy-source") ?? "").split("?");
  if (version !== undefined) throw new S3Error("NotImplemented", "Object versions are not emulated.");
  const decoded = decode(path).replace(/^\//, "");
  const slash = decoded.indexOf("/");
  if (slash <= 0) throw new S3Error("InvalidArgument", "Copy Source must mention the source bucket and key");
  const key = decoded.slice(slash + 1);
  checkKey(key);
  const source = { ...call, bucketName: decoded.slice(0, slash), key };
  return existing(bucketOf(source, context), source, context);
}

function judgeCopySource(source: StoredObject, call: S3Call): void {
  const of = (name: string): string | undefined => headerOf(call.headers, `x-amz-copy-source-${name}`);
  const outcome = judgeRead(source, {
    "if-match": of("if-match"),
    "if-none-match": of("if-none-match"),
    "if-modified-since": of("if-modified-since"),
    "if-unmodified-since": of("if-unmodified-since"),
  });
  if (outcome === "not-modified") throw new S3Error("PreconditionFailed");
}

/** GetObjectTagging. */
export const getObjectTagging: S3Operation = (call, context) => {
  const object = existing(bucketOf(call, context), call, context);
  const tags = [...object.tags].map(([key, value]) =>
    element("Tag", [element("Key", key), element("Value", value)]),
  );
  return xmlAnswer(document(element("Tagging", [element("TagSet", tags)]), S3_NAMESPACE));
};

/** PutObjectTagging. */
export const putObjectTagging: S3Operation = (call, context) => {
  const tagSet = childOf(parseBody(call, "Tagging"), "TagSet");
  if (tagSet === undefined) throw new S3Error("MalformedXML");
  const tags = tagSet.children.map((tag) => [textOf(tag, "Key") ?? "", textOf(tag, "Value") ?? ""] as const);
  return retag(call, context, checkedTags(tags), 200);
};

/** DeleteObjectTagging. */
export const deleteObjectTagging: S3Operation = (call, context) => retag(call, context, new Map(), 204);

function retag(
  call: S3Call,
  context: S3Context,
  tags: ReadonlyMap<string, string>,
  status: number,
): S3Answer {
  const bucket = bucketOf(call, context);
  bucket.replace({ ...existing(bucket, call, context), tags });
  return emptyAnswer(status);
}
