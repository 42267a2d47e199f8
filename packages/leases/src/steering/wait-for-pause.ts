import { checkOptions, type OptionNames, sleep, systemClock, wholeNumber } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";
import { chosenRows, type SteeringOptions } from "./chosen-rows.js";
import { isPauseDone } from "./refusals.js";
import { failoverTimeOf, silenceMs } from "./silence.js";

/** Options of `waitForPause`. */
export interface WaitForPauseOptions extends SteeringOptions {
  /** How long to wait at most, in milliseconds. Default 60,000: a flush, an emission and a look of the owner. */
  readonly timeoutMs?: number | undefined;
  /** That of the workers, in milliseconds: an owner that has not renewed for so long, and 2 seconds more, is not waited for. Default 10,000. */
  readonly failoverTimeMs?: number | undefined;
  /** Aborted: the wait is over, with what is known. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES: OptionNames<WaitForPauseOptions> = {
  table: "required",
  shardIds: true,
  clock: true,
  timeoutMs: true,
  failoverTimeMs: true,
  signal: true,
};

/**
 * How far the pause of a shard is. `done`: its owner has said that it has stopped, or it has none. `silent`: its owner does not renew, so that none of
 * it runs. `waiting`: its owner lives and has not stopped yet. `not-paused`: it is not paused, or was resumed. `ended`: it was read to its end.
 */
export type PauseState = "done" | "silent" | "waiting" | "not-paused" | "ended";

/** The shards that were waited for. */
export interface PauseWait {
  /** Whether nothing of them runs any more. */
  readonly isDone: boolean;
  readonly shards: readonly {
    readonly shardId: string;
    readonly state: PauseState;
    readonly owner: string | undefined;
  }[];
}

const POLL_MS = 1_000;

/**
 * Waits until the owners of paused shards have stopped reading and writing for them. Costs one scan of the table a second. Ends early when one of them is
 * not paused at all: nobody would stop it.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; what the table throws
 */
export async function waitForPause(options: WaitForPauseOptions): Promise<PauseWait> {
  checkOptions("waitForPause", options, NAMES);
  const { table, shardIds, clock = systemClock, signal } = options;
  const timeoutMs = wholeNumber("timeoutMs", options.timeoutMs ?? 60_000, { min: 0 });
  const failoverTimeMs = failoverTimeOf(options.failoverTimeMs);
  const deadlineMs = clock.monotonicNow() + timeoutMs;
  const sights = new Map<string, { readonly counter: number; readonly sinceMs: number }>();
  const stateOf = (row: Lease, nowMs: number): PauseState => {
    const { leaseKey, counter, checkpoint, pausedMs } = row;
    if (checkpoint === "SHARD_END") return "ended";
    if (pausedMs === undefined) return "not-paused";
    if (isPauseDone(row)) return "done";
    const before = sights.get(leaseKey);
    if (before?.counter === counter)
      return nowMs - before.sinceMs >= silenceMs(failoverTimeMs) ? "silent" : "waiting";
    sights.set(leaseKey, { counter, sinceMs: nowMs });
    return "waiting";
  };
  // A shard that ends meanwhile is deleted at some time, and is then done as well.
  let wanted: readonly string[] | undefined;
  for (;;) {
    const leases = await table.list();
    const nowMs = clock.monotonicNow();
    wanted ??=
      shardIds === undefined ? undefined : chosenRows(leases, shardIds).map(({ leaseKey }) => leaseKey);
    const rows =
      wanted === undefined
        ? chosenRows(leases, undefined)
        : leases.filter(({ leaseKey }) => wanted?.includes(leaseKey));
    const shards = rows
      .map((row) => ({ shardId: row.leaseKey, state: stateOf(row, nowMs), owner: row.owner }))
      .toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1));
    const isWaiting = shards.some(({ state }) => state === "waiting");
    const isUnpaused = shards.some(({ state }) => state === "not-paused");
    if (!isWaiting || isUnpaused || nowMs >= deadlineMs || signal?.aborted === true)
      return { isDone: !isWaiting && !isUnpaused, shards };
    await sleep(clock, Math.min(POLL_MS, deadlineMs - nowMs), signal);
  }
}
