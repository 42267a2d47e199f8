import { setMaxListeners } from "node:events";
import {
  asError,
  backoffMs,
  type Clock,
  errorFields,
  KinesisConnectorError,
  type Logger,
  type Random,
  sleep,
} from "@kinesis-connectors/core";
import type { WriteOutcome } from "../lease-table.js";

/**
 * What a failed call on a store means.
 * - `unknown`: no answer came: it may have been carried out, now or a little later.
 * - `waiting`: it was not carried out and may be made again: the store is not there for now, is busy, or has taken the request back.
 * - `refused`: it was not carried out, and no waiting mends that unless it had worked before: rights, password, name of the database.
 * - `fatal`: it was not carried out, and no waiting mends it.
 */
export interface StoreFailure {
  readonly type: "unknown" | "waiting" | "refused" | "fatal";
  /** What may be shown of it: without the request, which holds the row, and without a password. */
  readonly cause: Error;
  /** What the user can do. */
  readonly cure: string;
}

/** Options of `StoreCalls`. */
export interface StoreCallsOptions {
  /** The store as its makers write it, such as `Redis`. */
  readonly store: string;
  /** The table, or what it is called there. */
  readonly table: string;
  /** What a failure means. */
  readonly failureOf: (thrown: unknown) => StoreFailure;
  /** Waits between tries. */
  readonly clock: Clock;
  /** Spreads the waits between tries. */
  readonly random: Random;
  /** Told of a store that refuses, and of its return. */
  readonly logger: Logger;
}

const MAX_ATTEMPTS = 6;
const BACKOFF = { baseDelayMs: 100, maxDelayMs: 2_000 };
/** A start waits as long for a store that is not there: containers come up in any order, and a failover takes minutes. */
const START_PATIENCE_MS = 600_000;
/** What had worked and is refused: a new password, a change of rights is through by then. */
const REFUSED_PATIENCE_MS = 300_000;
const FIRST_TOLD = 3;
const ATTEMPTS_PER_LINE = 10;

/** The calls of a lease table on its store: repeats what may be repeated, waits for an outage, and stops at a mistake with its cure. */
export class StoreCalls {
  readonly #options: StoreCallsOptions;
  readonly #closed = new AbortController();
  #hasWorked = false;
  /** Since when calls are refused that had worked, on the monotonic clock. */
  #refusedSinceMs: number | undefined;

  constructor(options: StoreCallsOptions) {
    this.#options = options;
    // Each call of each shard that waits for the store listens to it, and takes itself off: Node warns of a leak from eleven on.
    setMaxListeners(0, this.closed);
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Ends all waiting. */
  close(): void {
    this.#closed.abort(new Error("the lease table was closed"));
  }

  /**
   * Makes the calls of a start, again and again while the store is not there, and tells so.
   * @throws KinesisConnectorError `KC_LEASE_TABLE`
   */
  async start<Answer>(signal: AbortSignal | undefined, call: () => Promise<Answer>): Promise<Answer> {
    const { clock, random, store, table, logger } = this.#options;
    const deadlineMs = clock.monotonicNow() + START_PATIENCE_MS;
    const stop = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed]);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#worked(await call());
      } catch (thrown) {
        const failure = this.#failureOf(thrown);
        if (failure.type === "fatal" || stop.aborted || clock.monotonicNow() >= deadlineMs)
          throw this.#error("open", failure);
        if (attempt === FIRST_TOLD || attempt % ATTEMPTS_PER_LINE === 0) {
          const line = { table, attempt, ...errorFields(failure.cause), reason: failure.cause.message };
          logger.warn(line, `${store}, which has the leases, does not answer; waiting: ${failure.cure}`);
        }
        await sleep(clock, backoffMs(attempt, BACKOFF, random), stop);
      }
    }
  }

  /**
   * Makes a call whose repetition changes nothing, some times where that may help.
   * @throws KinesisConnectorError `KC_LEASE_TABLE` where no waiting helps; what may be shown of the failure, where the tries were used up
   */
  async repeat<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
    const { clock, random, logger, table } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#worked(await call());
      } catch (thrown) {
        const failure = this.#failureOf(thrown);
        if (failure.type === "fatal") throw this.#error(operation, failure);
        if (attempt >= MAX_ATTEMPTS || this.closed.aborted) throw failure.cause;
        logger.debug(
          { table, operation, attempt, ...errorFields(failure.cause) },
          "lease table call repeated",
        );
        await sleep(clock, backoffMs(attempt, BACKOFF, random), this.closed);
      }
    }
  }

  /**
   * Makes one conditional write.
   * @param write resolves with whether the condition held
   * @throws KinesisConnectorError `KC_LEASE_TABLE`
   */
  async outcome(operation: string, write: () => Promise<boolean>): Promise<WriteOutcome> {
    try {
      return { type: this.#worked(await write()) ? "applied" : "refused" };
    } catch (thrown) {
      const failure = this.#failureOf(thrown);
      if (failure.type === "fatal") throw this.#error(operation, failure);
      return { type: failure.type === "unknown" ? "unknown" : "throttled", cause: failure.cause };
    }
  }

  #worked<Answer>(answer: Answer): Answer {
    this.#hasWorked = true;
    this.#refusedSinceMs = undefined;
    return answer;
  }

  #failureOf(thrown: unknown): StoreFailure {
    if (KinesisConnectorError.isInstance(thrown)) throw thrown;
    const failure = this.#options.failureOf(thrown);
    if (failure.type !== "refused") return failure;
    const nowMs = this.#options.clock.monotonicNow();
    this.#refusedSinceMs ??= nowMs;
    const isPatient = this.#hasWorked && nowMs - this.#refusedSinceMs <= REFUSED_PATIENCE_MS;
    return { ...failure, type: isPatient ? "waiting" : "fatal" };
  }

  #error(operation: string, { cause, cure }: StoreFailure): KinesisConnectorError {
    const { store, table } = this.#options;
    return new KinesisConnectorError(
      "KC_LEASE_TABLE",
      `the lease table ${table} in ${store} cannot be used: ${operation} failed with ${asError(cause).message}; ${cure}`,
      { cause },
    );
  }
}
