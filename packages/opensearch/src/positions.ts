import type { BufferEntry, Position } from "@kinesis-connectors/core";
import { SEQUENCE_NUMBER_DIGITS } from "./limits.js";

/** Which output of its record an entry is, from 0. */
export type OrdinalOf = (entry: BufferEntry<unknown>) => number;

/**
 * Numbers the outputs of each record. An entry keeps the number of the first batch it was seen in: tried again alone, the second output
 * of a record must not take the place of the first. A record's outputs are never spread over batches by the engine.
 */
export function createOrdinals(): (entries: readonly BufferEntry<unknown>[]) => OrdinalOf {
  const known = new WeakMap<BufferEntry<unknown>, number>();
  return (entries) => {
    let previous: BufferEntry<unknown> | undefined;
    for (const entry of entries) {
      if (!known.has(entry)) {
        const follows = previous !== undefined && isSamePosition(previous.record, entry.record);
        known.set(entry, follows && previous !== undefined ? (known.get(previous) ?? 0) + 1 : 0);
      }
      previous = entry;
    }
    return (entry) => known.get(entry) ?? 0;
  };
}

function isSamePosition(one: Position, other: Position): boolean {
  return one.sequenceNumber === other.sequenceNumber && one.subSequenceNumber === other.subSequenceNumber;
}

/** `<shardId>-<sequence>.<sub>`, and `-<n>` after it for further outputs of one record: the same document whoever writes it. */
export function positionId(shardId: string, position: Position, ordinal: number): string {
  const id = `${shardId}-${position.sequenceNumber}.${position.subSequenceNumber}`;
  return ordinal === 0 ? id : `${id}-${ordinal}`;
}

/**
 * A position as a text that sorts as the position does. A sequence number has up to 186 bits and a version of OpenSearch 63, so the
 * order is kept by text and not by version.
 */
export function sortablePosition(position: Position, ordinal: number): string {
  const digits = position.sequenceNumber;
  // The API permits 129 digits: a longer one begins with a letter and its length, and so comes after all of the usual length.
  const sequence =
    digits.length <= SEQUENCE_NUMBER_DIGITS
      ? digits.padStart(SEQUENCE_NUMBER_DIGITS, "0")
      : `x${String(digits.length).padStart(3, "0")}${digits}`;
  return `${sequence}.${pad(position.subSequenceNumber)}.${pad(ordinal)}`;
}

function pad(count: number): string {
  return String(count).padStart(10, "0");
}
