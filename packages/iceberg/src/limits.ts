/** The format version that is written. v3 wants row ids in every snapshot, v1 has no sequence numbers (Iceberg table spec, "Format Versioning"). */
export const FORMAT_VERSION = 2;

/** Manifests of ours in a snapshot before they are merged (Iceberg, `commit.manifest.min-count-to-merge`). */
export const MANIFESTS_BEFORE_MERGE = 100;

/** A manifest of so many bytes is not merged any more (Iceberg, `commit.manifest.target-size-bytes`). */
export const MERGED_MANIFEST_BYTES: number = 8 * 1024 * 1024;

/** Columns on disk that have bounds (Iceberg, `write.metadata.metrics.max-inferred-column-defaults`). */
export const MAX_COLUMNS_WITH_BOUNDS = 100;

/** Commits that others were ahead of, in one call; after that the engine's own pauses take over, and it tells. */
export const MAX_CONFLICTS = 20;

/** Files of a batch on their way to S3 at a time. */
export const FILE_CONCURRENCY = 8;

/** Files that one commit adds; further appends wait for the next one. */
export const MAX_FILES_PER_COMMIT = 10_000;

/** The longest a stream keeps its records (Kinesis Data Streams guide, "Quotas"). */
export const MAX_STREAM_RETENTION_HOURS = 8_760;
