export { type Compression, gzip, none } from "./compression.js";
export type { S3ConnectionOptions } from "./connection.js";
export { type Format, ndjson, raw, type RawOptions } from "./formats.js";
export { ObjectWriter } from "./object-writer.js";
export type { ReplayedRecord } from "./parse-dead-letter.js";
export { replayDeadLetters, type ReplayOptions } from "./replay-dead-letters.js";
export { rangeNameOf, type S3Place, type S3Plan } from "./requests.js";
export { s3DeadLetters } from "./s3-dead-letters.js";
export { s3Emitter, type S3EmitterOptions, type S3ObjectOptions } from "./s3-emitter.js";
