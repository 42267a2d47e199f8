import {
  checkOptions,
  type Clock,
  type OptionNames,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { Lease, LeaseCheckpoint } from "../lease.js";
import { chosenRows, type SteeringOptions } from "./chosen-rows.js";
import { ended, hasForeignOwner, missingRow, otherStream, type Refusal, resetRefusal } from "./refusals.js";
import {
  checkTarget,
  isThere,
  type ResetTarget,
  type ResetValues,
  skips,
  valuesFor,
} from "./reset-target.js";
import { failoverTimeOf, silentRows } from "./silence.js";

/** Options of `planReset`. */
export interface ResetOptions extends SteeringOptions {
  /** Where the shards are to begin. */
  readonly to: ResetTarget;
  /** That of the workers, in milliseconds: an owner whose row stands still for so long, and 2 seconds more, is dead. Default 10,000. */
  readonly failoverTimeMs?: number | undefined;
  /**
   * Whether a batch that was prepared and not committed is forgotten. What there is of it at the destination stays, and its records are written again in
   * other batches: twice then, unless one of the very same range finds it. Default false: such a shard is refused.
   */
  readonly discardPending?: boolean | undefined;
  /** How long the stream keeps its records, in milliseconds, where that is known: an earlier time is refused then. Default: not known. */
  readonly retentionMs?: number | undefined;
}

const NAMES: OptionNames<ResetOptions> = {
  table: "required",
  shardIds: true,
  clock: true,
  to: { type: "required", at: true, position: true, rows: true },
  failoverTimeMs: true,
  discardPending: true,
  retentionMs: true,
};

/** What becomes of one shard. */
export interface ShardReset {
  readonly shardId: string;
  /** The row as it was seen. */
  readonly seen: Lease;
  readonly from: LeaseCheckpoint;
  readonly to: ResetValues;
  /** How much time is read again, in milliseconds, as far as the rows tell; negative where time is skipped. */
  readonly backMs: number | undefined;
  /** Whether it stands there already: its row is not written then, and its owner keeps it. */
  readonly isThere: boolean;
  /** Whether records are passed over that nobody has read; undefined where that cannot be told. */
  readonly skips: boolean | undefined;
  /** Whether the row counts as nobody's because it stood still: it must do so until it is written. */
  readonly isSilent: boolean;
  /** Why it will not be done; undefined where it will. */
  readonly refusal: Refusal | undefined;
}

/** What a reset would do. Nothing has been changed. */
export interface ResetPlan {
  readonly shards: readonly ShardReset[];
  readonly discardPending: boolean;
  /** Whether a shard is refused, so that nothing will be done. */
  readonly isRefused: boolean;
  /** What somebody should know before it is done, each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Says what a reset of the checkpoints would do, shard by shard, and changes nothing. A shard may be reset when its pause is done, or when nobody has
 * renewed its row for `failoverTimeMs` and 2 seconds: where that has to be found out it takes so long, or until every owner has turned out to live.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; what the table throws
 */
export async function planReset(options: ResetOptions): Promise<ResetPlan> {
  checkOptions("planReset", options, NAMES);
  const { table, shardIds, to, clock = systemClock, discardPending = false } = options;
  const failoverTimeMs = failoverTimeOf(options.failoverTimeMs);
  const retentionMs =
    options.retentionMs === undefined
      ? undefined
      : wholeNumber("retentionMs", options.retentionMs, { min: 1 });
  const nowMs = clock.now();
  checkTarget(to, { nowMs, retentionMs, shardIds });
  const leases = await table.list();
  const chosen = chosenRows(leases, shardIds).flatMap((row) => {
    const values = valuesFor(row, to, nowMs);
    return values === undefined && shardIds === undefined ? [] : [{ row, values }];
  });
  const silent = await silentAmong(
    chosen.map(({ row }) => row),
    { table, clock, failoverTimeMs, discardPending },
  );
  const shards = chosen
    .map(({ row, values }): ShardReset => {
      const seen = silent.get(row.leaseKey) ?? row;
      const isSilent = silent.has(row.leaseKey);
      const kept = to.type === "rows" ? to.rows.find(({ leaseKey }) => leaseKey === row.leaseKey) : undefined;
      return shardReset(seen, values, { isSilent, discardPending, kept });
    })
    .toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1));
  return {
    shards,
    discardPending,
    isRefused: shards.some(({ refusal }) => refusal !== undefined),
    warnings: warningsOf(leases, shards, options),
  };
}

