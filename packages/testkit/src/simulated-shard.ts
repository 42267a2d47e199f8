import {
  type ChildShard,
  type Clock,
  comparePositions,
  type KinesisRecord,
  type RecordPage,
  type ShardSource,
  sleep,
  type StartPosition,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";

/** Options of `simulatedShard`. */
export interface SimulatedShardOptions {
  /** Tells when records arrive. */
  readonly clock: Clock;
  /** Records in a page. Default 10. */
  readonly pageRecords?: number;
  /** Empty pages before each page with records, as a sparse shard gives them. Default 0. */
  readonly emptyPages?: number;
  /** Milliseconds that each page takes, empty or not. Default 0. */
  readonly pageMs?: number;
  /** Milliseconds without a record after which an open shard gives an empty page. Default 1,000. */
  readonly idleMs?: number;
}

const NAMES: OptionNames<SimulatedShardOptions> = {
  clock: "required",
  pageRecords: true,
  emptyPages: true,
  pageMs: true,
  idleMs: true,
};

/** One shard in memory: records are appended, read in pages, and taken away at the front; at last it is closed. */
export interface SimulatedShard extends ShardSource {
  readonly append: (...records: readonly KinesisRecord[]) => void;
  /** Closes the shard: the page of its last record says so. */
  readonly close: (...childShards: readonly ChildShard[]) => void;
  /** Retention takes the first `count` of all records ever appended away. A reader that stands before them is told of a gap. */
  readonly trim: (count: number) => void;
  /** The position at which each reader was opened, in order. */
  readonly opened: readonly StartPosition[];
  /** Readers that are open now. */
  readonly openReaders: () => number;
}

/**
 * Makes a shard that holds `records`, in stream order.
 *
 * @example
 * ```ts
 * const shard = simulatedShard(recordsOf(["a", "b"]), { clock: virtualClock(), pageRecords: 1, emptyPages: 2 });
 * shard.close();
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function simulatedShard(
  records: readonly KinesisRecord[],
  options: SimulatedShardOptions,
): SimulatedShard {
  checkOptions("simulatedShard", options, NAMES);
  const { clock, pageRecords = 10, emptyPages = 0, pageMs = 0, idleMs = 1000 } = options;
  const held = [...records];
  const opened: StartPosition[] = [];
  const arrivals = new Set<() => void>();
  let trimmed = 0;
  let children: readonly ChildShard[] | undefined;
  let openReaders = 0;

  const notify = (): void => {
    for (const arrive of arrivals) arrive();
  };

  /** Until something is appended, the shard is closed, or it has been idle for a while. */
  const arrival = async (signal: AbortSignal): Promise<void> => {
    const arrived = new AbortController();
    const arrive = (): void => arrived.abort();
    arrivals.add(arrive);
    signal.addEventListener("abort", arrive, { once: true });
    await sleep(clock, idleMs, arrived.signal);
    signal.removeEventListener("abort", arrive);
    arrivals.delete(arrive);
  };

  const startIndex = (start: StartPosition): number => {
    if (start.type === "trim-horizon") return trimmed;
    if (start.type === "latest") return held.length;
    const index = held.findIndex((record) => {
      if (start.type === "at-timestamp") return record.arrivalTimeMs >= start.timestampMs;
      const compared = comparePositions(record, start.position);
      return start.type === "at" ? compared >= 0 : compared > 0;
    });
    return index === -1 ? held.length : index;
  };

  const pageFrom = (next: number, count: number): RecordPage => {
    const page = held.slice(next, next + count);
    const isAtEnd = next + page.length >= held.length;
    return {
      records: page,
      bytes: page.reduce((sum, { data }) => sum + data.length, 0),
      millisBehindLatest: isAtEnd ? 0 : 1000,
      ...(isAtEnd && children !== undefined ? { shardEnd: { childShards: children } } : {}),
    };
  };

  return {
    append: (...more) => {
      held.push(...more);
      notify();
    },
    close: (...childShards) => {
      children = childShards;
      notify();
    },
    trim: (count) => {
      trimmed = count;
    },
    opened,
    openReaders: () => openReaders,
    open: (start) => {
      opened.push(start);
      openReaders += 1;
      let isOpen = true;
      let next = startIndex(start);
      let expected = "position" in start ? start.position : undefined;
      let emptyLeft = emptyPages;
      return {
        next: async (signal) => {
          signal.throwIfAborted();
          if (pageMs > 0) await sleep(clock, pageMs, signal);
          if (next >= held.length && children === undefined) await arrival(signal);
          signal.throwIfAborted();
          if (emptyLeft > 0 && next < held.length) {
            emptyLeft -= 1;
            return { records: [], bytes: 0, millisBehindLatest: 1000 };
          }
          emptyLeft = emptyPages;
          const gap = next < trimmed && expected !== undefined ? { gap: { expected } } : {};
          next = Math.max(next, trimmed);
          expected = undefined;
          const page = { ...pageFrom(next, pageRecords), ...gap };
          next += page.records.length;
          return page;
        },
        close: () => {
          if (isOpen) openReaders -= 1;
          isOpen = false;
          return Promise.resolve();
        },
      };
    },
  };
}
