import type { CliContext } from "../app/context.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shownCost } from "../fleet/cost.js";
import { plainCheckpoint } from "../fleet/plain-checkpoint.js";
import { readFleet } from "../fleet/read-fleet.js";
import { targetOf } from "../connection/target.js";
import { shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownMoment } from "../output/time.js";

export type CheckpointShowFlags = FleetFlags & OutputFlags;

/** `checkpoint show APP`. */
export async function checkpointShow(
  context: CliContext,
  flags: CheckpointShowFlags,
  app?: string,
): Promise<void> {
  const { out } = context;
  const fleet = await readFleet(context, await targetOf(context, flags, app));
  const shards = fleet.leases.map(({ leaseKey, checkpoint, startTimestampMs, readThroughMs }) => ({
    shardId: leaseKey,
    ...plainCheckpoint(checkpoint),
    startTimestampMs: startTimestampMs ?? null,
    readThroughMs: readThroughMs ?? null,
  }));
  if (flags.json) {
    out.json({ application: fleet.application, shards, cost: fleet.cost });
    return;
  }
  const moment = { nowMs: fleet.nowMs, utc: flags.utc };
  const rows = shards.map(({ shardId, checkpoint, subSequenceNumber, startTimestampMs, readThroughMs }) => [
    shortShard(shardId),
    /^\d/.test(checkpoint) ? `${checkpoint}.${subSequenceNumber}` : checkpoint,
    // A time only says something beside a sentinel that stands for one.
    checkpoint === "LATEST" || checkpoint === "AT_TIMESTAMP"
      ? shownMoment(startTimestampMs ?? undefined, moment)
      : "-",
    shownMoment(readThroughMs ?? undefined, moment),
  ]);
  const columns = [{ title: "SHARD" }, { title: "CHECKPOINT" }, { title: "MEANS" }, { title: "DELIVERED" }];
  for (const line of tableLines(columns, rows, out.width())) out.line(line);
  out.line(shownCost(fleet.cost, fleet.rows.length));
}