/** Only where nothing else is in the way is it worth the time to find out whether an owner lives. */
async function silentAmong(
  rows: readonly Lease[],
  {
    discardPending,
    ...look
  }: {
    readonly table: ResetOptions["table"];
    readonly clock: Clock;
    readonly failoverTimeMs: number;
    readonly discardPending: boolean;
  },
): Promise<ReadonlyMap<string, Lease>> {
  const inDoubt = rows.filter(
    (row) =>
      resetRefusal(row, { isSilent: false, discardPending }) !== undefined &&
      resetRefusal(row, { isSilent: true, discardPending }) === undefined,
  );
  return inDoubt.length === 0 ? new Map() : await silentRows(inDoubt, look);
}

function shardReset(
  seen: Lease,
  values: ResetValues | undefined,
  how: {
    readonly isSilent: boolean;
    readonly discardPending: boolean;
    /** The row that the shard goes back to, if it does. */
    readonly kept: Lease | undefined;
  },
): ShardReset {
  const to = values ?? { checkpoint: seen.checkpoint, startTimestampMs: undefined, readThroughMs: undefined };
  const wouldEnd = to.checkpoint === "SHARD_END" && seen.checkpoint !== "SHARD_END";
  const refusal =
    values === undefined
      ? { ...missingRow(), reason: "the rows to go back to have none of it" }
      : wouldEnd
        ? { ...ended(), reason: "the rows to go back to say that it was read to its end, and it goes on" }
        : ((how.kept && otherStream(seen, how.kept)) ?? resetRefusal(seen, how));
  return {
    shardId: seen.leaseKey,
    seen,
    from: seen.checkpoint,
    to,
    backMs:
      seen.readThroughMs === undefined || to.readThroughMs === undefined
        ? undefined
        : seen.readThroughMs - to.readThroughMs,
    isThere: isThere(seen, to),
    skips: skips(seen, to),
    isSilent: how.isSilent,
    refusal,
  };
}

function warningsOf(
  leases: readonly Lease[],
  shards: readonly ShardReset[],
  { to, shardIds, discardPending }: ResetOptions,
): readonly string[] {
  const warnings: string[] = [];
  const known = new Set(leases.map(({ leaseKey }) => leaseKey));
  const names = (ids: readonly string[]): string => ids.toSorted().join(", ");
  if (leases.some(hasForeignOwner))
    warnings.push(
      "KCL workers share this application: one of them may take a shard that is freed here, and begins at the new checkpoint at once, for it knows no pause",
    );
  const skipping = shards.filter((shard) => shard.skips === true).map(({ shardId }) => shardId);
  if (skipping.length > 0)
    warnings.push(`what lies between is never read: ${names(skipping)} would go forward`);
  const over = leases.filter(({ checkpoint }) => checkpoint === "SHARD_END").map(({ leaseKey }) => leaseKey);
  if (shardIds === undefined && to.type !== "latest" && over.length > 0)
    warnings.push(
      `${names(over)} have been read to their end and stay so: what they held is not read again, as that of shards whose rows are gone`,
    );
  if (discardPending === true) {
    const pending = shards.filter(({ seen }) => seen.pending !== undefined).map(({ shardId }) => shardId);
    if (pending.length > 0)
      warnings.push(
        `a prepared batch of ${names(pending)} is forgotten: what there is of it at the destination stays, and its records are written again in other batches`,
      );
  }
  if (to.type === "rows") {
    const kept = new Set(to.rows.map(({ leaseKey }) => leaseKey));
    const gone = [...kept].filter((shardId) => !known.has(shardId));
    if (gone.length > 0)
      warnings.push(`the table has no row any more of ${names(gone)}: nothing is done for them`);
    const newer = [...known].filter((shardId) => !kept.has(shardId));
    if (shardIds === undefined && newer.length > 0)
      warnings.push(`the kept rows know nothing of ${names(newer)}: they stay as they are`);
  }
  return warnings;
}
