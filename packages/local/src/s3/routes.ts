import type { IncomingHttpHeaders } from "node:http";
import type { S3Address } from "./protocol/address.js";
import * as buckets from "./operations/bucket-operations.js";
import type { S3Operation } from "./call.js";
import { completeMultipartUpload } from "./operations/complete-upload.js";
import { S3Error } from "./errors.js";
import { MAX_DOCUMENT_BYTES, MAX_PUT_BYTES } from "./limits.js";
import * as multipart from "./operations/multipart-operations.js";
import * as objects from "./operations/object-operations.js";

/** What the server needs to know of an operation before it runs it. */
export interface S3Route {
  /** As AWS spells it; the name in the journal and in fault rules. */
  readonly operation: string;
  readonly run: S3Operation;
  /** Bytes of body that are read. */
  readonly maxBodyBytes: number;
  /** Whether it changes anything. */
  readonly changes: boolean;
  /** Whether it writes an object under If-None-Match and If-Match. */
  readonly conditional: boolean;
}

type Traits = Partial<Omit<S3Route, "operation" | "run">>;

const route = (operation: string, run: S3Operation, traits: Traits = {}): S3Route => ({
  operation,
  run,
  maxBodyBytes: MAX_DOCUMENT_BYTES,
  changes: false,
  conditional: false,
  ...traits,
});

const changes: Traits = { changes: true };

const ROUTES = {
  listBuckets: route("ListBuckets", buckets.listBuckets),
  createBucket: route("CreateBucket", buckets.createBucket, changes),
  headBucket: route("HeadBucket", buckets.headBucket),
  deleteBucket: route("DeleteBucket", buckets.deleteBucket, changes),
  getBucketLocation: route("GetBucketLocation", buckets.getBucketLocation),
  listObjectsV2: route("ListObjectsV2", buckets.listObjectsV2),
  listMultipartUploads: route("ListMultipartUploads", multipart.listMultipartUploads),
  deleteObjects: route("DeleteObjects", objects.deleteObjects, changes),
  putObject: route("PutObject", objects.putObject, {
    changes: true,
    conditional: true,
    maxBodyBytes: MAX_PUT_BYTES,
  }),
  copyObject: route("CopyObject", objects.copyObject, { changes: true, conditional: true }),
  getObject: route("GetObject", objects.getObject),
  headObject: route("HeadObject", objects.getObject),
  deleteObject: route("DeleteObject", objects.deleteObject, changes),
  getObjectTagging: route("GetObjectTagging", objects.getObjectTagging),
  putObjectTagging: route("PutObjectTagging", objects.putObjectTagging, changes),
  deleteObjectTagging: route("DeleteObjectTagging", objects.deleteObjectTagging, changes),
  createMultipartUpload: route("CreateMultipartUpload", multipart.createMultipartUpload, changes),
  uploadPart: route("UploadPart", multipart.uploadPart, { changes: true, maxBodyBytes: MAX_PUT_BYTES }),
  completeMultipartUpload: route("CompleteMultipartUpload", completeMultipartUpload, {
    changes: true,
    conditional: true,
  }),
  abortMultipartUpload: route("AbortMultipartUpload", multipart.abortMultipartUpload, changes),
  listParts: route("ListParts", multipart.listParts),
} as const;

/** Query parameters that choose no other operation; everything else unknown is refused, never ignored. */
const PLAIN_PARAMETERS = new Set([
  "x-id",
  "list-type",
  "prefix",
  "delimiter",
  "start-after",
  "continuation-token",
  "max-keys",
  "encoding-type",
  "fetch-owner",
  "uploads",
  "uploadId",
  "partNumber",
  "max-parts",
  "part-number-marker",
  "max-uploads",
  "key-marker",
  "upload-id-marker",
  "tagging",
  "location",
  "delete",
]);

/**
 * Chooses the operation of a request.
 *
 * @throws {S3Error} `NotImplemented` for what S3 has and this server does not, `MethodNotAllowed` for what S3 lacks
 */
export function routeOf(method: string, address: S3Address, headers: IncomingHttpHeaders): S3Route {
  const { query } = address;
  for (const name of query.keys()) {
    if (!PLAIN_PARAMETERS.has(name) && !/^x-amz-/i.test(name)) {
      throw new S3Error("NotImplemented", `The parameter "${name}" is not emulated by this local S3.`);
    }
  }
  const chosen =
    address.bucket === undefined
      ? serverRoute(method)
      : address.key === undefined
        ? bucketRoute(method, query)
        : objectRoute(method, query, headers);
  if (chosen === undefined) throw new S3Error("MethodNotAllowed");
  return chosen;
}

function serverRoute(method: string): S3Route | undefined {
  return method === "GET" ? ROUTES.listBuckets : undefined;
}

function bucketRoute(method: string, query: URLSearchParams): S3Route | undefined {
  switch (method) {
    case "PUT":
      return ROUTES.createBucket;
    case "HEAD":
      return ROUTES.headBucket;
    case "DELETE":
      return ROUTES.deleteBucket;
    case "POST":
      return query.has("delete") ? ROUTES.deleteObjects : undefined;
    case "GET":
      if (query.has("location")) return ROUTES.getBucketLocation;
      if (query.has("uploads")) return ROUTES.listMultipartUploads;
      if (query.get("list-type") === "2") return ROUTES.listObjectsV2;
      throw new S3Error("NotImplemented", "ListObjects is not emulated by this local S3: use ListObjectsV2.");
    default:
      return undefined;
  }
}

function objectRoute(
  method: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): S3Route | undefined {
  const tagging = query.has("tagging");
  const upload = query.has("uploadId");
  switch (method) {
    case "PUT":
      if (tagging) return ROUTES.putObjectTagging;
      if (headers["x-amz-copy-source"] === undefined) return upload ? ROUTES.uploadPart : ROUTES.putObject;
      if (upload) throw new S3Error("NotImplemented", "UploadPartCopy is not emulated by this local S3.");
      return ROUTES.copyObject;
    case "GET":
      if (tagging) return ROUTES.getObjectTagging;
      return upload ? ROUTES.listParts : ROUTES.getObject;
    case "HEAD":
      return ROUTES.headObject;
    case "DELETE":
      if (tagging) return ROUTES.deleteObjectTagging;
      return upload ? ROUTES.abortMultipartUpload : ROUTES.deleteObject;
    case "POST":
      if (query.has("uploads")) return ROUTES.createMultipartUpload;
      return upload ? ROUTES.completeMultipartUpload : undefined;
    default:
      return undefined;
  }
}
