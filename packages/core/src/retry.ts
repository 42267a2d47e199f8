import type { Random } from "./clock.js";
import type { OptionNames } from "./known-options.js";
import { wholeNumber } from "./options.js";

/** Options of tries: exponential back-off with full jitter. */
export interface RetryOptions {
  /** Tries in a row in which the destination takes nothing of what it refused before, the first refusal included. Default 10. */
  readonly maxAttempts?: number;
  /** Tries of a request whose outcome stays unknown (time-outs, resets, 5xx), the first included. Default: no limit; reading pauses meanwhile. */
  readonly maxRequestAttempts?: number;
  /** Upper bound of the first delay in milliseconds. Default 200. */
  readonly baseDelayMs?: number;
  /** Upper bound of every delay in milliseconds. Default 20,000. */
  readonly maxDelayMs?: number;
}

/** The names of all of them. */
export const RETRY_OPTIONS: OptionNames<RetryOptions> = {
  maxAttempts: true,
  maxRequestAttempts: true,
  baseDelayMs: true,
  maxDelayMs: true,
};

/** `RetryOptions`, checked and complete. */
export type Retry = Required<RetryOptions>;

/**
 * Fills in what the caller left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function retryFrom(options: RetryOptions = {}): Retry {
  const baseDelayMs = wholeNumber("retry.baseDelayMs", options.baseDelayMs ?? 200, { min: 1 });
  return {
    maxAttempts: wholeNumber("retry.maxAttempts", options.maxAttempts ?? 10, { min: 1 }),
    maxRequestAttempts:
      options.maxRequestAttempts === undefined || options.maxRequestAttempts === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : wholeNumber("retry.maxRequestAttempts", options.maxRequestAttempts, { min: 1 }),
    baseDelayMs,
    maxDelayMs: wholeNumber("retry.maxDelayMs", options.maxDelayMs ?? Math.max(20_000, baseDelayMs), {
      min: baseDelayMs,
    }),
  };
}

/** The delay before try `attempt + 1`: a random share of min(maxDelayMs, baseDelayMs x 2^(attempt - 1)), at least 1 ms. */
export function backoffMs(
  attempt: number,
  retry: Pick<Retry, "baseDelayMs" | "maxDelayMs">,
  random: Random,
): number {
  const ceiling = Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(1, Math.ceil(random.next() * ceiling));
}
