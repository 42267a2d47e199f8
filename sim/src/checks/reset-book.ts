import type { Lease, LeaseChange, LeaseCheckpoint } from "@kinesis-connectors/consumer";
import { compareCheckpoints } from "@kinesis-connectors/leases";
import { BEGINNING_MS } from "../world/sim-process.js";
import { nameOf, type ShardLedger } from "./ledger.js";
import { storedBatchIn } from "./stored-batch.js";
import type { Violation } from "./violation.js";

/** A reset, as a change of a row or as somebody asked for it. */
export type Reset = Omit<Extract<LeaseChange, { readonly type: "reset" }>, "type">;

/** A reset that somebody asked for. */
export interface AskedReset extends Reset {
  readonly discardsPending: boolean;
}

/**
 * Knows which checkpoints somebody asked for, and what a reset changes of what is right: from its place on every record is to land once more, and what
 * it passes over never lands.
 */
export class ResetBook {
  readonly #report: (violation: Violation) => void;
  readonly #asked = new Map<string, AskedReset[]>();
  /** Where each row stands, by the changes that were seen. */
  readonly #checkpoints = new Map<string, LeaseCheckpoint>();
  /** Resets that were carried out. */
  count = 0;

  readonly #seesAll: boolean;

  /** @param seesAll whether every change of every row is told of here: then a row can only stand where one of them has left it */
  constructor(report: (violation: Violation) => void, seesAll: boolean) {
    this.#report = report;
    this.#seesAll = seesAll;
  }

  /** Somebody is about to reset a shard; it may come through at any time from now on, once. */
  ask(shardId: string, reset: AskedReset): void {
    this.#asked.set(shardId, [...(this.#asked.get(shardId) ?? []), reset]);
  }

  created(shardId: string, checkpoint: LeaseCheckpoint): void {
    this.#checkpoints.set(shardId, checkpoint);
  }

  /** A row was changed: it must have stood where the change before has left it. */
  changed({ leaseKey, checkpoint }: Lease, change: LeaseChange): void {
    const known = this.#checkpoints.get(leaseKey);
    if (this.#seesAll && known !== undefined && compareCheckpoints(known, checkpoint) !== 0)
      this.#report({
        rule: "asked",
        what: `${leaseKey} stood at ${shown(checkpoint)}, and nobody had asked for that`,
      });
    const next = change.type === "commit" || change.type === "reset" ? change.checkpoint : checkpoint;
    this.#checkpoints.set(leaseKey, next);
  }

  /** A reset was carried out. */
  reset(shard: ShardLedger, before: Lease, reset: Reset): void {
    this.count += 1;
    const { shardId } = shard;
    const asked = this.#asked.get(shardId) ?? [];
    const index = asked.findIndex((one) => isSame(one, reset));
    const found = asked[index];
    if (found === undefined)
      this.#report({
        rule: "asked",
        what: `${shardId} was reset to ${shown(reset.checkpoint)}, which nobody asked for`,
      });
    this.#asked.set(shardId, asked.toSpliced(index, index === -1 ? 0 : 1));
    if (shard.hasEnded || reset.checkpoint === "SHARD_END")
      this.#report({ rule: "I6", what: `${shardId}: an end was undone, or made by a reset` });
    const pending = storedBatchIn(before.pending?.state);
    if (pending !== undefined && found?.discardsPending !== true)
      this.#report({ rule: "I7", what: `${shardId}: a prepared range was forgotten by a reset` });
    const from = indexOf(shard, reset);
    if (from === undefined) {
      this.#report({ rule: "asked", what: `${shardId} was reset to a place that it does not have` });
      return;
    }
    shard.entries.forEach((entry, at) => {
      if (at >= shard.covered && at < from) entry.isSkipped = true;
      if (at < from) return;
      entry.isSkipped = false;
      entry.isAgain = true;
      entry.landedBefore = [...entry.archived];
      entry.deadBefore = entry.dead;
      entry.strays = 0;
    });
    if (pending !== undefined) {
      // What was prepared and forgotten may have landed in part, and the rest may land at any time.
      const first = shard.indexes.get(nameOf(pending.first)) ?? 0;
      const last = shard.indexes.get(nameOf(pending.last)) ?? -1;
      for (let at = first; at <= last; at += 1) (shard.entries[at] ?? { strays: 0 }).strays += 1;
    }
    shard.covered = from;
  }
}

/** The first record that is read after a reset. */
function indexOf(shard: ShardLedger, { checkpoint, startTimestampMs }: Reset): number | undefined {
  if (typeof checkpoint === "object") {
    const index = shard.indexes.get(nameOf(checkpoint));
    return index === undefined ? undefined : index + 1;
  }
  if (checkpoint === "TRIM_HORIZON") return 0;
  if (startTimestampMs === undefined) return undefined;
  const index = shard.entries.findIndex(({ putMs }) => BEGINNING_MS + putMs >= startTimestampMs);
  return index === -1 ? shard.entries.length : index;
}

function isSame(a: Reset, b: Reset): boolean {
  return compareCheckpoints(a.checkpoint, b.checkpoint) === 0 && a.startTimestampMs === b.startTimestampMs;
}

function shown(checkpoint: LeaseCheckpoint): string {
  return typeof checkpoint === "string" ? checkpoint : nameOf(checkpoint);
}
