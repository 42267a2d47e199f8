/** Most records of one invocation (Lambda API reference, CreateEventSourceMapping, BatchSize for Kinesis). */
export const MAX_BATCH_RECORDS = 10_000;

/** Most bytes of an invocation's payload (Lambda developer guide, "Lambda quotas": invocation payload, synchronous); the records' data stands in it as base64, so that about 4.4 MiB of data fit. */
export const MAX_PAYLOAD_BYTES: number = 6 * 1024 * 1024;

/**
 * How long before its end an invocation lets go of what it is doing, in milliseconds. What is aborted settles well within a second; a sandbox that answers is
 * frozen, and what still runs in it would go on when it is thawed.
 */
export const MARGIN_MS = 1_000;

/** Default of `MaximumRetryAttempts` and `MaximumRecordAgeInSeconds`: for ever (Lambda developer guide, "Lambda parameters for Amazon Kinesis Data Streams event source mappings"). */
export const FOR_EVER = -1;

/** Mappings of one page of ListEventSourceMappings (API reference: MaxItems, at most 100 of them are returned). */
export const MAX_MAPPINGS_PER_PAGE = 100;
