import { KinesisConnectorError } from "../errors.js";
import type { Position } from "../record.js";

/** The error of a shard whose records are gone from the stream, from `expected` on. */
export function gapError(
  shardId: string,
  { sequenceNumber, subSequenceNumber }: Position,
): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RETENTION_GAP",
    `${shardId}: records from ${sequenceNumber}.${subSequenceNumber} on are gone from the stream, because they are older than its retention; ` +
      'to go on with what is left set onRetentionGap to "continue", and raise the retention of the stream',
  );
}
