const MiB = 1024 * 1024;

/** Longest identifier in bytes of UTF-8: longer ones are cut in silence (PostgreSQL manual, "Identifiers and Key Words": NAMEDATALEN - 1). */
export const MAX_IDENTIFIER_BYTES = 63;

/** Largest field, and largest message to the server, in bytes ("PostgreSQL Limits": field size 1 GB; `MaxAllocSize` of memutils.h). */
export const MAX_ROW_BYTES: number = 1024 * MiB - 1;

/** Rows of one statement where the caller does not say. Each column is one parameter, so the 65,535 of the protocol never bind. */
export const DEFAULT_ROWS_PER_STATEMENT = 5_000;

/**
 * Characters of one statement's values: a statement is held three times on its way, as text, as bytes and in the server, and is one message of at most 1 GB.
 * A row that is larger goes alone.
 */
export const MAX_STATEMENT_CHARACTERS: number = 16 * MiB;

/** Connections at a time where the caller does not say: one for each shard under way. A server takes 100 by default (`max_connections`). */
export const DEFAULT_MAX_CONNECTIONS = 16;

/** Time limit of a statement, in milliseconds, where the caller does not say. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** Longest retention of a stream, in hours (Kinesis Data Streams developer guide, "Change the data retention period"). */
export const MAX_RETENTION_HOURS = 8_760;

/** Shortest retention of a stream, in hours (same page). */
export const MIN_RETENTION_HOURS = 24;

/** How long a position outlives the records before it, in hours: clocks differ, and retention is no promise by the second. */
export const POSITION_MARGIN_HOURS = 24;
