import {
  asError,
  backoffMs,
  checkOptions,
  type Clock,
  KinesisConnectorError,
  type OptionNames,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { compareCheckpoints, type Lease, shownCheckpoint } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";
import { withEach } from "./chosen-rows.js";
import { changedSince, missingRow, type Refusal, refusedError, resetRefusal } from "./refusals.js";
import type { ResetPlan, ShardReset } from "./reset-plan.js";
import { isThere } from "./reset-target.js";

/** What a reset is carried out with. */
export interface ExecuteResetOptions {
  /** The table whose rows are reset. */
  readonly table: LeaseTable;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Default: the machine's. */
  readonly random?: Random | undefined;
}

const NAMES: OptionNames<ExecuteResetOptions> = { table: "required", clock: true, random: true };

/**
 * What became of one shard. `reset`: it begins where the plan says. `refused`: its row was changed meanwhile, and it was left as it is. `failed`: the
 * table did not say what became of the write; look at the row.
 */
export type ResetOutcome =
  | { readonly shardId: string; readonly state: "reset" }
  | { readonly shardId: string; readonly state: "refused"; readonly refusal: Refusal }
  | { readonly shardId: string; readonly state: "failed"; readonly error: Error };

/** What became of a reset. */
export interface ResetResult {
  /** Whether every shard of the plan was reset. */
  readonly isComplete: boolean;
  readonly shards: readonly ResetOutcome[];
}

const MAX_ATTEMPTS = 8;
const BACK_OFF = { baseDelayMs: 100, maxDelayMs: 2_000 } as const;

/**
 * Carries a plan out: each shard that is not there already by one conditional write, which removes its owner, so that one that did not know loses its
 * lease cleanly. All rows are looked at again before the first is written. Shards that were paused stay so until they are resumed.
 *
 * @throws KinesisConnectorError `KC_STEERING_REFUSED`, with nothing changed, when the plan refuses a shard or a row has changed since; what the table
 * throws before the first write
 */
export async function executeReset(plan: ResetPlan, options: ExecuteResetOptions): Promise<ResetResult> {
  checkOptions("executeReset", options, NAMES);
  const { table, clock = systemClock, random = systemRandom } = options;
  const refused = plan.shards.flatMap(({ shardId, refusal }) =>
    refusal === undefined ? [] : [{ shardId, refusal }],
  );
  if (refused.length > 0) throw refusedError("the reset", refused);
  const { discardPending } = plan;
  const looks = await withEach(plan.shards, async (shard) => await look(table, shard, discardPending));
  const late = looks.flatMap((found, index) => {
    const shardId = plan.shards[index]?.shardId;
    return "refusal" in found && shardId !== undefined ? [{ shardId, refusal: found.refusal }] : [];
  });
  if (late.length > 0) throw refusedError("the reset", late);
  const shards = await withEach(
    plan.shards,
    async (shard) => await resetShard(shard, { table, clock, random, discardPending }),
  );
  return { isComplete: shards.every(({ state }) => state === "reset"), shards };
}

/** The row as it is now, or why it may not be reset as planned any more. */
async function look(
  table: LeaseTable,
  { shardId, seen, isSilent }: ShardReset,
  discardPending: boolean,
): Promise<{ readonly row: Lease } | { readonly refusal: Refusal }> {
  const row = await table.get(shardId);
  if (row === undefined) return { refusal: missingRow() };
  if (isSilent && (row.counter !== seen.counter || row.owner !== seen.owner))
    return { refusal: changedSince("somebody has taken or renewed it") };
  const refusal = resetRefusal(row, { isSilent, discardPending });
  if (refusal !== undefined) return { refusal };
  if (compareCheckpoints(row.checkpoint, seen.checkpoint) !== 0)
    return { refusal: changedSince(`it stands at ${shownCheckpoint(row.checkpoint)}`) };
  if (row.pending?.checkpoint !== undefined && seen.pending === undefined)
    return { refusal: changedSince("a batch was prepared") };
  return { row };
}

async function resetShard(
  shard: ShardReset,
  {
    table,
    clock,
    random,
    discardPending,
  }: Required<ExecuteResetOptions> & {
    readonly clock: Clock;
    readonly random: Random;
    readonly discardPending: boolean;
  },
): Promise<ResetOutcome> {
  const { shardId, to } = shard;
  let cause: Error | undefined;
  /** The row that a reset was sent for whose outcome is not known: it may come through at any time until then. */
  let sent: Lease | undefined;
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (sent !== undefined && (await hasHappened(table, shard, sent))) return { shardId, state: "reset" };
      const found = await look(table, shard, discardPending);
      if ("refusal" in found) return { shardId, state: "refused", refusal: found.refusal };
      if (sent === undefined && isThere(found.row, to)) return { shardId, state: "reset" };
      const outcome = await table.update(found.row, { type: "reset", ...to });
      if (outcome.type === "applied") return { shardId, state: "reset" };
      // Refused, it may be our own write that its client sent a second time.
      if (outcome.type !== "throttled") sent = found.row;
      cause = outcome.type === "refused" ? new Error("its row changes all the time") : outcome.cause;
      if (outcome.type !== "refused") await sleep(clock, backoffMs(attempt, BACK_OFF, random));
    }
    if (sent !== undefined && (await hasHappened(table, shard, sent))) return { shardId, state: "reset" };
  } catch (thrown) {
    cause = asError(thrown);
  }
  if (KinesisConnectorError.isInstance(cause)) return { shardId, state: "failed", error: cause };
  const error = new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the reset of ${shardId} was not confirmed: look at its row before it is tried again`,
    { cause },
  );
  return { shardId, state: "failed", error };
}

/** Whether the row is what the reset makes of it; a worker may have taken it since. */
async function hasHappened(table: LeaseTable, { shardId, to }: ShardReset, before: Lease): Promise<boolean> {
  const row = await table.get(shardId);
  if (row === undefined || row.counter <= before.counter) return false;
  if (before.owner !== undefined && row.owner === before.owner) return false;
  return (
    row.pending === undefined &&
    compareCheckpoints(row.checkpoint, to.checkpoint) === 0 &&
    row.startTimestampMs === to.startTimestampMs
  );
}
