import { setTimeout as wait } from "node:timers/promises";

/** A sample gives up when nothing is read for this long: something is wrong then, and waiting on would hide it. */
const STALLED_AFTER_MS = 60_000;

/** What is needed of a connector to wait for it. */
export interface SettlingConnector {
  readonly done: Promise<void>;
  readonly stop: () => Promise<void>;
  readonly progress: () => { readonly recordsRead: number };
}

/**
 * Waits until a connector has read `records` records, then stops it: a stop flushes what was read and commits it, so that nothing waits
 * for its age.
 *
 * @throws what ended the connector, when it fails; the signal's reason; an Error when it ends too early or reads nothing for a minute
 */
export async function untilSettled(
  connector: SettlingConnector,
  records: number,
  signal?: AbortSignal,
): Promise<void> {
  const ended = connector.done.then(() => {
    signal?.throwIfAborted();
    throw new Error("the connector ended before it had read everything");
  });
  // Whoever waits for it no more does not mind that it ends.
  ended.catch(() => undefined);
  let read = 0;
  let movedMs = performance.now();
  while (read < records) {
    await Promise.race([wait(20), ended]);
    signal?.throwIfAborted();
    const { recordsRead } = connector.progress();
    if (recordsRead > read) movedMs = performance.now();
    else if (performance.now() - movedMs > STALLED_AFTER_MS)
      throw new Error(
        `nothing was read for ${STALLED_AFTER_MS / 1000} s; ${read} of ${records} records were`,
      );
    read = recordsRead;
  }
  await connector.stop();
  await connector.done;
}
