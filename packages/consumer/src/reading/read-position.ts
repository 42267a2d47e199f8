import {
  comparePositions,
  compareSequenceNumbers,
  type Position,
  type RecordPage,
  type StartPosition,
} from "@kinesis-connectors/core";

import { type IteratorPosition, KinesisCallError, type StreamRecord } from "../kinesis/kinesis-api.js";
import type { ReaderContext } from "./reader-context.js";
import { toUserRecords } from "./user-records.js";

const HOUR_MS = 3_600_000;

// More than the time between two reads of one iterator, which is good for 5 minutes.
const HORIZON_MARGIN_MS = 600_000;

// Arrival times are approximate (API reference: ApproximateArrivalTimestamp "has no guarantees about its accuracy").
const MARGIN_MS = 1_000;

/** A record that was read once and has to be there still, when reading begins at it again. */
interface ExpectedRecord {
  readonly position: Position;
  /** True when the record itself is needed; false when only what follows it is. */
  readonly itself: boolean;
  /** Wall time through which everything that arrived had been dealt with at that position. */
  readonly throughMs: number | undefined;
}

/** A page that is not what comes next in its shard. Nothing of it was taken, its iterator included: reading begins anew at the last record. */
export class PageRefused extends KinesisCallError {}

/** The fields of one answer that both ways of reading have. */
interface Answer {
  readonly records: readonly StreamRecord[];
  readonly millisBehindLatest: number | undefined;
}

/**
 * How far one reader has come: where a new iterator or subscription begins, what of an answer is new, and whether records in
 * between are gone.
 *
 * Reading begins again AT the last known record and drops it here, as the KCL does: only so can one see that it is still there. Its
 * absence alone is no gap, because a checkpoint on a quiet stream is trimmed away with nothing lost. It is one unless everything that
 * arrived within the retention period is known to have been dealt with.
 */
export class ReadPosition {
  readonly #context: ReaderContext;
  readonly #operation: "GetRecords" | "SubscribeToShard";
  readonly #start: StartPosition;
  #after: Position | undefined;
  #scannedEnd: Position | undefined;
  #expected: ExpectedRecord | undefined;
  #throughMs: number | undefined;
  #latestSinceMs: number | undefined;

  constructor(context: ReaderContext, operation: "GetRecords" | "SubscribeToShard", start: StartPosition) {
    this.#context = context;
    this.#operation = operation;
    this.#start = start;
    this.#throughMs = context.readThroughMs;
    if (start.type === "after" || start.type === "at") {
      const { sequenceNumber, subSequenceNumber } = start.position;
      this.#after =
        start.type === "after"
          ? start.position
          : { sequenceNumber, subSequenceNumber: subSequenceNumber - 1 };
    }
  }

  /** The last stream record that was read, or undefined. */
  get scannedEnd(): Position | undefined {
    return this.#scannedEnd;
  }

