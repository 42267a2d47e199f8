import type { Batch } from "../batch.js";
import { codeOf } from "../dead-letters.js";
import { KinesisConnectorError } from "../errors.js";
import type { Logger } from "../logger.js";
import { errorFields, saidOf } from "../logging/error-fields.js";
import type { RefusedRecord } from "./filling/range.js";

/** One line per batch, however many they are: where the first of them stands, and how many there are of each kind. */
export function logDeadLetters(
  logger: Logger,
  { stream, shardId, batchId }: Pick<Batch<never>, "stream" | "shardId" | "batchId">,
  refused: readonly RefusedRecord[],
): void {
  const [first] = refused;
  if (first === undefined) return;
  const codes: Record<string, number> = {};
  for (const { error } of refused) codes[codeOf(error)] = (codes[codeOf(error)] ?? 0) + 1;
  const { record, error } = first;
  const position = `${record.sequenceNumber}.${record.subSequenceNumber}`;
  logger.warn(
    { stream, shardId, batchId, deadLetters: refused.length, codes, position, ...errorFields(error) },
    "record-dead-letter: records were set aside as dead letters; position and error are those of the first",
  );
}

/** The error that stops a shard before a record that cannot be delivered. */
export function poisonError(
  shardId: string,
  record: { readonly sequenceNumber: string; readonly subSequenceNumber: number },
  cause: Error,
): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `${shardId}: the record ${record.sequenceNumber}.${record.subSequenceNumber} cannot be delivered (${saidOf(cause)}); the shard stops before it. ` +
      "Mend the transformer, or give the pipeline deadLetters so that such records are set aside",
    { cause },
  );
}
