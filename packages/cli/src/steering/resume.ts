import { resumeShards } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { openFleet } from "../fleet/read-fleet.js";
import { targetOf } from "../connection/target.js";
import { shortShard } from "../output/short.js";
import { shownDuration } from "../output/time.js";

export interface ResumeFlags extends FleetFlags, Pick<OutputFlags, "json"> {
  readonly shard?: readonly string[];
}

/** `resume APP`. */
export async function resume(context: CliContext, flags: ResumeFlags, app?: string): Promise<void> {
  const { out, clock } = context;
  const target = await targetOf(context, flags, app);
  const fleet = await openFleet(context, target);
  try {
    const { nowMs } = await fleet.look();
    const resumed = await resumeShards({ table: fleet.table, clock, shardIds: flags.shard });
    if (flags.json)
      out.json({
        application: target.application,
        shards: resumed.map(({ shardId, pausedMs, pausedBy }) => ({
          shardId,
          pausedMs,
          pausedBy: pausedBy ?? null,
        })),
      });
    else if (resumed.length === 0) out.line("nothing was paused");
    for (const { shardId, pausedMs, pausedBy } of flags.json ? [] : resumed)
      out.line(
        `shard ${shortShard(shardId)} goes on, after ${shownDuration(nowMs - pausedMs)}${pausedBy === undefined ? "" : ` (paused by ${pausedBy})`}`,
      );
  } finally {
    fleet.close();
  }
}
