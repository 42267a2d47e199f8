import { type DeadLetter, type DeadLetterEmitter, checkOptions } from "@kinesis-connectors/core";
import { ndjson } from "../formats/formats.js";
import { dayOf, rangeNameOf, type S3Plan } from "../requests.js";
import { S3_OBJECT_OPTIONS, type S3ObjectOptions } from "../options.js";
import { s3Emitter } from "../s3-emitter.js";

/** Follows the name of an object of dead letters; keeps them apart from the archive, also under one prefix. */
export const DEAD_LETTER_EXTENSION = ".dead.ndjson";

/**
 * Sets aside the records that cannot be delivered: one object per batch that has any, `<prefix>/YYYY/MM/DD/<shardId>/<first>-<last>.dead.ndjson`,
 * one line per record with everything that `replayDeadLetters` needs. It is one more object of the same batch, so each dead letter
 * lands once.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3DeadLetters(options: S3ObjectOptions): DeadLetterEmitter<S3Plan> {
  checkOptions("s3DeadLetters", options, S3_OBJECT_OPTIONS);
  return s3Emitter<DeadLetter>({
    ...options,
    format: { ...ndjson(), extension: DEAD_LETTER_EXTENSION },
    key: (batch) => `${dayOf(batch)}/${batch.shardId}/${rangeNameOf(batch)}`,
  });
}
