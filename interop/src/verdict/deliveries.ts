import type { WorkerEvent } from "./events.js";

/** What became of the records that were put. */
export interface Deliveries {
  readonly sent: number;
  /** Of the records sent, those that some worker handled. */
  readonly delivered: number;
  /** Payloads that no worker handled. */
  readonly lost: readonly string[];
  /** Records handled again, each time counted. */
  readonly duplicates: number;
  /** Records of a batch that was handled by an owner after another one had begun the shard. */
  readonly lateRecords: number;
  /** How long after the heir had begun an old owner handled its last batch, in milliseconds; 0 where none did. */
  readonly latestMs: number;
  /** Records below one before them in the same batch. */
  readonly outOfOrder: number;
}

/** Counts the records of all workers against those that were sent. */
export function countDeliveries(events: readonly WorkerEvent[], sent: ReadonlySet<string>): Deliveries {
  const seen = new Set<string>();
  const owners = new Map<string, WorkerEvent>();
  let duplicates = 0;
  let lateRecords = 0;
  let latestMs = 0;
  let outOfOrder = 0;
  for (const event of events) {
    const { w, t, type, shard = "", records = [] } = event;
    if (type === "begin") owners.set(shard, event);
    if (type !== "records") continue;
    const owner = owners.get(shard);
    if (owner !== undefined && owner.w !== w) {
      lateRecords += records.length;
      latestMs = Math.max(latestMs, t - owner.t);
    }
    let before = -1n;
    for (const [payload, sequenceNumber] of records) {
      const sequence = BigInt(sequenceNumber);
      if (sequence < before) outOfOrder += 1;
      before = sequence;
      if (seen.has(payload)) duplicates += 1;
      seen.add(payload);
    }
  }
  const lost = [...sent].filter((payload) => !seen.has(payload));
  return {
    sent: sent.size,
    delivered: sent.size - lost.length,
    lost,
    duplicates,
    lateRecords,
    latestMs,
    outOfOrder,
  };
}

/** Whose records were handled again, by whom first and by whom then: `j1 -> t1`, and how often. */
export function repeats(events: readonly WorkerEvent[]): Readonly<Record<string, number>> {
  const seen = new Map<string, string>();
  const found: Record<string, number> = {};
  for (const { w, records = [] } of events) {
    for (const [payload] of records) {
      const before = seen.get(payload);
      if (before !== undefined) found[`${before} -> ${w}`] = (found[`${before} -> ${w}`] ?? 0) + 1;
      seen.set(payload, w);
    }
  }
  return found;
}
