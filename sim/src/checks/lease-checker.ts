import { comparePositions } from "@kinesis-connectors/core";
import type { Lease, LeaseChange, NewLease } from "@kinesis-connectors/consumer";
import type { ObjectChecker } from "./checker.js";
import type { Violation } from "./violation.js";
import { type Entry, type Ledger, nameOf, type ShardLedger } from "./ledger.js";
import { BEGINNING_MS } from "../world/sim-process.js";
import { ResetBook } from "./reset-book.js";
import { keysIn, outcomesIn, type StoredBatch, storedBatchIn } from "./stored-batch.js";

/**
 * Looks at each change of a lease row as it is applied: what a checkpoint covers must have landed, once, in the right place (I1, I11);
 * ranges follow each other without holes (I3, I5); checkpoints never go back (I6); what is prepared is committed unchanged (I7).
 */
export class LeaseChecker {
  readonly #ledger: Ledger;
  readonly #objects: ObjectChecker;
  readonly #report: (violation: Violation) => void;
  readonly #hasLanded: (entry: Entry) => boolean;
  readonly #created = new Set<string>();
  readonly #book: ResetBook;
  lost = 0;

  /** @param hasLanded whether all outputs of a record are where they belong */
  constructor(
    ledger: Ledger,
    objects: ObjectChecker,
    report: (violation: Violation) => void,
    hasLanded: (entry: Entry) => boolean = isEachThere,
    book: ResetBook = new ResetBook(report, false),
  ) {
    this.#book = book;
    this.#ledger = ledger;
    this.#objects = objects;
    this.#report = report;
    this.#hasLanded = hasLanded;
  }

  created({ leaseKey, startTimestampMs, checkpoint }: NewLease): void {
    this.#book.created(leaseKey, checkpoint);
    const shard = this.#ledger.shards.get(leaseKey);
    if (shard === undefined) return;
    this.#created.add(leaseKey);
    if (startTimestampMs === undefined) return;
    for (const entry of shard.entries)
      if (BEGINNING_MS + entry.putMs < startTimestampMs) entry.isBeforeStart = true;
  }

  /** A change that was applied to a row. */
  changed(before: Lease, change: LeaseChange): void {
    const shard = this.#ledger.shards.get(before.leaseKey);
    if (shard === undefined) return;
    this.#book.changed(before, change);
    if (change.type === "prepare") this.#prepared(shard, before, change.pending.state);
    else if (change.type === "reset") {
      for (const key of keysIn(storedBatchIn(before.pending?.state) ?? NO_BATCH))
        this.#objects.forgotten.add(key);
      this.#objects.forget(shard.shardId);
      this.#book.reset(shard, before, change);
    } else if (change.type === "commit") {
      this.#committed(shard, before, change.checkpoint);
    }
  }

  /** A checkpoint that a KCL worker wrote: what was prepared is gone from the row by it, and may still land, once more than it would. */
  committedByKcl(before: Lease, checkpoint: Lease["checkpoint"]): void {
    const shard = this.#ledger.shards.get(before.leaseKey);
    if (shard === undefined) return;
    this.#book.changed(before, { type: "commit", checkpoint });
    const pending = storedBatchIn(before.pending?.state);
    if (pending !== undefined) {
      for (const key of keysIn(pending)) this.#objects.forgotten.add(key);
      const first = shard.indexes.get(nameOf(pending.first)) ?? 0;
      const last = shard.indexes.get(nameOf(pending.last)) ?? -1;
      for (const entry of shard.entries.slice(first, last + 1)) entry.strays += 1;
    }
    // What its application has delivered it need not have checkpointed before the end.
    if (checkpoint === "SHARD_END")
      for (; shard.covered < shard.entries.length; shard.covered += 1)
        this.#requireLanded(shard.entries[shard.covered] as Entry);
    this.#committed(shard, { ...before, pending: undefined }, checkpoint);
  }

