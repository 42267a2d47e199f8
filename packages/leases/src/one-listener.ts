import { type Clock, sleep } from "@kinesis-connectors/core";

/** Who waits for a signal behind its one listener. */
const waiting = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly callbacks: Set<() => void>;
  readonly tell: () => void;
}

/**
 * Calls back when a signal is aborted, which it must not be yet. One listener stands for all who wait: a process holds many shards until the same
 * signal, and Node warns of a leak from the eleventh listener on. Returns what ends the waiting; with the last one the listener goes as well.
 */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, tell } = waiting.get(signal) ?? listenTo(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal)?.tell !== tell) return;
    waiting.delete(signal);
    signal.removeEventListener("abort", tell);
  };
}

/** Waits for so many milliseconds, or until a signal is aborted, behind its one listener. */
export async function sleepUntil(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined || signal.aborted) return await sleep(clock, delayMs, signal);
  const over = new AbortController();
  const forget = whenAborted(signal, () => over.abort());
  await sleep(clock, delayMs, over.signal);
  forget();
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const tell = (): void => {
    waiting.delete(signal);
    for (const callback of callbacks) callback();
  };
  const made = { callbacks, tell };
  waiting.set(signal, made);
  signal.addEventListener("abort", tell, { once: true });
  return made;
}
