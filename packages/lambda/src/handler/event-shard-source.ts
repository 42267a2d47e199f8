import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { toUserRecords, type UserRecords } from "@kinesis-connectors/consumer/user-records";
import {
  comparePositions,
  compareSequenceNumbers,
  type Position,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "@kinesis-connectors/core";
import type { HashKeyRange } from "@kinesis-connectors/wire";

/** Options of `eventShardSource`. */
export interface EventShardSourceOptions {
  /** The event's records of the shard, in their order; at least one. */
  readonly records: readonly StreamRecord[];
  readonly range: HashKeyRange;
  /** The end of the batch that an earlier invocation prepared; undefined where the row holds none. */
  readonly preparedEnd: Position | undefined;
  /** The shard itself, for a prepared batch that the event does not hold. */
  readonly stream: () => Promise<ShardSource>;
}

/**
 * The records of an event as a source: one page, and no more although the shard goes on. A prepared batch is served from the event where that holds all
 * of it, and is read from the stream where it does not: Lambda cuts batches anew, so that the event may begin behind its start or end before its end.
 */
export function eventShardSource(options: EventShardSourceOptions): ShardSource {
  const { records, range } = options;
  return {
    open: (start) => {
      if (start.type !== "at") {
        const after = start.type === "after" ? start.position : undefined;
        return onePage(() => pageOf(toUserRecords(records, range, after)));
      }
      const all = toUserRecords(records, range, undefined);
      if (!holds(options, all, start.position)) return laterReader(options.stream, start);
      return onePage(() => {
        const wanted = all.records.filter((record) => comparePositions(record, start.position) >= 0);
        return pageOf({ ...all, records: wanted });
      });
    },
  };
}

/** Whether the event reaches from the first record of a prepared batch to its last. */
function holds(
  { records, preparedEnd }: EventShardSourceOptions,
  { scannedEnd }: UserRecords,
  first: Position,
): boolean {
  const begin = records[0];
  if (begin === undefined || preparedEnd === undefined || scannedEnd === undefined) return false;
  return (
    compareSequenceNumbers(begin.sequenceNumber, first.sequenceNumber) <= 0 &&
    comparePositions(scannedEnd, preparedEnd) >= 0
  );
}

function pageOf({ records, bytes, dataBytes, scannedEnd }: UserRecords): RecordPage {
  return { records, bytes, dataBytes, scannedEnd, end: true };
}

function onePage(page: () => RecordPage): ShardReader {
  return { next: () => Promise.resolve(page()), close: () => Promise.resolve() };
}

/** A reader of a source that is only had by asking for it. */
function laterReader(sourceOf: () => Promise<ShardSource>, start: StartPosition): ShardReader {
  let reader: ShardReader | undefined;
  return {
    next: async (signal) => {
      reader ??= (await sourceOf()).open(start);
      return await reader.next(signal);
    },
    close: async () => await reader?.close(),
  };
}
