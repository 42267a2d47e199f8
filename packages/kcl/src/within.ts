import { type Clock, sleep } from "@kinesis-connectors/core";

/** What a promise resolves with, or undefined when it takes longer. */
export async function within<Value>(
  clock: Clock,
  limitMs: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const waiting = new AbortController();
  const value = await Promise.race([promise, sleep(clock, limitMs, waiting.signal).then(() => undefined)]);
  waiting.abort();
  return value;
}
