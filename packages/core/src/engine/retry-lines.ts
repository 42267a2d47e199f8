// What does not work at once is everyday life; the third time in a row somebody wants to know, and then now and then.
const FIRST_LINE = 3;
const RETRIES_PER_LINE = 5;

/** The level of the line about a try that failed: `warn` where an operator is told of it. */
export function retryLevel(attempt: number): "warn" | "debug" {
  return attempt === FIRST_LINE || attempt % RETRIES_PER_LINE === 0 ? "warn" : "debug";
}

/** Whether an operator was told of tries before this one, and is to hear that they are over. */
export function wasRetryTold(attempts: number): boolean {
  return attempts > FIRST_LINE;
}
