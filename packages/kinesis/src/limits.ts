const KiB = 1024;
const MiB = 1024 * KiB;

/** Records in one request (Kinesis API reference, PutRecords). */
export const MAX_REQUEST_RECORDS = 500;

/**
 * Data and keys of one request in bytes. The page of PutRecords says 10 MiB; the quotas page of the developer guide long said 5 MiB, and a
 * stream whose records are at most 1 MiB may still be held to that. The smaller one always works.
 */
export const MAX_REQUEST_BYTES: number = 5 * MiB;

/** The same for streams whose records may be larger than 1 MiB (PutRecords: "up to a limit of 10 MiB for the entire request"). */
export const MAX_LARGE_REQUEST_BYTES: number = 10 * MiB;

/** Data and key of one record in bytes, unless the stream was set to more (UpdateMaxRecordSize: 1,024 to 10,240 KiB). */
export const DEFAULT_MAX_RECORD_BYTES: number = MiB;

/** The most that a stream can be set to (UpdateMaxRecordSize). */
export const LARGEST_RECORD_BYTES: number = 10 * MiB;

/**
 * Characters of a partition key; it has at least one (PutRecordsRequestEntry, `PartitionKey`: "Unicode strings, with a maximum length limit of
 * 256 characters"). Counted in UTF-16 units: a request is refused whole for one key that is too long, and this is the stricter way.
 */
export const MAX_PARTITION_KEY_CHARACTERS = 256;

/** Bytes of the longest partition key: a UTF-16 unit takes up to three bytes in UTF-8. */
export const MAX_PARTITION_KEY_BYTES: number = 3 * MAX_PARTITION_KEY_CHARACTERS;

/** Largest aggregate by default: the KPL's `AggregationMaxSize` (default_config.properties of the KPL). */
export const DEFAULT_AGGREGATE_BYTES: number = 50 * KiB;

/** Shards in one answer of ListShards (API reference: 1 to 10,000). */
export const MAX_LISTED_SHARDS = 10_000;

/** Data in bytes that `toClaimChecks` leaves in the record by default: as lifion-kinesis does (`largeItemThreshold`), and a MiB with the longest key. */
export const DEFAULT_MAX_INLINE_BYTES: number = 900 * KiB;
