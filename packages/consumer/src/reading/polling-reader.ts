import {
  KinesisConnectorError,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  sleep,
  type StartPosition,
  wholeNumber,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";

import { isKind, type RecordsAnswer } from "../kinesis/kinesis-api.js";
import { DoubtfulEnd, isConsistent } from "./doubtful-end.js";
import { isStreamThere, positionRefused, ReadFailures } from "./read-failures.js";
import { PageRefused, ReadPosition } from "./read-position.js";
import type { ReaderContext } from "./reader-context.js";

/** Options of `polling`. */
export interface PollingOptions {
  /** The pause between two reads once the tip of the shard is reached, in milliseconds. Default 1,000, at least 200. */
  readonly idlePollMs?: number;
  /** The most records asked for at a time. Default and limit of the service: 10,000. */
  readonly maxRecordsPerRead?: number;
}

const NAMES: OptionNames<PollingOptions> = { idlePollMs: true, maxRecordsPerRead: true };

/** `PollingOptions`, checked and complete. */
export type Polling = { readonly type: "polling" } & Required<PollingOptions>;

/**
 * Reads by GetRecords: at once while the shard has more, and every `idlePollMs` at its tip. The service allows 5 reads per second and
 * shard to all consumers of the stream together.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function polling(options: PollingOptions = {}): Polling {
  checkOptions("polling", options, NAMES);
  return {
    type: "polling",
    idlePollMs: wholeNumber("retrieval.idlePollMs", options.idlePollMs ?? 1_000, { min: 200 }),
    maxRecordsPerRead: wholeNumber("retrieval.maxRecordsPerRead", options.maxRecordsPerRead ?? 10_000, {
      min: 1,
      max: 10_000,
    }),
  };
}

/** The source of one shard, read by polling. */
export function pollingSource(context: ReaderContext, options: Polling): ShardSource {
  return { open: (start) => new PollingReader(context, options, start) };
}

// GetRecords, limits: "each shard can support up to five read transactions per second".
const READS_PER_SECOND = 5;

const NO_RECORDS: RecordPage = { records: [], bytes: 0 };

class PollingReader implements ShardReader {
  readonly #context: ReaderContext;
  readonly #options: Polling;
  readonly #position: ReadPosition;
  readonly #failures: ReadFailures;
  readonly #end: DoubtfulEnd;
  /** When the last reads began, on the monotonic clock: never more than 5 within a second. */
  readonly #readTimes: number[] = [];
  #iterator: string | undefined;
  #idleUntilMs = Number.NEGATIVE_INFINITY;

  constructor(context: ReaderContext, options: Polling, start: StartPosition) {
    this.#context = context;
    this.#options = options;
    this.#position = new ReadPosition(context, "GetRecords", start);
    this.#failures = new ReadFailures(context);
    this.#end = new DoubtfulEnd(context);
  }

  readonly next = async (signal: AbortSignal): Promise<RecordPage> => {
    while (!signal.aborted) {
      try {
        const page = await this.#read(signal);
        if (page !== undefined) {
          this.#failures.succeeded();
          return page;
        }
      } catch (error) {
        if (signal.aborted) break;
        if (KinesisConnectorError.isInstance(error)) throw error;
        if (error instanceof PageRefused) this.#iterator = undefined;
        await this.#failures.waitOut(error, signal);
      }
    }
    return NO_RECORDS;
  };

  readonly close = (): Promise<void> => Promise.resolve();

  /** One read; undefined when it came to nothing and has to be done again. */
  async #read(signal: AbortSignal): Promise<RecordPage | undefined> {
    const { api, clock } = this.#context;
    if (this.#position.isNearHorizon) this.#iterator = undefined;
    this.#iterator ??= await this.#openIterator(signal);
    if (this.#iterator === undefined) return this.#endWithoutChildren(signal);
    await this.#untilDue(signal);
    if (signal.aborted) return undefined;
    const sentMs = clock.now();
    const startedMs = clock.monotonicNow();
    const answer = await this.#getRecords(
      api.getRecords(this.#iterator, this.#options.maxRecordsPerRead, signal),
      signal,
    );
    if (answer === "gone") return this.#endWithoutChildren(signal);
    if (answer === undefined) return undefined;
    const durationMs = clock.monotonicNow() - startedMs;
    let { childShards } = answer;
    if (isConsistent(answer)) this.#end.believed();
    else {
      const verdict = await this.#end.judge(answer, signal);
      if (verdict.type === "again") {
        // The same iterator, after a pause.
        this.#idleUntilMs = clock.monotonicNow() + this.#options.idlePollMs;
        return undefined;
      }
      childShards = verdict.type === "ended" ? verdict.childShards : undefined;
    }
    const page = await this.#position.accept(answer, sentMs, childShards !== undefined);
    const hasMore =
      answer.records.length >= this.#options.maxRecordsPerRead ||
      (answer.millisBehindLatest ?? answer.records.length) > 0;
    this.#idleUntilMs = hasMore ? Number.NEGATIVE_INFINITY : clock.monotonicNow() + this.#options.idlePollMs;
    this.#iterator = answer.nextIterator;
    return { ...page, durationMs, ...(childShards === undefined ? {} : { shardEnd: { childShards } }) };
  }

  async #getRecords(
    call: Promise<RecordsAnswer>,
    signal: AbortSignal,
  ): Promise<RecordsAnswer | "gone" | undefined> {
    try {
      return await call;
    } catch (error) {
      if (isKind(error, "not-found")) return "gone";
      // Both mean that this iterator is of no use any more; a new one goes on after the last record read, not after the checkpoint.
      if (isKind(error, "expired-iterator", "invalid-argument")) {
        const { stream, shardId, observe } = this.#context;
        const sequenceNumber = this.#position.scannedEnd?.sequenceNumber;
        this.#iterator = undefined;
        observe({ type: "iterator-renew", stream, shardId, sequenceNumber });
        await this.#failures.again(error, signal);
        return undefined;
      }
      throw error;
    }
  }

  /** An iterator for where reading has come to; undefined when the shard is gone. */
  async #openIterator(signal: AbortSignal): Promise<string | undefined> {
    const { api, shardId } = this.#context;
    const position = this.#position.begin();
    try {
      return await api.getShardIterator(shardId, position, signal);
    } catch (error) {
      if (isKind(error, "not-found")) return undefined;
      if (!isKind(error, "invalid-argument")) throw error;
      throw positionRefused(this.#context, position, error, this.#failures.attempt);
    }
  }

  async #endWithoutChildren(signal: AbortSignal): Promise<RecordPage> {
    await isStreamThere(this.#context, signal);
    const page = await this.#position.accept(
      { records: [], millisBehindLatest: undefined },
      this.#context.clock.now(),
      true,
    );
    return { ...page, shardEnd: { childShards: [] } };
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const now = clock.monotonicNow();
    const times = this.#readTimes;
    const fifthLast = times.length < READS_PER_SECOND ? Number.NEGATIVE_INFINITY : (times[0] ?? 0);
    const dueMs = Math.max(this.#idleUntilMs, fifthLast + 1_000);
    if (dueMs > now) await sleep(clock, dueMs - now, signal);
    if (times.length >= READS_PER_SECOND) times.shift();
    times.push(clock.monotonicNow());
  }
}
