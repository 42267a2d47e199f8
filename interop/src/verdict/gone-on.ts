import type { WorkerEvent } from "./events.js";

/** A shard that changed hands on the table. */
export interface Take {
  readonly shard: string;
  readonly by: string;
  /** When the row said so. */
  readonly atMs: number;
}

/** What old owners still handled after the row of their shard named another. */
export interface GoneOn {
  readonly records: number;
  /** From the take to the old owner's last batch; 0 where there was none. */
  readonly longestMs: number;
}

/** Counts what was handled of each taken shard by anybody but the taker, until the next take of it. */
export function goneOn(events: readonly WorkerEvent[], takes: readonly Take[]): GoneOn {
  let count = 0;
  let longestMs = 0;
  for (const { shard, by, atMs } of takes) {
    const next = takes
      .filter((other) => other.shard === shard && other.atMs > atMs)
      .reduce((first, other) => Math.min(first, other.atMs), Number.POSITIVE_INFINITY);
    for (const event of events) {
      if (event.type !== "records" || event.shard !== shard || event.w === by) continue;
      if (event.t <= atMs || event.t >= next) continue;
      count += event.records?.length ?? 0;
      longestMs = Math.max(longestMs, event.t - atMs);
    }
  }
  return { records: count, longestMs };
}
