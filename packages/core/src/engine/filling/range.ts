import { createHash } from "node:crypto";
import type { Batch, FlushReason } from "../../batch.js";
import {
  comparePositions,
  dataBytesOf,
  type KinesisRecord,
  type Position,
  positionOf,
} from "../../record.js";
import { OutcomeLog } from "./outcomes.js";

/** A record on its way to the dead letters. */
export interface RefusedRecord {
  readonly record: KinesisRecord;
  readonly error: Error;
  readonly attempts: number;
}

/** A contiguous range of one shard that has been closed: its boundaries never change again. */
export interface ClosedRange<Output> {
  readonly batch: Batch<Output>;
  /** In stream order. */
  readonly refused: readonly RefusedRecord[];
  /** One outcome per record read, coded by `OutcomeLog`. */
  readonly outcomes: string;
  readonly filtered: number;
  /** When its first record arrived, in epoch milliseconds; undefined when it holds none. */
  readonly oldestArrivalMs: number | undefined;
  /** Bytes charged to the read-ahead budget for it. */
  readonly heldBytes: number;
}

/** The owner of a range: application, stream and shard. */
export interface RangeOwner {
  readonly application: string;
  readonly stream: string;
  readonly shardId: string;
  readonly isPicked?: boolean;
}

/** The records read of a shard since the last batch was closed. */
export class OpenRange {
  readonly #owner: RangeOwner;
  /** Whether anybody may ask what became of each record. */
  readonly #keepsOutcomes: boolean;
  #first: Position | undefined;
  /** The last record itself while its page is scanned; its position alone afterwards. */
  #last: Position | undefined;
  #recordCount = 0;
  #filtered = 0;
  #refused: RefusedRecord[] = [];
  #outcomes = new OutcomeLog();
  #openedMs = 0;
  #oldestArrivalMs: number | undefined;
  #refusedBytes = 0;
  #gap = false;
  heldBytes = 0;

  constructor(owner: RangeOwner, keepsOutcomes: boolean = true) {
    this.#owner = owner;
    this.#keepsOutcomes = keepsOutcomes;
  }

  /** Records read, kept or dropped. */
  get recordCount(): number {
    return this.#recordCount;
  }

  /** Records that were not dropped. */
  get keptCount(): number {
    return this.#recordCount - this.#filtered;
  }

  /** Length of the coded outcomes of its records, in bytes. */
  get outcomeBytes(): number {
    return this.#outcomes.bytes;
  }

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** When its first record was read, on the monotonic clock. */
  get openedMs(): number {
    return this.#openedMs;
  }

  get refusedCount(): number {
    return this.#refused.length;
  }

  get refusedBytes(): number {
    return this.#refusedBytes;
  }

  /** Takes in a record that was kept with `models` outputs, or dropped with none. */
  accept(record: KinesisRecord, models: number, nowMs: number): void {
    this.#extend(record, nowMs);
    if (models === 0) this.#filtered += 1;
    if (this.#keepsOutcomes) this.#outcomes.add(models === 0 ? "dropped" : models);
  }

  /** Takes in a record that goes to the dead letters. */
  refuse(refused: RefusedRecord, nowMs: number): void {
    this.#extend(refused.record, nowMs);
    this.#refused.push(refused);
    this.#refusedBytes += dataBytesOf(refused.record);
    if (this.#keepsOutcomes) this.#outcomes.add("dead-letter");
  }

  /** Moves the end over what the reader read and did not hand over. */
  moveEnd(scannedEnd: Position, nowMs: number): void {
    const end = positionOf(scannedEnd);
    if (this.#first === undefined) this.#open(end, nowMs);
    this.#last = end;
  }

  /** Lets go of the last record, which keeps its page in memory. A position made for each record would cost as much as a small filter. */
  settle(): void {
    if (this.#last !== undefined) this.#last = positionOf(this.#last);
  }

  /** Notes that records of this range are gone from the stream. */
  markGap(): void {
    this.#gap = true;
  }

  /** Closes the range with the outputs that were made of it. Undefined when nothing was read. */
  close<Output>(
    outputs: Pick<Batch<Output>, "entries" | "encoded" | "bytes">,
    reason: FlushReason,
    heldBytes: number = 0,
  ): ClosedRange<Output> | undefined {
    this.settle();
    if (this.#first === undefined || this.#last === undefined) return undefined;
    const { application, stream, shardId } = this.#owner;
    return {
      batch: {
        batchId: batchIdOf(this.#owner, this.#first, this.#last),
        application,
        stream,
        shardId,
        first: this.#first,
        last: this.#last,
        recordCount: this.#recordCount,
        ...outputs,
        reason,
        gap: this.#gap,
        ...(this.#owner.isPicked === true ? { isPicked: true } : {}),
      },
      refused: this.#refused,
      outcomes: this.#outcomes.toString(),
      filtered: this.#filtered,
      oldestArrivalMs: this.#oldestArrivalMs,
      heldBytes,
    };
  }

  #extend(record: KinesisRecord, nowMs: number): void {
    if (this.#first === undefined) this.#open(positionOf(record), nowMs);
    if (this.#recordCount === 0) this.#oldestArrivalMs = record.arrivalTimeMs;
    this.#last = record;
    this.#recordCount += 1;
  }

  #open(first: Position, nowMs: number): void {
    this.#first = first;
    this.#openedMs = nowMs;
  }
}

/** The id of a batch: 32 hex digits, equal for the same range of the same shard of the same application, whoever asks. */
export function batchIdOf(owner: RangeOwner, first: Position, last: Position): string {
  const name = [
    owner.application,
    owner.stream,
    owner.shardId,
    first.sequenceNumber,
    first.subSequenceNumber,
    last.sequenceNumber,
    last.subSequenceNumber,
  ];
  return createHash("sha256").update(name.join("\n")).digest("hex").slice(0, 32);
}

/** A range must never begin at a record that an earlier range ended with: its next owner would read that record again. */
export function isPast(scannedEnd: Position, lastRecord: Position | undefined): boolean {
  return lastRecord === undefined || comparePositions(scannedEnd, lastRecord) > 0;
}
