const KiB = 1024;
const MiB = 1024 * KiB;

/** Longest object key in bytes of UTF-8 (S3 user guide, "Creating object key names"). */
export const MAX_KEY_BYTES = 1024;

/** What the name of a batch takes in a key at most: sequence numbers of 56 digits, a shard id of up to 128 characters, extensions. */
export const MAX_NAME_BYTES = 300;

/** Names and values of user-defined metadata together, in bytes (S3 user guide, "Working with object metadata"). */
export const MAX_METADATA_BYTES: number = 2 * KiB;

/** Tags of an object (S3 user guide, "Categorizing your storage using tags"). */
export const MAX_TAGS = 10;

/** Smallest part of a multipart upload but the last (S3 user guide, "Amazon S3 multipart upload limits"). */
export const MIN_PART_BYTES: number = 5 * MiB;

/** Largest part, and largest object written by one PutObject (same page). */
export const MAX_PUT_BYTES: number = 5 * KiB * MiB;

/** Parts of one multipart upload (same page). */
export const MAX_PARTS = 10_000;

/** Above this many bytes an object goes up in parts, where the caller does not say otherwise. */
export const DEFAULT_MULTIPART_ABOVE_BYTES: number = 16 * MiB;

/** Size of a part, where the caller does not say otherwise. */
export const DEFAULT_PART_BYTES: number = 8 * MiB;

/** Longest record that a replay of dead letters reads, in bytes of its line: a 10 MiB record in base64, and its fields. */
export const MAX_DEAD_LETTER_LINE_BYTES: number = 16 * MiB;

/** Bytes of the object that a claim check names, unless said otherwise: six times the largest record of Kinesis. */
export const DEFAULT_MAX_PAYLOAD_BYTES: number = 64 * MiB;

/** Time limit of reading or storing the payload of a claim check in milliseconds, unless said otherwise: below a pipeline's `transformTimeoutMs` of 30,000. */
export const DEFAULT_PAYLOAD_TIMEOUT_MS = 20_000;
