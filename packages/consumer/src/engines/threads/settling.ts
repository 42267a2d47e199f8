import { type Clock, sleep } from "@kinesis-connectors/core";

/** The end of a promise, or `late` when it takes too long. */
export async function within<T, Late>(
  clock: Clock,
  delayMs: number,
  promise: Promise<T>,
  late: Late,
): Promise<T | Late> {
  const settled = new AbortController();
  try {
    return await Promise.race([promise, sleep(clock, delayMs, settled.signal).then(() => late)]);
  } finally {
    settled.abort();
  }
}

/** A promise of an error, or of none, and what settles it; settling it again does nothing. */
export interface Settling {
  readonly promise: Promise<Error | undefined>;
  readonly settle: (error: Error | undefined) => void;
}

/** Not settled yet. */
export function settling(): Settling {
  let settle: (error: Error | undefined) => void = () => undefined;
  const promise = new Promise<Error | undefined>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
