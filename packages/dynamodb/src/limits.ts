const KiB = 1024;
const MiB = 1024 * KiB;

/** Writes in one BatchWriteItem (API reference, BatchWriteItem). */
export const MAX_BATCH_WRITES = 25;

/** Bytes of one BatchWriteItem on the wire, that is of its JSON body and not of the stored items (same page). */
export const MAX_BATCH_BYTES: number = 16 * MiB;

/** Bytes of one item as it is stored, names and values (developer guide, "Quotas in Amazon DynamoDB", item size). */
export const MAX_ITEM_BYTES: number = 400 * KiB;

/** Bytes of the value of a partition key (same page). */
export const MAX_PARTITION_KEY_BYTES: number = 2 * KiB;

/** Bytes of the value of a sort key (same page). */
export const MAX_SORT_KEY_BYTES: number = 1 * KiB;

/** Levels of lists and maps inside each other (same page, "Nested attribute depth"). */
export const MAX_DEPTH = 32;

/** Significant digits of a number (same page, "Number"). */
export const MAX_NUMBER_DIGITS = 38;

/** Exponents of the first digit between which a number must lie: 1E-130 to 9.99...E+125 (same page). */
export const MIN_NUMBER_EXPONENT = -130;
/** See `MIN_NUMBER_EXPONENT`. */
export const MAX_NUMBER_EXPONENT = 125;

/** What stands in the body of a BatchWriteItem around its writes: names, braces, the table's name or ARN. An upper bound. */
export const BATCH_ENVELOPE_BYTES: number = 2 * KiB;

/** What stands around one item: `{"DeleteRequest":{"Key":}},`. An upper bound. */
export const WRITE_ENVELOPE_BYTES = 32;

/** Requests under way at a time, of all shards together, where the caller does not say otherwise. */
export const DEFAULT_MAX_CONCURRENCY = 64;
