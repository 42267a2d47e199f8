import { pauseShards, type PauseWait, waitForPause } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { openFleet } from "../fleet/read-fleet.js";
import { targetOf } from "../connection/target.js";
import { failoverTimeMsOf } from "../fleet/failover-time.js";
import { shortOwner, shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownDuration } from "../output/time.js";
import { whoami } from "./by.js";
import { counted } from "../output/counted.js";

export interface PauseFlags extends FleetFlags, Pick<OutputFlags, "json"> {
  readonly shard?: readonly string[];
  readonly failoverTime?: number;
  readonly noWait: boolean;
  readonly timeout: number;
}

/** `pause APP`. */
export async function pause(context: CliContext, flags: PauseFlags, app?: string): Promise<void> {
  const { out, clock, signal } = context;
  const target = await targetOf(context, flags, app);
  const fleet = await openFleet(context, target);
  try {
    // A table that is missing is told here, before anything is written.
    await fleet.look();
    const { table } = fleet;
    const shardIds = flags.shard;
    const paused = await pauseShards({ table, clock, shardIds, by: whoami() });
    const ids = paused.map(({ shardId }) => shardId);
    let wait: PauseWait | undefined;
    if (!flags.noWait && ids.length > 0) {
      out.note(`waiting for the owners of ${counted(ids.length, "shard")} to finish`);
      wait = await waitForPause({
        table,
        clock,
        shardIds: ids,
        timeoutMs: flags.timeout,
        failoverTimeMs: failoverTimeMsOf(flags, target),
        signal,
      });
    }
    const states = new Map(wait?.shards.map(({ shardId, state, owner }) => [shardId, { state, owner }]));
    const shards = paused.map(({ shardId, pausedMs, pausedBy, isNew }) => ({
      shardId,
      pausedMs,
      pausedBy: pausedBy ?? null,
      isNew,
      state: states.get(shardId)?.state ?? null,
      owner: states.get(shardId)?.owner ?? null,
    }));
    if (flags.json) out.json({ application: target.application, isDone: wait?.isDone ?? null, shards });
    else {
      const rows = shards.map(({ shardId, pausedBy, isNew, state, owner }) => [
        shortShard(shardId),
        state === null ? "asked for" : (WORDS[state] ?? state),
        owner === null ? "-" : shortOwner(owner),
        isNew ? "" : `paused before${pausedBy === null ? "" : ` by ${pausedBy}`}`,
      ]);
      for (const line of tableLines(
        [{ title: "SHARD" }, { title: "PAUSE" }, { title: "OWNER" }],
        rows,
        out.width(),
      ))
        out.line(line);
      out.line(`to go on: kinesis-connectors resume ${target.application}`);
    }
    signal.throwIfAborted();
    if (wait?.isDone === false)
      throw new CliError(
        "KC_FAILED",
        `not all owners have stopped within ${shownDuration(flags.timeout)}: the pause stands in the table, look again by status, or see why they do not finish`,
      );
  } finally {
    fleet.close();
  }
}

const WORDS: Readonly<Record<string, string>> = {
  done: "done",
  silent: "done, nobody renews it",
  waiting: "its owner has not stopped yet",
  "not-paused": "was resumed meanwhile",
  ended: "was read to its end",
};
