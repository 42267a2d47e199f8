import { createHash } from "node:crypto";
import { encryptionOf } from "./attributes.js";
import { bucketOf, headerOf, xmlAnswer, type S3Answer, type S3Call, type S3Operation } from "../call.js";
import {
  checksumElement,
  checksumHeader,
  checksumOf,
  CHECKSUM_ALGORITHMS,
  createDigester,
  type Checksum,
} from "../protocol/checksums.js";
import { S3Error } from "../errors.js";
import { MAX_PARTS, MIN_PART_BYTES } from "../limits.js";
import { checksumHeaders, defaultChecksum } from "./object-operations.js";
import type { StoredObject } from "../store/object-store.js";
import type { OpenUpload, StoredPart } from "../store/uploads.js";
import { document, element, S3_NAMESPACE, textOf, type XmlElement } from "../protocol/xml.js";
import { parseBody } from "../protocol/xml-body.js";

/**
 * CompleteMultipartUpload: joins the listed parts into one object, under the same conditions as PutObject. Repeated
 * after success it gives the same answer ("The processing of a CompleteMultipartUpload request is idempotent").
 */
export const completeMultipartUpload: S3Operation = (call, context) => {
  const bucket = bucketOf(call, context);
  const uploadId = call.query.get("uploadId") ?? "";
  const finished = bucket.uploads.finished(call.key, uploadId);
  if (finished !== undefined) return xmlAnswer(finished.body, finished.headers);
  const upload = bucket.uploads.get(call.key, uploadId);
  if (upload === undefined) throw new S3Error("NoSuchUpload", undefined, { UploadId: uploadId });

  const parts = listedParts(parseBody(call, "CompleteMultipartUpload"), upload);
  const body = Buffer.concat(parts.map((part) => part.body));
  const md5 = createHash("md5");
  for (const part of parts) md5.update(part.md5);
  const object: StoredObject = {
    key: call.key,
    body,
    etag: `"${md5.digest("hex")}-${parts.length}"`,
    lastModifiedMs: context.clock.now(),
    checksum: objectChecksum(upload, parts, body),
    headers: upload.headers,
    tags: upload.tags,
    partSizes: parts.map((part) => part.body.length),
  };
  checkDeclared(call, object);
  // A refused Complete leaves the upload open; after a 409 the client starts again from Create.
  call.write?.commit(object);
  const answer = completed(object, call);
  bucket.uploads.finish(uploadId, { key: call.key, headers: answer.headers, body: String(answer.body) });
  return answer;
};

function completed(object: StoredObject, call: S3Call): S3Answer {
  const result = element("CompleteMultipartUploadResult", [
    element("Location", `/${call.bucketName}/${call.key}`),
    element("Bucket", call.bucketName),
    element("Key", call.key),
    element("ETag", object.etag),
    element(checksumElement(object.checksum.algorithm), object.checksum.value),
    element("ChecksumType", object.checksum.type),
  ]);
  return xmlAnswer(document(result, S3_NAMESPACE), {
    ...encryptionOf(object.headers),
    ...checksumHeaders(object.checksum),
  });
}

/** The stored parts that the request lists, each as the request describes it. */
function listedParts(root: XmlElement, upload: OpenUpload): readonly StoredPart[] {
  const listed = root.children.filter((child) => child.name === "Part");
  if (listed.length === 0 || listed.length > MAX_PARTS) throw new S3Error("MalformedXML");
  let previous = 0;
  const parts = listed.map((described) => {
    const number = Number(textOf(described, "PartNumber"));
    if (!Number.isInteger(number)) throw new S3Error("MalformedXML");
    if (number <= previous) throw new S3Error("InvalidPartOrder", undefined, { UploadId: upload.uploadId });
    previous = number;
    const part = upload.parts.get(number);
    if (part === undefined || !describes(described, part)) {
      throw new S3Error("InvalidPart", undefined, {
        UploadId: upload.uploadId,
        PartNumber: String(number),
        ETag: textOf(described, "ETag") ?? "",
      });
    }
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.body.length < MIN_PART_BYTES) {
      throw new S3Error("EntityTooSmall", undefined, {
        ProposedSize: String(part.body.length),
        MinSizeAllowed: String(MIN_PART_BYTES),
        PartNumber: String(part.number),
        ETag: part.etag.replaceAll('"', ""),
      });
    }
  }
  return parts;
}

function describes(described: XmlElement, part: StoredPart): boolean {
  if (textOf(described, "ETag")?.replaceAll('"', "") !== part.etag.replaceAll('"', "")) return false;
  return CHECKSUM_ALGORITHMS.every((algorithm) => {
    const value = textOf(described, checksumElement(algorithm));
    return value === undefined || value === checksumOf(algorithm, part.body);
  });
}

function objectChecksum(upload: OpenUpload, parts: readonly StoredPart[], body: Buffer): Checksum {
  const algorithm = upload.checksumAlgorithm;
  if (algorithm === undefined) return defaultChecksum(body);
  if (upload.checksumType === "FULL_OBJECT") {
    return { algorithm, value: checksumOf(algorithm, body), type: "FULL_OBJECT" };
  }
  const digester = createDigester(algorithm);
  for (const part of parts) {
    digester.update(Buffer.from(part.checksum?.value ?? checksumOf(algorithm, part.body), "base64"));
  }
  return {
    algorithm,
    value: `${digester.digest().toString("base64")}-${parts.length}`,
    type: "COMPOSITE",
  };
}

/** What the request says about the finished object must be so. */
function checkDeclared(call: S3Call, object: StoredObject): void {
  const size = headerOf(call.headers, "x-amz-mp-object-size");
  if (size !== undefined && Number(size) !== object.body.length) {
    throw new S3Error(
      "InvalidRequest",
      "The provided 'x-amz-mp-object-size' header does not match the object.",
    );
  }
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = headerOf(call.headers, checksumHeader(algorithm));
    // The value may be sent with its number of parts or without.
    const plain = object.checksum.value.replace(/-\d+$/, "");
    if (value === undefined) continue;
    if (algorithm !== object.checksum.algorithm || value.replace(/-\d+$/, "") !== plain) {
      throw new S3Error("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`);
    }
  }
}
