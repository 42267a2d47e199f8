import type { WorkerEvent } from "./events.js";

/** A worker that was killed, or asked to stop. */
export interface Departure {
  readonly worker: string;
  readonly atMs: number;
}

/** A shard that a departed worker had, and how long nobody had it. */
export interface Takeover {
  readonly shard: string;
  readonly from: string;
  /** Who had it next; undefined where nobody did. */
  readonly to: string | undefined;
  readonly tookMs: number | undefined;
}

/** What became of the shards of those who departed: each is begun by another worker, or was read to its end before. */
export function takeovers(
  events: readonly WorkerEvent[],
  departures: readonly Departure[],
): readonly Takeover[] {
  return departures.flatMap(({ worker, atMs }) =>
    [...shardsOf(worker, atMs, events)].map((shard): Takeover => {
      const heir = events.find(
        (event) => event.type === "begin" && event.shard === shard && event.w !== worker && event.t >= atMs,
      );
      return {
        shard,
        from: worker,
        to: heir?.w,
        tookMs: heir === undefined ? undefined : heir.t - atMs,
      };
    }),
  );
}

/** The longest of them; undefined where there was none. */
export function slowestMs(all: readonly Takeover[]): number | undefined {
  const times = all.map(({ tookMs }) => tookMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The shards that a worker was the last to begin before a moment, and neither lost nor read to the end. */
function shardsOf(worker: string, beforeMs: number, events: readonly WorkerEvent[]): ReadonlySet<string> {
  const held = new Set<string>();
  for (const { t, w, type, shard } of events) {
    if (t >= beforeMs) break;
    if (shard === undefined) continue;
    if (type === "begin") {
      if (w === worker) held.add(shard);
      else held.delete(shard);
    } else if (w === worker && (type === "ended" || type === "lost")) held.delete(shard);
  }
  return held;
}
