/** The end of the time in which a handler is waited for. */
export interface End {
  /** What was handed in, or the abort's reason, whichever comes first. */
  readonly orSettled: <Value>(waiting: Promise<Value>) => Promise<Value>;
  /** To be called once nothing is waited for: the signal lives on. */
  readonly forget: () => void;
}

/**
 * A handler need not look at its signal. Once the shard is somebody else's nobody waits for it any more, or the worker would hold on to a shard that it has lost
 * for as long as the handler takes.
 */
export function endOf(signal: AbortSignal): End {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  // Where nothing is waited for, nobody is to be told.
  aborted.catch(() => undefined);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return {
    orSettled: (waiting) => Promise.race([waiting, aborted]),
    forget: () => signal.removeEventListener("abort", abort),
  };
}
