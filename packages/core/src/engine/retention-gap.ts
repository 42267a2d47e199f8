import { KinesisConnectorError } from "../errors.js";
import { type Position, positionOf } from "../record.js";
import type { ShardContext } from "./shard-context.js";

/** Tells that records are gone from the stream, from `expected` on; `found` is the first that is left. */
export function tellGap(
  { stream, shardId, observe }: Pick<ShardContext, "stream" | "shardId" | "observe">,
  expected: Position,
  found: Position | undefined,
): void {
  observe({ type: "retention-gap", stream, shardId, expected, found: found && positionOf(found) });
}

/**
 * Ends the shard at a gap, unless it is to go on with what is left.
 * @throws KinesisConnectorError `KC_RETENTION_GAP`
 */
export function stopAtGap(
  { shardId, onRetentionGap = "stop" }: Pick<ShardContext, "shardId" | "onRetentionGap">,
  { sequenceNumber, subSequenceNumber }: Position,
): void {
  if (onRetentionGap !== "stop") return;
  throw new KinesisConnectorError(
    "KC_RETENTION_GAP",
    `${shardId}: records from ${sequenceNumber}.${subSequenceNumber} on are gone from the stream, because they are older than its retention; ` +
      'to go on with what is left set onRetentionGap to "continue", and raise the retention of the stream',
  );
}
