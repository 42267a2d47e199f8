import {
  type ChildShard,
  type Clock,
  comparePositions,
  type KinesisRecord,
  type Position,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  sleep,
  type StartPosition,
} from "../../src/index.js";
import { type Gate, openGate } from "./gate.js";

/** How a simulated shard behaves. */
export interface MemoryShardOptions {
  readonly clock: Clock;
  /** Records in a page. Default 10. */
  readonly pageRecords?: number;
  /** An empty page is handed over after this many milliseconds without a record. Default 1,000. */
  readonly idleMs?: number;
  readonly gate?: Gate;
  /** Records that the reader reads but keeps to itself, as the hash-range rule makes it do. */
  readonly isHidden?: (record: KinesisRecord) => boolean;
}

/** One shard in memory: records are appended, read in pages, trimmed from the front; at last it is closed. */
export class MemoryShard implements ShardSource {
  readonly #options: Required<MemoryShardOptions>;
  readonly #records: KinesisRecord[] = [];
  #trimmed = 0;
  #children: readonly ChildShard[] | undefined;
  readonly #arrivals = new Set<() => void>();
  /** Where each reader was opened, in order. */
  readonly opened: StartPosition[] = [];
  /** Records handed over, each as often as it was. */
  readonly handedOver: KinesisRecord[] = [];
  openReaders = 0;

  constructor(options: MemoryShardOptions) {
    this.#options = { pageRecords: 10, idleMs: 1000, gate: openGate, isHidden: () => false, ...options };
  }

  /** All that was ever put, trimmed or not. */
  get records(): readonly KinesisRecord[] {
    return this.#records;
  }

  append(...records: readonly KinesisRecord[]): void {
    this.#records.push(...records);
    this.#notify();
  }

  /** Closes the shard: after its last record comes the page that says so. */
  close(...children: readonly ChildShard[]): void {
    this.#children = children;
    this.#notify();
  }

  /** Retention takes the first `count` records away. */
  trim(count: number): void {
    this.#trimmed = count;
  }

  readonly open = (start: StartPosition): ShardReader => this.#open(start, this.#options.gate);

  /** The same shard, read through another gate. */
  through(gate: Gate): ShardSource {
    return { open: (start) => this.#open(start, gate) };
  }

  #open(start: StartPosition, gate: Gate): ShardReader {
    this.opened.push(start);
    this.openReaders += 1;
    let next = this.#startIndex(start);
    let expected = start.type === "at" || start.type === "after" ? start.position : undefined;
    let isOpen = true;
    return {
      next: async (signal) => {
        await gate("next", "before");
        signal.throwIfAborted();
        if (next >= this.#records.length && this.#children === undefined) await this.#arrival(signal);
        signal.throwIfAborted();
        const gap = next < this.#trimmed && expected !== undefined ? { expected } : undefined;
        next = Math.max(next, this.#trimmed);
        expected = undefined;
        const page = this.#page(next, gap);
        next = Math.min(this.#records.length, next + this.#options.pageRecords);
        await gate("next", "after");
        return page;
      },
      close: () => {
        if (isOpen) this.openReaders -= 1;
        isOpen = false;
        return Promise.resolve();
      },
    };
  }

  #page(from: number, gap: { expected: Position } | undefined): RecordPage {
    const read = this.#records.slice(from, from + this.#options.pageRecords);
    const records = read.filter((record) => !this.#options.isHidden(record));
    this.handedOver.push(...records);
    const isAtEnd = from + read.length >= this.#records.length;
    const last = read.at(-1);
    return {
      records,
      bytes: read.reduce((sum, record) => sum + record.data.length, 0),
      millisBehindLatest: isAtEnd ? 0 : 1000,
      ...(last === undefined || last === records.at(-1) ? {} : { scannedEnd: last }),
      ...(gap === undefined ? {} : { gap }),
      ...(isAtEnd && this.#children !== undefined ? { shardEnd: { childShards: this.#children } } : {}),
    };
  }

  #startIndex(start: StartPosition): number {
    if (start.type === "trim-horizon") return this.#trimmed;
    if (start.type === "latest") return this.#records.length;
    const index = this.#records.findIndex((record) => {
      if (start.type === "at-timestamp") return record.arrivalTimeMs >= start.timestampMs;
      const compared = comparePositions(record, start.position);
      return start.type === "at" ? compared >= 0 : compared > 0;
    });
    return index === -1 ? this.#records.length : index;
  }

  async #arrival(signal: AbortSignal): Promise<void> {
    const arrived = new AbortController();
    const notify = (): void => arrived.abort();
    this.#arrivals.add(notify);
    signal.addEventListener("abort", notify, { once: true });
    await sleep(this.#options.clock, this.#options.idleMs, arrived.signal);
    signal.removeEventListener("abort", notify);
    this.#arrivals.delete(notify);
  }

  #notify(): void {
    for (const notify of this.#arrivals) notify();
  }
}

/** Seven steps before one more digit is needed, so that comparing them as texts goes wrong early. */
const FIRST_SEQUENCE_NUMBER = 10n ** 55n - 49n;

/** Records with rising sequence numbers: the n-th holds `data(n)`. Sequence numbers grow a digit on the way, as real ones may. */
export function recordsOf(
  count: number,
  data: (index: number) => string | Uint8Array = (index) => JSON.stringify({ n: index }),
  firstIndex = 0,
): KinesisRecord[] {
  return Array.from({ length: count }, (_, step) => {
    const index = firstIndex + step;
    const content = data(index);
    return {
      sequenceNumber: sequenceNumberOf(index),
      subSequenceNumber: 0,
      partitionKey: `key-${index % 3}`,
      arrivalTimeMs: Date.UTC(2026, 0, 1) + index,
      data: typeof content === "string" ? new TextEncoder().encode(content) : content,
    };
  });
}

/** The sequence number of the n-th record of `recordsOf`. */
function sequenceNumberOf(index: number): string {
  return (FIRST_SEQUENCE_NUMBER + BigInt(index) * 7n).toString();
}

/** The place of the n-th record of `recordsOf`. */
export function positionOf(index: number): Position {
  return { sequenceNumber: sequenceNumberOf(index), subSequenceNumber: 0 };
}