  /**
   * Whether what comes next may be gone by the time it is read: reading is about as far behind as the stream keeps records. An
   * iterator then passes over what is gone without a word; only a new beginning AT the last record shows it.
   */
  get isNearHorizon(): boolean {
    const { clock, retentionMs } = this.#context;
    if (retentionMs === undefined || this.#throughMs === undefined) return false;
    return clock.now() - this.#throughMs > retentionMs - Math.min(HORIZON_MARGIN_MS, retentionMs / 2);
  }

  /** Where an iterator or subscription begins that goes on from here. */
  begin(): IteratorPosition {
    if (this.#scannedEnd !== undefined) return this.#at(this.#scannedEnd, false);
    const start = this.#start;
    if (start.type === "at") return this.#at(start.position, true);
    if (start.type === "after") return this.#at(start.position, false);
    if (start.type !== "latest") return start;
    // A second beginning at LATEST would pass over what arrived since the first.
    if (this.#latestSinceMs !== undefined) return { type: "at-timestamp", timestampMs: this.#latestSinceMs };
    this.#latestSinceMs = this.#context.clock.now();
    return start;
  }

  /**
   * Takes an answer in: what is new in it, and how far reading has come. `sentMs` is the wall time at which it was asked for.
   * @throws PageRefused when its records are not past this place: whatever sent it, it is no answer to what was asked for
   */
  async accept(answer: Answer, sentMs: number, isShardEnd: boolean): Promise<RecordPage> {
    this.#refuseOutOfOrder(answer.records);
    const { stream, shardId, range, observe, onReadThrough } = this.#context;
    const { millisBehindLatest } = answer;
    const expected = this.#expected;
    // First of all, because it may have to ask the service: when that fails, nothing has been taken in yet.
    const verdict = expected === undefined ? "there" : await this.#look(expected, answer, isShardEnd);
    if (verdict !== "unknown") this.#expected = undefined;

    const after = this.#after;
    const { records, bytes, dataBytes, release, dropped, scannedEnd } = toUserRecords(
      answer.records,
      range,
      after,
    );
    for (const { sequenceNumber, userRecords } of dropped) {
      observe({ type: "aggregate-drop", stream, shardId, sequenceNumber, records: userRecords });
    }
    if (answer.records.length > 0) {
      this.#after = scannedEnd;
      this.#scannedEnd = scannedEnd;
    }
    // As long as it is not known whether records are gone, nobody may say that all until then have been read.
    if (millisBehindLatest !== undefined && verdict !== "unknown") {
      this.#throughMs = sentMs - millisBehindLatest - MARGIN_MS;
      onReadThrough?.(this.#throughMs, this.#scannedEnd);
    }
    return {
      records,
      bytes,
      dataBytes,
      ...(release === undefined ? {} : { release }),
      millisBehindLatest,
      scannedEnd: isPast(scannedEnd, records.at(-1) ?? after) ? scannedEnd : undefined,
      ...(verdict === "gap" && expected !== undefined ? { gap: { expected: expected.position } } : {}),
    };
  }

  /**
   * A shard's records rise, so those of the next page are past the last one read, or begin with it where reading has begun anew at it. A page that
   * does not belongs to an earlier request or to another shard, and so does its iterator, however little of its records would be taken.
   */
  #refuseOutOfOrder(records: readonly StreamRecord[]): void {
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) return;
    const asked = this.#expected?.position ?? this.#scannedEnd ?? this.#after;
    const mayBeAt = this.#expected !== undefined || this.#scannedEnd === undefined;
    const beyond =
      asked === undefined ? 1 : compareSequenceNumbers(first.sequenceNumber, asked.sequenceNumber);
    const isInOrder = beyond > 0 || (beyond === 0 && mayBeAt);
    if (isInOrder && compareSequenceNumbers(last.sequenceNumber, first.sequenceNumber) >= 0) return;
    const { stream, shardId, observe } = this.#context;
    observe({
      type: "page-refuse",
      stream,
      shardId,
      operation: this.#operation,
      sequenceNumber: first.sequenceNumber,
      expectedAfter: asked?.sequenceNumber,
    });
    throw new PageRefused(
      this.#operation,
      "transient",
      `${this.#operation} gave a page of shard ${shardId} that is not past what was read: it is the answer to another request, and is asked for again`,
    );
  }

  #at(position: Position, itself: boolean): IteratorPosition {
    this.#expected = { position, itself, throughMs: this.#throughMs };
    return { type: "at-sequence-number", sequenceNumber: position.sequenceNumber };
  }

  async #look(
    expected: ExpectedRecord,
    answer: Answer,
    isShardEnd: boolean,
  ): Promise<"there" | "unknown" | "gap"> {
    const first = answer.records[0];
    if (first !== undefined) {
      if (compareSequenceNumbers(first.sequenceNumber, expected.position.sequenceNumber) <= 0) return "there";
    } else if (answer.millisBehindLatest !== 0 && !isShardEnd) {
      // An empty answer before the tip says nothing yet.
      return "unknown";
    }
    if (expected.itself || expected.throughMs === undefined) return "gap";
    // Asked now and not remembered: the retention period may have been shortened since.
    const { retentionHours } = await this.#context.api.describeStream();
    const oldestKeptMs = this.#context.clock.now() - retentionHours * HOUR_MS;
    return expected.throughMs > oldestKeptMs ? "there" : "gap";
  }
}

/** Whether reading has come further than the last record handed over: the rest of the page was left out. */
function isPast(scannedEnd: Position | undefined, last: Position | undefined): boolean {
  if (scannedEnd === undefined) return false;
  return last === undefined || comparePositions(scannedEnd, last) > 0;
}
