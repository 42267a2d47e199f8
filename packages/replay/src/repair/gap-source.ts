import { comparePositions, type Position, type RecordPage, type ShardSource } from "@kinesis-connectors/core";
import type { Gap } from "./gaps.js";
import type { IsLetter } from "./letters-in-gap.js";

/**
 * The records of a gap, of a source that reads its shard. It ends with the gap, wherever the shard goes on.
 * @param letters - asked once, before the first record: which of them were set aside, and are left out
 */
export function gapSource(source: ShardSource, { end }: Gap, letters: () => Promise<IsLetter>): ShardSource {
  /** Whether a position is past the gap. */
  const isPast = (position: Position): boolean => {
    if (end.type === "shard-end") return false;
    const order = comparePositions(position, end.position);
    return end.type === "before" ? order >= 0 : order > 0;
  };
  /** Whether nothing of the gap can come behind a position. */
  const isLast = (position: Position): boolean =>
    isPast(position) || (end.type === "through" && comparePositions(position, end.position) === 0);
  return {
    open: (start) => {
      const reader = source.open(start);
      let isLetter: IsLetter | undefined;
      return {
        next: async (signal): Promise<RecordPage> => {
          const { shardEnd, scannedEnd, ...page } = await reader.next(signal);
          const beyond = page.records.findIndex(isPast);
          const inGap = beyond === -1 ? page.records : page.records.slice(0, beyond);
          const last = inGap.at(-1);
          if (inGap.length > 0) isLetter ??= await letters();
          const records = inGap.filter((record) => isLetter?.(record) !== true);
          const isOver =
            beyond !== -1 ||
            shardEnd !== undefined ||
            // Everything that there is has been read.
            (page.millisBehindLatest === 0 && page.records.length === 0) ||
            (last !== undefined && isLast(last)) ||
            (scannedEnd !== undefined && isLast(scannedEnd));
          // What is left out has been read all the same.
          const readEnd = scannedEnd ?? (records.length === inGap.length ? undefined : positionOf(last));
          return {
            ...page,
            records,
            ...(readEnd === undefined || isPast(readEnd) ? {} : { scannedEnd: readEnd }),
            // A batch that was prepared is read again to its recorded end.
            ...(isOver && start.type !== "at" ? { end: true as const } : {}),
          };
        },
        close: () => reader.close(),
      };
    },
  };
}

function positionOf(record: Position | undefined): Position | undefined {
  return record && { sequenceNumber: record.sequenceNumber, subSequenceNumber: record.subSequenceNumber };
}
