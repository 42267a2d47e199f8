const KiB = 1024;

/** Records in one request (API reference of Amazon Data Firehose, PutRecordBatch: "up to 500 records"). */
export const MAX_REQUEST_RECORDS = 500;

/** Data of one request in bytes, before base64 (same page: "up to 4 MiB for the entire request"). */
export const MAX_REQUEST_BYTES: number = 4 * KiB * KiB;

/** Data of one record in bytes, before base64 (API reference, Record: "1,000 KiB"). */
export const MAX_RECORD_BYTES: number = 1000 * KiB;
