import { setImmediate } from "node:timers/promises";

/** One record of the log. */
export interface LogRecord {
  readonly key: string;
  readonly text: string;
}

/** What happens to a request as a whole. */
export type LogFault = "throttle" | "outage" | "reply-lost" | "credentials" | "stall";

/** Records in one request, bytes of one request, bytes of one record: the limits of the log. */
export const MAX_REQUEST_RECORDS = 10;
export const MAX_REQUEST_BYTES = 1000;
export const MAX_RECORD_BYTES = 400;

/** An error of the log. */
export class LogError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the log answered ${status}`);
    this.status = status;
  }
}

/** A log that takes many records in a request, and takes or refuses each on its own; all in memory. */
export class SimulatedLog {
  readonly landed: string[] = [];
  readonly requests: { records: number; bytes: number }[] = [];
  readonly #faults: { readonly fault: LogFault; timesLeft: number; fired: boolean }[] = [];
  readonly #refusals: { position: number; fired: boolean }[] = [];

  arrange(fault: LogFault, times = 1): () => boolean {
    const arranged = { fault, timesLeft: times, fired: false };
    this.#faults.push(arranged);
    return () => arranged.fired;
  }

  /** The records at these positions, counted from now on, are not taken for now. */
  throttleEntries(positions: readonly number[]): () => boolean {
    const arranged = positions.map((position) => ({ position, fired: false }));
    this.#refusals.push(...arranged);
    return () => arranged.every(({ fired }) => fired);
  }

  /** Appends; gives the status of each record. Rejects when the request as a whole is refused or its answer is lost. */
  async append(records: readonly LogRecord[], signal: AbortSignal): Promise<readonly number[]> {
    await setImmediate();
    const fault = this.#nextFault();
    if (fault === "throttle") throw new LogError(429);
    if (fault === "outage") throw new LogError(503);
    if (fault === "credentials") throw new LogError(403);
    if (fault === "stall") await aborted(signal);
    const bytes = records.reduce((sum, { text }) => sum + text.length, 0);
    this.requests.push({ records: records.length, bytes });
    const statuses = records.map(({ text }, position) => {
      const refusal = this.#refusals.find((one) => !one.fired && one.position === position);
      if (refusal !== undefined) {
        refusal.fired = true;
        return 429;
      }
      if (text.length > MAX_RECORD_BYTES || text.startsWith("!")) return 400;
      this.landed.push(text);
      return 200;
    });
    for (const refusal of this.#refusals) refusal.position -= records.length;
    if (fault === "reply-lost") throw new Error("socket hang up");
    return statuses;
  }

  #nextFault(): LogFault | undefined {
    const next = this.#faults.find(({ timesLeft }) => timesLeft > 0);
    if (next === undefined) return undefined;
    next.timesLeft -= 1;
    next.fired = true;
    return next.fault;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(asReason(signal)), { once: true });
  });
}

function asReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}