  #prepared(shard: ShardLedger, before: Lease, state: Uint8Array | undefined): void {
    const stored = storedBatchIn(state);
    if (stored === undefined) return;
    for (const key of keysIn(stored)) this.#objects.preparedKeys.add(key);
    this.#keepOutcomes(shard, stored);
    this.#requireParentsRead(shard);
    const inherited = storedBatchIn(before.pending?.state);
    if (inherited !== undefined) {
      if (nameOf(inherited.first) !== nameOf(stored.first) || nameOf(inherited.last) !== nameOf(stored.last))
        this.#report({ rule: "I7", what: `${shard.shardId}: a prepared range was replaced by another` });
      return;
    }
    const first = shard.indexes.get(nameOf(stored.first));
    if (first === undefined || shard.indexes.get(nameOf(stored.last)) === undefined) {
      this.#report({ rule: "I5", what: `${shard.shardId}: a prepared range names no record of the shard` });
      return;
    }
    const last = shard.indexes.get(nameOf(stored.last)) ?? -1;
    for (const entry of shard.entries.slice(first, last + 1)) entry.isAgain = false;
    const skipped = shard.entries.slice(shard.covered, first).filter((entry) => !mayBeSkipped(entry));
    if (first < shard.covered || skipped.length > 0)
      this.#report({
        rule: "I5",
        what: `${shard.shardId}: a range begins at ${nameOf(stored.first)}, which does not follow the checkpoint`,
      });
  }

  #keepOutcomes(shard: ShardLedger, { first, last, routes }: StoredBatch): void {
    const name = `${shard.shardId} ${nameOf(first)}-${nameOf(last)}`;
    const begin = shard.indexes.get(nameOf(first));
    const end = shard.indexes.get(nameOf(last));
    this.#objects.outcomes.delete(name);
    if (routes === undefined || begin === undefined || end === undefined) return;
    // Records of aggregates that belong to other shards are not read at all.
    const read = shard.entries.slice(begin, end + 1).filter(({ payload }) => payload !== undefined);
    // Where retention took some away, the outcomes are counted from the end.
    if (read.some(({ isTrimmed }) => isTrimmed)) return;
    const outcomes = outcomesIn(routes);
    if (outcomes.length !== read.length)
      this.#report({
        rule: "I10",
        what: `${name} stores ${outcomes.length} outcomes for ${read.length} records`,
      });
    this.#objects.outcomes.set(
      name,
      new Map(read.map((entry, index) => [entry, outcomes[index] ?? "dropped"])),
    );
  }

  #committed(shard: ShardLedger, before: Lease, checkpoint: Lease["checkpoint"]): void {
    // A row that was deleted and made again by a worker that was late may be ended again, and nothing else.
    if (shard.hasEnded && (before.checkpoint === "SHARD_END" || checkpoint !== "SHARD_END"))
      this.#report({ rule: "I6", what: `${shard.shardId}: a checkpoint after SHARD_END` });
    this.#requireParentsRead(shard);
    const pending = storedBatchIn(before.pending?.state);
    if (typeof checkpoint === "string") {
      if (checkpoint !== "SHARD_END")
        this.#report({ rule: "I6", what: `${shard.shardId}: the checkpoint became ${checkpoint}` });
      if (pending !== undefined)
        this.#report({ rule: "I7", what: `${shard.shardId}: ended over a prepared range` });
      const missed = shard.entries.slice(shard.covered).filter((entry) => !mayBeSkipped(entry));
      for (const entry of missed) this.#loses(entry, "was not read before SHARD_END");
      shard.covered = shard.entries.length;
      shard.hasEnded = true;
      return;
    }
    if (pending !== undefined && nameOf(pending.last) !== nameOf(checkpoint))
      this.#report({
        rule: "I7",
        what: `${shard.shardId}: committed ${nameOf(checkpoint)} over a prepared range`,
      });
    if (typeof before.checkpoint === "object" && comparePositions(checkpoint, before.checkpoint) < 0)
      this.#report({
        rule: "I6",
        what: `${shard.shardId}: the checkpoint went back to ${nameOf(checkpoint)}`,
      });
    const index = shard.indexes.get(nameOf(checkpoint));
    if (index === undefined) {
      this.#report({ rule: "I6", what: `${shard.shardId}: ${nameOf(checkpoint)} is no record of the shard` });
      return;
    }
    for (; shard.covered <= index; shard.covered += 1) {
      const entry = shard.entries[shard.covered] as Entry;
      if (entry.isAgain && PREPARED.has(entry.payload?.kind))
        this.#report({
          rule: "undone",
          what: `${nameOf(entry)} of ${entry.shardId} was to be read again, and was not`,
        });
      this.#requireLanded(entry);
    }
  }

  #requireLanded(entry: Entry): void {
    if (entry.isTrimmed || entry.isBeforeStart) return;
    const { payload } = entry;
    if (entry.byKcl > 0) return;
    const dead = entry.dead > 0;
    const archived = this.#hasLanded(entry);
    switch (payload?.kind) {
      case "poison":
      case "stuck":
      case "rejected":
        if (!dead) this.#loses(entry, "is no dead letter");
        return;
      // A slow transform of a paused process times out now and then.
      case "slow":
      case "flaky-poison":
        if (!dead && !archived) this.#loses(entry, "is neither in the destination nor a dead letter");
        return;
      case "plain":
      case "many":
        if (!archived) this.#loses(entry, "is not in the destination");
        return;
      default:
      // Dropped by the filter, by the rule of hash key ranges, or without a model: where it landed is looked at in the end.
    }
  }

  #loses(entry: Entry, how: string): void {
    this.lost += 1;
    this.#report({
      rule: "lost",
      what: `${nameOf(entry)} of ${entry.shardId} is covered by a checkpoint and ${how}`,
    });
  }

  #requireParentsRead(shard: ShardLedger): void {
    for (const parentId of shard.parentShardIds) {
      const parent = this.#ledger.shards.get(parentId);
      if (parent !== undefined && this.#created.has(parentId) && !parent.hasEnded)
        this.#report({
          rule: "order",
          what: `${shard.shardId} was read before its parent ${parentId} had ended`,
        });
    }
  }
}

function mayBeSkipped({ payload, isTrimmed, isBeforeStart, isSkipped }: Entry): boolean {
  return payload === undefined || isTrimmed || isBeforeStart || isSkipped;
}

function isEachThere({ archived }: Entry): boolean {
  return archived.every((count) => count > 0);
}

/** What is kept is prepared before it is written, also when it is read again: what is not was passed over, by a commit that undid a reset. */
const PREPARED: ReadonlySet<string | undefined> = new Set(["plain", "many", "poison", "rejected"]);

const NO_BATCH: StoredBatch = {
  first: { sequenceNumber: "", subSequenceNumber: 0 },
  last: { sequenceNumber: "", subSequenceNumber: 0 },
};
