import { comparePositions, type Position, type RecordPage, type ShardSource } from "@kinesis-connectors/core";
import type { Gap } from "./gaps.js";

/** The records of a gap, of a source that reads its shard. It ends with the gap, wherever the shard goes on. */
export function gapSource(source: ShardSource, { end }: Gap): ShardSource {
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
      return {
        next: async (signal): Promise<RecordPage> => {
          const { shardEnd, scannedEnd, ...page } = await reader.next(signal);
          const beyond = page.records.findIndex(isPast);
          const records = beyond === -1 ? page.records : page.records.slice(0, beyond);
          const last = records.at(-1);
          const isOver =
            beyond !== -1 ||
            shardEnd !== undefined ||
            // Everything that there is has been read.
            (page.millisBehindLatest === 0 && page.records.length === 0) ||
            (last !== undefined && isLast(last)) ||
            (scannedEnd !== undefined && isLast(scannedEnd));
          return {
            ...page,
            records,
            ...(scannedEnd === undefined || isPast(scannedEnd) ? {} : { scannedEnd }),
            // A batch that was prepared is read again to its recorded end.
            ...(isOver && start.type !== "at" ? { end: true as const } : {}),
          };
        },
        close: () => reader.close(),
      };
    },
  };
}
