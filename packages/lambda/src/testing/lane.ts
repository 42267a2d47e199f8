import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { type Clock, type Random, sleep } from "@kinesis-connectors/core";

import type { KinesisEvent } from "../event.js";
import { FOR_EVER } from "../limits.js";
import { chance, type EventSourceCounts, type EventSourceFaults } from "./invoke.js";
import { failedFrom, type InvocationOutcome } from "./judge-answer.js";

/** Records that the service gave up, as it tells the mapping's destination. */
export interface DiscardedBatch {
  readonly shardId: string;
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  readonly batchSize: number;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
}

/** What decides the way of a batch. */
export interface LaneOptions {
  readonly shardId: string;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  readonly bisects: boolean;
  readonly maximumRetryAttempts: number;
  readonly maximumRecordAgeInSeconds: number;
  readonly faults: EventSourceFaults;
  readonly toEvent: (records: readonly StreamRecord[]) => KinesisEvent;
  /** How many of these records, at least one, fit into a payload. */
  readonly fitting: (records: readonly StreamRecord[]) => number;
  readonly onDiscard: (batch: DiscardedBatch) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly counts: EventSourceCounts;
}

/** Hands an event to the function. */
export type Invoke = (event: KinesisEvent) => Promise<InvocationOutcome>;

/** Records that are handed over together, unless they are cut anew. */
interface Unit {
  readonly records: readonly StreamRecord[];
  /** Retries used up so far. */
  readonly retries: number;
}

/**
 * One order of records of a shard: a batch is handed over again until it is done or given up, and only then the next one comes. A shard has as many as
 * its mapping's ParallelizationFactor says.
 */
export class Lane {
  readonly #options: LaneOptions;
  #waiting: StreamRecord[] = [];
  /** What was handed over and is not done, in order: halves of a batch, or the rest of one. */
  #units: Unit[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#units.length === 0;
  }

  /** How many records wait and have not been handed over yet. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  add(record: StreamRecord): void {
    this.#waiting.push(record);
  }

  /** Hands over what waits, until all of it is done or given up. */
  async work(invoke: Invoke, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const unit = this.#units.shift() ?? this.#cut(0);
      if (unit === undefined) return;
      const fresh = this.#withoutExpired(unit);
      if (fresh !== undefined) await this.#handOver(fresh, invoke, signal);
    }
  }

  async #handOver(unit: Unit, invoke: Invoke, signal: AbortSignal): Promise<void> {
    const { toEvent, reportsFailures, clock, random, counts } = this.#options;
    const outcome = await invoke(toEvent(unit.records));
    const from = failedFrom(
      outcome,
      unit.records.map(({ sequenceNumber }) => sequenceNumber),
      reportsFailures,
    );
    if (from === undefined) return;
    if (from > 0) counts.partial += 1;
    this.#again({ ...unit, records: unit.records.slice(from) });
    // The service backs off between tries (Lambda developer guide: "retries with exponential backoff").
    await sleep(clock, random.next() * Math.min(10_000, 100 * 2 ** Math.min(unit.retries, 6)), signal);
  }

  /** What was not done comes again: in halves, cut anew, or as it is; or it is given up. */
  #again(rest: Unit): void {
    const { bisects, maximumRetryAttempts, faults, random, counts } = this.#options;
    const { records } = rest;
    if (bisects && records.length > 1) {
      counts.bisected += 1;
      const middle = Math.ceil(records.length / 2);
      // Splitting uses up no retries (Lambda developer guide, BisectBatchOnFunctionError).
      this.#units.unshift(
        { records: records.slice(0, middle), retries: rest.retries },
        { records: records.slice(middle), retries: rest.retries },
      );
      return;
    }
    const retries = rest.retries + 1;
    if (maximumRetryAttempts !== FOR_EVER && retries > maximumRetryAttempts) {
      this.#discard(records, "RetryAttemptsExhausted");
      return;
    }
    if (!chance(random, faults.cutAnew)) {
      this.#units.unshift({ records, retries });
      return;
    }
    this.#waiting = [...records, ...this.#units.flatMap((unit) => unit.records), ...this.#waiting];
    this.#units = [];
    const unit = this.#cut(retries);
    if (unit !== undefined) this.#units.unshift(unit);
  }

  /** The next records that wait: as many as fit, or fewer by chance. */
  #cut(retries: number): Unit | undefined {
    const { batchSize, fitting, faults, random } = this.#options;
    if (this.#waiting.length === 0) return undefined;
    const most = fitting(this.#waiting.slice(0, batchSize));
    const count = chance(random, faults.cutAnew) ? 1 + Math.floor(random.next() * most) : most;
    return { records: this.#waiting.splice(0, count), retries };
  }

  #withoutExpired(unit: Unit): Unit | undefined {
    const { maximumRecordAgeInSeconds, clock } = this.#options;
    if (maximumRecordAgeInSeconds === FOR_EVER) return unit;
    const oldestMs = clock.now() - maximumRecordAgeInSeconds * 1_000;
    const begin = unit.records.findIndex(({ arrivalTimeMs }) => arrivalTimeMs >= oldestMs);
    if (begin === 0) return unit;
    this.#discard(begin === -1 ? unit.records : unit.records.slice(0, begin), "RecordAgeExceeded");
    return begin === -1 ? undefined : { ...unit, records: unit.records.slice(begin) };
  }

  #discard(records: readonly StreamRecord[], condition: DiscardedBatch["condition"]): void {
    const { onDiscard, shardId, counts } = this.#options;
    counts.discarded += records.length;
    onDiscard({
      shardId,
      condition,
      batchSize: records.length,
      startSequenceNumber: records[0]?.sequenceNumber ?? "",
      endSequenceNumber: records.at(-1)?.sequenceNumber ?? "",
    });
  }
}
