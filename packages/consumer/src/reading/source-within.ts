import type {
  KinesisRecord,
  Position,
  RecordPage,
  ShardReader,
  ShardSource,
  StartPosition,
} from "@kinesis-connectors/core";

import type { ReaderContext } from "./reader-context.js";

/**
 * Arrival times are approximate (API reference: ApproximateArrivalTimestamp "has no guarantees about its accuracy, or that it is always increasing"), so
 * records that arrived before the end of a range may follow one that arrived after it. Not this much later, in milliseconds.
 */
export const LATE_ARRIVALS_MS = 300_000;

/** A range of time, in epoch milliseconds: from `fromMs` (default: from the first record) to before `untilMs`. */
export interface ArrivalRange {
  readonly fromMs?: number | undefined;
  readonly untilMs: number;
}

/**
 * Sources of a range of time: records that arrived before it, or at `untilMs` or later, are left out, and a shard ends once no earlier one can follow any more. That is when
 * everything that arrived until five minutes past the end has been read, or a record comes that arrived later than that, or the shard itself ends.
 */
export function sourcesWithin(
  range: ArrivalRange,
  sourceOf: (context: ReaderContext) => ShardSource,
): (context: ReaderContext) => ShardSource {
  return (context) => {
    const { stream, shardId, clock, observe } = context;
    const endMs = range.untilMs + LATE_ARRIVALS_MS;
    let throughMs = Number.NEGATIVE_INFINITY;
    let isTold = false;
    const onWait = (): void => {
      if (isTold || clock.now() >= endMs) return;
      isTold = true;
      observe({ type: "range-wait", stream, shardId, waitsUntilMs: endMs });
    };
    const source = sourceOf({
      ...context,
      onReadThrough: (ms, scannedEnd) => {
        throughMs = ms;
        context.onReadThrough?.(ms, scannedEnd);
      },
    });
    return {
      open: (start) => {
        throughMs = Number.NEGATIVE_INFINITY;
        return new ReaderWithin(source.open(start), start, range, { throughMs: () => throughMs, onWait });
      },
    };
  };
}

/** How far the reading of a shard has come. */
interface Following {
  /** Everything that arrived until then has been read. */
  readonly throughMs: () => number;
  /** Told after each page where the range has been read, and its end is not sure yet. */
  readonly onWait: () => void;
}

class ReaderWithin implements ShardReader {
  readonly #reader: ShardReader;
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #following: Following;
  readonly #mayEnd: boolean;

  constructor(
    reader: ShardReader,
    start: StartPosition,
    { fromMs = Number.NEGATIVE_INFINITY, untilMs }: ArrivalRange,
    following: Following,
  ) {
    this.#reader = reader;
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
    this.#following = following;
    // A batch that was prepared is read again to its recorded end, wherever the shard itself ends.
    this.#mayEnd = start.type !== "at";
  }

  readonly next = async (signal: AbortSignal): Promise<RecordPage> => {
    const page = await this.#reader.next(signal);
    const lateMs = this.#untilMs + LATE_ARRIVALS_MS;
    const tooLate = this.#mayEnd
      ? page.records.findIndex(({ arrivalTimeMs }) => arrivalTimeMs >= lateMs)
      : -1;
    if (tooLate >= 0) {
      const { shardEnd: _shardEnd, scannedEnd: _scannedEnd, ...cut } = page;
      return { ...this.#within(cut, page.records.slice(0, tooLate)), end: true };
    }
    const within = this.#within(page, page.records);
    if (!this.#mayEnd || page.shardEnd !== undefined) return within;
    const throughMs = this.#following.throughMs();
    if (throughMs >= lateMs) return { ...within, end: true };
    if (throughMs >= this.#untilMs) this.#following.onWait();
    return within;
  };

  readonly close = (): Promise<void> => this.#reader.close();

  /** The page with those of the records that are in the range; the reading has come past the others all the same. */
  #within(page: RecordPage, scanned: readonly KinesisRecord[]): RecordPage {
    const records = scanned.filter(
      ({ arrivalTimeMs }) => arrivalTimeMs >= this.#fromMs && arrivalTimeMs < this.#untilMs,
    );
    const last = scanned.at(-1);
    const scannedEnd = page.scannedEnd ?? (last === records.at(-1) ? undefined : positionOf(last));
    return { ...page, records, ...(scannedEnd === undefined ? {} : { scannedEnd }) };
  }
}

function positionOf(record: KinesisRecord | undefined): Position | undefined {
  return record && { sequenceNumber: record.sequenceNumber, subSequenceNumber: record.subSequenceNumber };
}
