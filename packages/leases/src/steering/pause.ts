import { checkOptions, nonEmptyText, type OptionNames, systemClock } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";
import { chosenRows, type SteeringOptions, withEach } from "./chosen-rows.js";
import { ended, foreignOwner, hasForeignOwner, refusedError } from "./refusals.js";

/** Options of `pauseShards`. */
export interface PauseOptions extends SteeringOptions {
  /** Who pauses, as it is to be shown to others: `user@host`. */
  readonly by: string;
}

const NAMES: OptionNames<SteeringOptions> = { table: "required", shardIds: true, clock: true };

/** A shard that is paused now. */
export interface PausedShard {
  readonly shardId: string;
  /** Since when, in epoch milliseconds, and by whom: of the first that paused it. */
  readonly pausedMs: number;
  readonly pausedBy: string | undefined;
  /** False where it was paused already. */
  readonly isNew: boolean;
}

/** Shards that end while all of them are paused leave children, which are found by another look; it ends at some time. */
const MAX_LOOKS = 10;

/**
 * Pauses shards: says so in their rows. Their owners see it at their next look (`takePeriodMs`), finish what they have read, commit, and hold the
 * shards without reading them, through restarts and takeovers, until they are resumed. `waitForPause` waits for that. A shard that is paused already
 * stays as it is.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `KC_STEERING_REFUSED`, with nothing changed, where a KCL worker owns one of them or one has
 * ended; what the table throws
 */
export async function pauseShards(options: PauseOptions): Promise<readonly PausedShard[]> {
  checkOptions("pauseShards", options, { ...NAMES, by: "required" } satisfies OptionNames<PauseOptions>);
  const { table, shardIds, clock = systemClock } = options;
  const by = nonEmptyText("by", options.by);
  const paused = new Map<string, PausedShard>();
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const found = chosenRows(await table.list(), shardIds).filter(({ leaseKey }) => !paused.has(leaseKey));
    const refused = found.flatMap((row) => {
      const refusal = pauseRefusal(row);
      return refusal === undefined ? [] : [{ shardId: row.leaseKey, refusal }];
    });
    if (refused.length > 0 && look === 1) throw refusedError("the pause", refused);
    const rows = found.filter((row) => pauseRefusal(row) === undefined);
    if (rows.length === 0) break;
    await withEach(rows, async ({ leaseKey: shardId, pausedMs, pausedBy }) => {
      if (pausedMs !== undefined) {
        paused.set(shardId, { shardId, pausedMs, pausedBy, isNew: false });
        return;
      }
      const nowMs = Math.floor(clock.now());
      // Gone since the look: it had been read to its end.
      if (await table.describe(shardId, { pausedMs: nowMs, pausedBy: by, pauseDoneMs: null }))
        paused.set(shardId, { shardId, pausedMs: nowMs, pausedBy: by, isNew: true });
    });
    if (shardIds !== undefined) break;
  }
  return inOrder([...paused.values()]);
}

function pauseRefusal(row: Lease): ReturnType<typeof foreignOwner> | undefined {
  if (row.checkpoint === "SHARD_END") return ended();
  return hasForeignOwner(row) ? foreignOwner(row) : undefined;
}

/** A shard that was paused until now. */
export interface ResumedShard {
  readonly shardId: string;
  readonly pausedMs: number;
  readonly pausedBy: string | undefined;
}

/**
 * Lets shards be read again: their owners see it at their next look, and go on from the row. Those that are not paused stay as they are.
 *
 * @returns those that were paused
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; what the table throws
 */
export async function resumeShards(options: SteeringOptions): Promise<readonly ResumedShard[]> {
  checkOptions("resumeShards", options, NAMES);
  const { table, shardIds } = options;
  const leases = await table.list();
  // Also what has ended, where all are meant: a pause that came too late must not stay in a row.
  const rows = shardIds === undefined ? leases : chosenRows(leases, shardIds);
  const paused = rows.flatMap(({ leaseKey: shardId, pausedMs, pausedBy }) =>
    pausedMs === undefined ? [] : [{ shardId, pausedMs, pausedBy }],
  );
  await withEach(paused, ({ shardId }) =>
    table.describe(shardId, { pausedMs: null, pausedBy: null, pauseDoneMs: null }),
  );
  return inOrder(paused);
}

function inOrder<Shard extends { readonly shardId: string }>(shards: readonly Shard[]): readonly Shard[] {
  return shards.toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1));
}
