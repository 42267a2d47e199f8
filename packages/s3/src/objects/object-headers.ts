import type {
  CreateMultipartUploadCommandInput,
  ObjectCannedACL,
  RequestPayer,
  ServerSideEncryption,
  StorageClass,
} from "@aws-sdk/client-s3";

/** Options that are the same for all objects of an emitter. */
export interface ObjectSettings {
  readonly bucket: string;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  readonly serverSideEncryption: ServerSideEncryption | undefined;
  readonly sseKmsKeyId: string | undefined;
  readonly bucketKeyEnabled: boolean | undefined;
  readonly storageClass: StorageClass | undefined;
  readonly expectedBucketOwner: string | undefined;
  /** Written like a query string. */
  readonly tagging: string | undefined;
  readonly acl: ObjectCannedACL | undefined;
  readonly requestPayer: RequestPayer | undefined;
  readonly multipartAboveBytes: number;
  readonly partBytes: number;
  readonly partConcurrency: number;
}

/** Parameters of the requests that make an object. */
type ObjectHeaders = Omit<CreateMultipartUploadCommandInput, "ChecksumAlgorithm" | "Key" | "Metadata"> & {
  readonly Key: string;
  readonly Metadata: Record<string, string>;
};

/** Parameters of every request about an object. */
export function target(
  settings: Pick<ObjectSettings, "bucket" | "expectedBucketOwner" | "requestPayer">,
  key: string,
): {
  readonly Bucket: string;
  readonly Key: string;
  readonly ExpectedBucketOwner: string | undefined;
  readonly RequestPayer: RequestPayer | undefined;
} {
  return {
    Bucket: settings.bucket,
    Key: key,
    ExpectedBucketOwner: settings.expectedBucketOwner,
    RequestPayer: settings.requestPayer,
  };
}

/** What PutObject and CreateMultipartUpload share, so that small and large objects cannot differ. */
export function headersOf(
  settings: ObjectSettings,
  object: { readonly key: string; readonly metadata: Record<string, string> },
): ObjectHeaders {
  return {
    ...target(settings, object.key),
    ContentType: settings.contentType,
    ContentEncoding: settings.contentEncoding,
    Metadata: object.metadata,
    ServerSideEncryption: settings.serverSideEncryption,
    SSEKMSKeyId: settings.sseKmsKeyId,
    BucketKeyEnabled: settings.bucketKeyEnabled,
    StorageClass: settings.storageClass,
    Tagging: settings.tagging,
    ACL: settings.acl,
  };
}
