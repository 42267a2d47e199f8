import { bucketOf, emptyAnswer, isoTime, numberIn, xmlAnswer, type S3Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { MAX_LIST_KEYS } from "../limits.js";
import { listPage } from "./listing.js";
import type { StoredObject } from "../store/object-store.js";
import { document, element, optionalElement, S3_NAMESPACE, type XmlFragment } from "../protocol/xml.js";

/** ListBuckets, all in one page. */
export const listBuckets: S3Operation = (_call, context) => {
  const buckets = context.store
    .buckets()
    .map((bucket) =>
      element("Bucket", [
        element("Name", bucket.name),
        element("CreationDate", isoTime(bucket.createdAtMs)),
        element("BucketRegion", context.region),
      ]),
    );
  const owner = element("Owner", [element("ID", context.accountId)]);
  return xmlAnswer(
    document(element("ListAllMyBucketsResult", [owner, element("Buckets", buckets)]), S3_NAMESPACE),
  );
};

/** CreateBucket. Making one's own bucket again is an error everywhere but in us-east-1, where it is a 200. */
export const createBucket: S3Operation = (call, context) => {
  if (!context.store.createBucket(call.bucketName) && context.region !== "us-east-1") {
    throw new S3Error("BucketAlreadyOwnedByYou", undefined, { BucketName: call.bucketName });
  }
  return emptyAnswer(200, { location: `/${call.bucketName}` });
};

/** HeadBucket. */
export const headBucket: S3Operation = (call, context) => {
  bucketOf(call, context);
  return emptyAnswer(200, { "x-amz-bucket-region": context.region });
};

/** DeleteBucket: an empty one only. Open uploads go with it. */
export const deleteBucket: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  if (bucket.size() > 0) throw new S3Error("BucketNotEmpty", undefined, { BucketName: bucket.name });
  context.store.deleteBucket(bucket.name);
  return emptyAnswer(204);
};

/** GetBucketLocation: us-east-1 is told as an empty element. */
export const getBucketLocation: S3Operation = (call, context) => {
  bucketOf(call, context);
  const region = context.region === "us-east-1" ? "" : context.region;
  return xmlAnswer(document(element("LocationConstraint", region), S3_NAMESPACE));
};

/** ListObjectsV2: pages by opaque tokens, so that no client can come to depend on their form. */
export const listObjectsV2: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  if (context.listDenied) throw new S3Error("AccessDenied");
  const { query } = call;
  const encode = encoder(query.get("encoding-type"));
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const maxKeys = Math.min(numberIn(query, "max-keys", MAX_LIST_KEYS), MAX_LIST_KEYS);
  const page = listPage(bucket.sortedKeys(), {
    prefix,
    delimiter,
    startAfter: token === null ? (startAfter ?? "") : fromToken(token),
    maxKeys,
  });
  const contents = page.keys.flatMap((key) => {
    const object = bucket.get(key);
    return object === undefined ? [] : [contentsElement(object, encode)];
  });
  const result: XmlFragment[] = [
    element("Name", bucket.name),
    element("Prefix", encode(prefix)),
    ...(delimiter === "" ? [] : [element("Delimiter", encode(delimiter))]),
    ...optionalElement("StartAfter", startAfter === null ? undefined : encode(startAfter)),
    ...optionalElement("ContinuationToken", token ?? undefined),
    ...(page.truncated ? [element("NextContinuationToken", toToken(page.last))] : []),
    element("KeyCount", page.keys.length + page.commonPrefixes.length),
    element("MaxKeys", maxKeys),
    ...optionalElement("EncodingType", query.get("encoding-type") ?? undefined),
    element("IsTruncated", page.truncated),
    ...contents,
    ...page.commonPrefixes.map((common) => element("CommonPrefixes", [element("Prefix", encode(common))])),
  ];
  return xmlAnswer(document(element("ListBucketResult", result), S3_NAMESPACE));
};

function contentsElement(object: StoredObject, encode: (text: string) => string): XmlFragment {
  return element("Contents", [
    element("Key", encode(object.key)),
    element("LastModified", isoTime(object.lastModifiedMs)),
    element("ETag", object.etag),
    element("ChecksumAlgorithm", object.checksum.algorithm),
    element("ChecksumType", object.checksum.type),
    element("Size", object.body.length),
    element("StorageClass", object.headers["x-amz-storage-class"] ?? "STANDARD"),
  ]);
}

/** How keys are written: as they are, or percent-encoded except for `/`, which XML 1.0 needs for some characters. */
export function encoder(encodingType: string | null): (text: string) => string {
  if (encodingType === null || encodingType === "") return (text) => text;
  if (encodingType !== "url")
    throw new S3Error("InvalidArgument", "Invalid Encoding Method specified in Request");
  return (text) => encodeURIComponent(text).replaceAll("%2F", "/");
}

function toToken(last: string): string {
  return Buffer.from(`1${last}`).toString("base64url");
}

function fromToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString("utf8");
  if (!text.startsWith("1")) {
    throw new S3Error("InvalidArgument", "The continuation token provided is incorrect");
  }
  return text.slice(1);
}
