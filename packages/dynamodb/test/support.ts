import type { Batch, BufferEntry, KinesisRecord } from "@kinesis-connectors/core";
import * as testkit from "@kinesis-connectors/testkit";

/** Real sequence numbers have 56 digits, more than a number of DynamoDB holds. */
const FIRST_SEQUENCE_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;

/** An entry of the testkit, with a sequence number of real length. */
export function entryOf<Output>(
  index: number,
  output: Output,
  changes: Partial<KinesisRecord> = {},
): BufferEntry<Output> {
  const sequenceNumber = (FIRST_SEQUENCE_NUMBER + BigInt(index)).toString();
  const arrivalTimeMs = Date.UTC(2026, 2, 29) + index;
  return testkit.entryOf(index, output, { sequenceNumber, partitionKey: "p", arrivalTimeMs, ...changes });
}

/** A batch of one record for each output, whose sequence numbers begin at `from`. */
export function batchOf<Output>(
  outputs: readonly Output[],
  from = 0,
  shardId = "shardId-000000000003",
): Batch<Output> {
  const entries = outputs.map((output, index) => entryOf(from + index, output));
  return testkit.batchOfEntries(entries, { shardId });
}
