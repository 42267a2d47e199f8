import { encryptionOf, storedHeaders, tagsOfHeader } from "./attributes.js";
import { encoder } from "./bucket-operations.js";
import {
  bucketOf,
  emptyAnswer,
  headerOf,
  isoTime,
  numberIn,
  xmlAnswer,
  type S3Call,
  type S3Context,
  type S3Operation,
} from "../call.js";
import {
  asChecksumAlgorithm,
  checksumElement,
  type ChecksumAlgorithm,
  type ChecksumType,
} from "../protocol/checksums.js";
import { S3Error } from "../errors.js";
import { MAX_LIST_KEYS, MAX_PARTS } from "../limits.js";
import { checksumHeaders } from "./object-operations.js";
import type { OpenUpload, StoredPart } from "../store/uploads.js";
import { document, element, optionalElement, S3_NAMESPACE } from "../protocol/xml.js";

/** CreateMultipartUpload. */
export const createMultipartUpload: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  const upload: OpenUpload = {
    uploadId: context.random.hex(32),
    key: call.key,
    initiatedAtMs: context.clock.now(),
    headers: storedHeaders(call.headers, context),
    tags: tagsOfHeader(call.headers),
    ...declaredChecksum(call),
    parts: new Map(),
  };
  bucket.uploads.open(upload);
  const result = element("InitiateMultipartUploadResult", [
    element("Bucket", bucket.name),
    element("Key", call.key),
    element("UploadId", upload.uploadId),
  ]);
  return xmlAnswer(document(result, S3_NAMESPACE), {
    ...encryptionOf(upload.headers),
    ...(upload.checksumAlgorithm === undefined
      ? {}
      : { "x-amz-checksum-algorithm": upload.checksumAlgorithm }),
    ...(upload.checksumType === undefined ? {} : { "x-amz-checksum-type": upload.checksumType }),
  });
};

/** CRC-64/NVME covers whole objects only, SHA only parts; the other CRCs can do both, parts by default. */
function declaredChecksum(call: S3Call): {
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly checksumType: ChecksumType | undefined;
} {
  const name = headerOf(call.headers, "x-amz-checksum-algorithm");
  const algorithm = asChecksumAlgorithm(name);
  if (name === undefined) return { checksumAlgorithm: undefined, checksumType: undefined };
  if (algorithm === undefined)
    throw new S3Error("InvalidRequest", "Checksum algorithm provided is unsupported.");
  const asked = headerOf(call.headers, "x-amz-checksum-type");
  const checksumType =
    asked === "FULL_OBJECT" || (asked === undefined && algorithm === "CRC64NVME")
      ? "FULL_OBJECT"
      : "COMPOSITE";
  const impossible =
    (algorithm === "CRC64NVME" && checksumType === "COMPOSITE") ||
    (algorithm.startsWith("SHA") && checksumType === "FULL_OBJECT");
  if (impossible) {
    throw new S3Error(
      "InvalidRequest",
      `The ${checksumType} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return { checksumAlgorithm: algorithm, checksumType };
}

/** UploadPart: a part uploaded again replaces the former. */
export const uploadPart: S3Operation = (call, context) => {
  const upload = openUpload(call, context);
  const number = partNumberOf(call);
  const { checksum } = call.body;
  if (
    checksum !== undefined &&
    upload.checksumAlgorithm !== undefined &&
    checksum.algorithm !== upload.checksumAlgorithm
  ) {
    throw new S3Error(
      "InvalidRequest",
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, actual checksum Type: ${checksum.algorithm.toLowerCase()}`,
    );
  }
  const part: StoredPart = {
    number,
    body: call.body.bytes,
    md5: call.body.md5,
    etag: `"${call.body.md5.toString("hex")}"`,
    lastModifiedMs: context.clock.now(),
    checksum,
  };
  upload.parts.set(number, part);
  const headers = checksum === undefined ? {} : checksumHeaders(checksum);
  delete headers["x-amz-checksum-type"];
  return emptyAnswer(200, { etag: part.etag, ...headers, ...encryptionOf(upload.headers) });
};

