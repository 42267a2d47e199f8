import { comparePositions, compareSequenceNumbers, type Position } from "@kinesis-connectors/core";

/**
 * The sequence number from which on records have to come again, undefined when all have been dealt with. Inside an aggregate it is the aggregate's
 * own, and what it holds before the checkpoint is passed over next time.
 *
 * @param records of the stream, in their order: an aggregate is one
 * @param userRecords taken out of them
 * @param checkpoint the last position that has been dealt with; undefined for none
 */
export function firstFailure(
  records: readonly { readonly sequenceNumber: string }[],
  userRecords: readonly Position[],
  checkpoint: Position | undefined,
): string | undefined {
  if (checkpoint === undefined) return records[0]?.sequenceNumber;
  const open = userRecords.find((record) => comparePositions(record, checkpoint) > 0);
  if (open !== undefined) return open.sequenceNumber;
  // An aggregate that was left out has no user records, and may be the last one.
  return records.find(
    ({ sequenceNumber }) => compareSequenceNumbers(sequenceNumber, checkpoint.sequenceNumber) > 0,
  )?.sequenceNumber;
}
