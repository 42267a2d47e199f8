import { atCorrectedClock } from "@kinesis-connectors/aws";
import {
  asError,
  backoffMs,
  type Clock,
  type Logger,
  type Random,
  sleep,
  errorFields,
} from "@kinesis-connectors/core";
import { tableCause, tableError, type TableFailure, tableFailure } from "./table-failures.js";

export interface TableCallsOptions {
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const MAX_ATTEMPTS = 6;
const BACKOFF = { baseDelayMs: 100, maxDelayMs: 2_000 };
const ATTEMPTS_PER_LINE = 10;

/** Calls of the start: when their tries are used up, the start fails. Those made later are made again by whoever needs them. */
const CONTROL: ReadonlySet<string> = new Set(["DescribeTable", "CreateTable"]);
/** The start makes these too. Until one has worked, throttling is waited for: a fleet that starts at once needs minutes. */
const OF_THE_START: ReadonlySet<string> = new Set([...CONTROL, "Scan", "PutItem"]);
/** As long as for a new table to become ACTIVE. */
const THROTTLED_PATIENCE_MS = 600_000;
/** Rights that were there and are denied: a change of policies is through by then. */
const DENIED_PATIENCE_MS = 300_000;

/** The calls on one lease table: repeats what may be repeated, and tells what passes from what does not. */
export class TableCalls {
  readonly #options: TableCallsOptions;
  readonly #worked = new Set<string>();
  /** Since when a call that had worked is denied, on the monotonic clock. */
  readonly #deniedSinceMs = new Map<string, number>();
  #starting: AbortSignal | undefined;

  constructor(options: TableCallsOptions) {
    this.#options = options;
  }

  /** The calls of a start end their waiting when this is aborted. */
  startsUnder(signal: AbortSignal | undefined): void {
    this.#starting = signal;
  }

  /** One call, made once more where only the machine's clock was off. */
  async once<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
    const answer = await atCorrectedClock(call);
    this.#worked.add(operation);
    this.#deniedSinceMs.delete(operation);
    return answer;
  }

  /** What the failure of a call means. A right that was there is missed for a while before that counts as fatal. */
  failureOf(operation: string, thrown: unknown): Exclude<TableFailure, "denied"> {
    const failure = tableFailure(thrown);
    if (failure !== "denied") return failure;
    if (!this.#worked.has(operation)) return "fatal";
    const nowMs = this.#options.clock.monotonicNow();
    const sinceMs = this.#deniedSinceMs.get(operation) ?? nowMs;
    this.#deniedSinceMs.set(operation, sinceMs);
    return nowMs - sinceMs > DENIED_PATIENCE_MS ? "fatal" : "throttled";
  }

  /** Repeats a call whose repetition changes nothing. */
  async repeat<Answer>(operation: string, call: () => Promise<Answer>): Promise<Answer> {
    const { tableName, clock, random, logger } = this.#options;
    const startedMs = clock.monotonicNow();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(operation, call);
      } catch (thrown) {
        const failure = this.failureOf(operation, thrown);
        if (failure === "refused") throw thrown;
        if (failure === "missing" || failure === "fatal") throw tableError(tableName, operation, thrown);
        const isStarting = OF_THE_START.has(operation) && !this.#worked.has(operation);
        const isPatient =
          failure === "throttled" && isStarting && clock.monotonicNow() - startedMs < THROTTLED_PATIENCE_MS;
        if ((attempt >= MAX_ATTEMPTS && !isPatient) || (isStarting && this.#starting?.aborted === true))
          throw CONTROL.has(operation) ? tableError(tableName, operation, thrown) : tableCause(thrown);
        const line = { table: tableName, operation, attempt, ...errorFields(asError(thrown)) };
        if (isPatient && attempt % ATTEMPTS_PER_LINE === 0)
          logger.warn(line, "DynamoDB limits the calls on the lease table; waiting");
        else logger.debug(line, "lease table call repeated");
        await sleep(clock, backoffMs(attempt, BACKOFF, random), isStarting ? this.#starting : undefined);
      }
    }
  }

  /** A conditional write, repeated likewise. False: refused. That may be by its own first try: whoever must know looks at the row then. */
  async isApplied(operation: string, call: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.repeat(operation, call);
      return true;
    } catch (thrown) {
      if (tableFailure(thrown) === "refused") return false;
      throw thrown;
    }
  }
}
