/**
 * The limits of S3 that the local server enforces.
 *
 * Sources: "Amazon S3 multipart upload limits" and "Naming Amazon S3 objects" in the S3 user guide, and the API
 * pages of PutObject, ListObjectsV2 and DeleteObjects.
 */

/** Bytes of UTF-8 in a key; longer is `KeyTooLongError`. */
export const MAX_KEY_BYTES: number = 1_024;
/** Bytes of all `x-amz-meta-*` names and values together; more is `MetadataTooLarge`. */
export const MAX_METADATA_BYTES: number = 2_048;
/** Bytes of one PutObject or UploadPart; more is `EntityTooLarge`. */
export const MAX_PUT_BYTES: number = 5 * 1024 ** 3;
/** Bytes of an XML or JSON request body that is not object data. */
export const MAX_DOCUMENT_BYTES: number = 2 * 1024 ** 2;
/** Bytes of every part but the last; fewer is `EntityTooSmall`, told at CompleteMultipartUpload. */
export const MIN_PART_BYTES: number = 5 * 1024 ** 2;
/** The highest part number. */
export const MAX_PARTS: number = 10_000;
/** Keys in one page of ListObjectsV2, and the default. */
export const MAX_LIST_KEYS: number = 1_000;
/** Keys in one DeleteObjects request. */
export const MAX_DELETE_KEYS: number = 1_000;
/** Tags of one object. */
export const MAX_TAGS: number = 10;
