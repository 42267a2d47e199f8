const KiB = 1024;
const MiB = 1024 * KiB;

/** Longest name of a table or column in bytes of UTF-8 (Redshift developer guide, "Names and identifiers"). */
export const MAX_IDENTIFIER_BYTES = 127;

/** Largest row that COPY reads from a file, in bytes (developer guide, "Usage notes" of COPY: 4 MB). */
export const MAX_ROW_BYTES: number = 4 * MiB;

/** Largest MAXERROR (developer guide, "Data load operations"): more bad rows than this end a COPY in any case. */
export const MAX_LOAD_ERRORS = 100_000;

/** File names in the views of load errors are cut after this many characters (developer guide, SYS_LOAD_ERROR_DETAIL). */
export const MAX_ERROR_FILE_NAME = 256;

/**
 * Bytes of SQL in one call of the Data API ("Considerations when calling the Amazon Redshift Data API": 100 KB for a query statement). It is not said
 * whether the statements of a batch are counted one by one, so they are counted together.
 */
export const MAX_SQL_BYTES: number = 100 * KiB;

/** Statements of one BatchExecuteStatement (API reference, `Sqls`). */
export const MAX_BATCH_STATEMENTS = 40;

/** Objects of one load by manifest, each of which takes about 160 bytes of SQL: the rest of `MAX_SQL_BYTES` is for the columns. */
export const MAX_OBJECTS_PER_LOAD = 200;

/** Objects that one batch is split into at most: each is named in the plan, and a plan has to fit into the lease row. */
export const MAX_OBJECTS_PER_BATCH = 64;

/** Bytes of one staged object before compression, where the caller does not say: compressed files of 1 MB to 1 GB load best (developer guide, "Loading data from compressed and uncompressed files"). */
export const DEFAULT_OBJECT_BYTES: number = 32 * MiB;

/** How long the Data API lets a statement run (same page: 24 hours) is far longer than a load should: after this it is cancelled and repeated. */
export const DEFAULT_STATEMENT_TIMEOUT_MS: number = 30 * 60 * 1000;