function partNumberOf(call: S3Call): number {
  const number = numberIn(call.query, "partNumber", 0);
  if (number < 1 || number > MAX_PARTS) {
    throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", {
      ArgumentName: "partNumber",
      ArgumentValue: String(number),
    });
  }
  return number;
}

function openUpload(call: S3Call, context: S3Context): OpenUpload {
  const uploadId = call.query.get("uploadId") ?? "";
  const upload = bucketOf(call, context).uploads.get(call.key, uploadId);
  if (upload === undefined) throw new S3Error("NoSuchUpload", undefined, { UploadId: uploadId });
  return upload;
}

/** AbortMultipartUpload: its parts are freed. */
export const abortMultipartUpload: S3Operation = (call, context) => {
  const upload = openUpload(call, context);
  bucketOf(call, context).uploads.abort(upload.uploadId);
  return emptyAnswer(204);
};

/** ListParts, in pages of up to 1,000. */
export const listParts: S3Operation = (call, context) => {
  const upload = openUpload(call, context);
  const marker = numberIn(call.query, "part-number-marker", 0);
  const maxParts = Math.min(numberIn(call.query, "max-parts", MAX_LIST_KEYS), MAX_LIST_KEYS);
  const after = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((left, right) => left.number - right.number);
  const page = after.slice(0, maxParts);
  const result = element("ListPartsResult", [
    element("Bucket", call.bucketName),
    element("Key", call.key),
    element("UploadId", upload.uploadId),
    element("PartNumberMarker", marker),
    ...optionalElement("NextPartNumberMarker", page.at(-1)?.number),
    element("MaxParts", maxParts),
    element("IsTruncated", page.length < after.length),
    ...optionalElement("ChecksumAlgorithm", upload.checksumAlgorithm),
    ...optionalElement("ChecksumType", upload.checksumType),
    ...page.map((part) =>
      element("Part", [
        element("PartNumber", part.number),
        element("LastModified", isoTime(part.lastModifiedMs)),
        element("ETag", part.etag),
        element("Size", part.body.length),
        ...(part.checksum === undefined
          ? []
          : [element(checksumElement(part.checksum.algorithm), part.checksum.value)]),
      ]),
    ),
  ]);
  return xmlAnswer(document(result, S3_NAMESPACE));
};

/** ListMultipartUploads, in pages of up to 1,000. */
export const listMultipartUploads: S3Operation = (call, context) => {
  const { query } = call;
  const { uploads } = bucketOf(call, context);
  if (query.get("delimiter")) throw new S3Error("NotImplemented", "A delimiter is not emulated here.");
  const encode = encoder(query.get("encoding-type"));
  const prefix = query.get("prefix") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const maxUploads = Math.min(numberIn(query, "max-uploads", MAX_LIST_KEYS), MAX_LIST_KEYS);
  const matching = uploads.list().filter((upload) => upload.key.startsWith(prefix));
  const marked = matching.findIndex((upload) => upload.uploadId === idMarker && upload.key === keyMarker);
  const after = matching.filter((upload, index) => (marked === -1 ? upload.key > keyMarker : index > marked));
  const page = after.slice(0, maxUploads);
  const last = page.at(-1);
  const truncated = page.length < after.length;
  const result = element("ListMultipartUploadsResult", [
    element("Bucket", call.bucketName),
    element("KeyMarker", encode(keyMarker)),
    element("UploadIdMarker", idMarker),
    ...(truncated && last !== undefined
      ? [element("NextKeyMarker", encode(last.key)), element("NextUploadIdMarker", last.uploadId)]
      : []),
    element("Prefix", encode(prefix)),
    element("MaxUploads", maxUploads),
    ...optionalElement("EncodingType", query.get("encoding-type") ?? undefined),
    element("IsTruncated", truncated),
    ...page.map((upload) =>
      element("Upload", [
        element("Key", encode(upload.key)),
        element("UploadId", upload.uploadId),
        element("Initiated", isoTime(upload.initiatedAtMs)),
        element("StorageClass", upload.headers["x-amz-storage-class"] ?? "STANDARD"),
        ...optionalElement("ChecksumAlgorithm", upload.checksumAlgorithm),
        ...optionalElement("ChecksumType", upload.checksumType),
      ]),
    ),
  ]);
  return xmlAnswer(document(result, S3_NAMESPACE));
};
