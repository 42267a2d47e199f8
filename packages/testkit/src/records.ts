import type { KinesisRecord } from "@kinesis-connectors/core";

/** The content of a test's record: text, bytes, or a record whose other fields matter too. */
export type RecordContent = string | Uint8Array | (Partial<KinesisRecord> & Pick<KinesisRecord, "data">);

/** Near the place where sequence numbers get one digit more, so that comparing them as texts goes wrong early. */
const FIRST_SEQUENCE_NUMBER = 10n ** 55n - 49n;

/**
 * Records of one shard in the order given, with rising sequence numbers that are not neighbours, as in a real shard. A record that
 * sets a field itself keeps it.
 *
 * @param firstIndex the index of the first one; default 0. Records of the same index have the same sequence number
 */
export function recordsOf(contents: readonly RecordContent[], firstIndex = 0): KinesisRecord[] {
  return contents.map((content, step) => {
    const index = firstIndex + step;
    const given =
      typeof content === "string"
        ? { data: new TextEncoder().encode(content) }
        : content instanceof Uint8Array
          ? { data: content }
          : content;
    return {
      sequenceNumber: (FIRST_SEQUENCE_NUMBER + BigInt(index) * 7n).toString(),
      subSequenceNumber: 0,
      partitionKey: `key-${index % 3}`,
      arrivalTimeMs: Date.UTC(2026, 0, 1) + index,
      ...given,
    };
  });
}
