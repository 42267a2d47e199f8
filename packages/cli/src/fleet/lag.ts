import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownDuration, shownMoment } from "../output/time.js";
import { askStream } from "./ask-stream.js";
import { shownCost } from "./cost.js";
import { readFleet } from "./read-fleet.js";
import { shardStatuses } from "@kinesis-connectors/leases";
import { targetOf } from "../connection/target.js";

export interface LagFlags extends FleetFlags, OutputFlags {
  readonly max?: number;
  readonly askStream: boolean;
}

interface Figure {
  readonly shardId: string;
  readonly deliveredAgoMs: number | null;
  readonly behindMs: number | null;
  readonly isPaused: boolean;
}

/** `lag APP`. */
export async function lag(context: CliContext, flags: LagFlags, app?: string): Promise<void> {
  const { out } = context;
  const target = await targetOf(context, flags, app);
  const fleet = await readFleet(context, target);
  const behind = flags.askStream ? await askStream(context, target, fleet) : undefined;
  const { nowMs } = fleet;
  const figures = shardStatuses(fleet.leases, nowMs)
    .filter(({ state }) => state !== "ended")
    .map(({ shardId, deliveredAgoMs, paused }): Figure => ({
      shardId,
      deliveredAgoMs,
      behindMs: behind?.get(shardId) ?? null,
      isPaused: paused !== null,
    }))
    .toSorted((a, b) => (lagOf(b) ?? Infinity) - (lagOf(a) ?? Infinity) || (a.shardId < b.shardId ? -1 : 1));
  if (flags.json)
    out.json({
      application: fleet.application,
      nowMs,
      shards: figures,
      cost: { ...fleet.cost, kinesisReads: behind?.size ?? 0 },
    });
  else {
    const columns = [
      { title: "SHARD" },
      { title: "DELIVERED", isNumber: true },
      ...(behind === undefined ? [] : [{ title: "BEHIND", isNumber: true }]),
    ];
    const rows = figures.map(({ shardId, deliveredAgoMs, behindMs, isPaused }) => [
      shortShard(shardId),
      shownMoment(deliveredAgoMs === null ? undefined : nowMs - deliveredAgoMs, { nowMs, utc: flags.utc }),
      ...(behind === undefined ? [] : [behindMs === null ? "-" : shownDuration(behindMs)]),
      isPaused ? "paused" : "",
    ]);
    for (const line of tableLines(columns, rows, out.width())) out.line(line);
    out.line(shownCost(fleet.cost, fleet.rows.length, behind?.size));
  }
  if (flags.max !== undefined) requireBelow(figures, flags.max);
}

/** The larger of the two, where one is known. */
function lagOf({ deliveredAgoMs, behindMs }: Figure): number | undefined {
  if (deliveredAgoMs === null && behindMs === null) return undefined;
  return Math.max(deliveredAgoMs ?? 0, behindMs ?? 0);
}

function requireBelow(figures: readonly Figure[], maxMs: number): void {
  const watched = figures.filter(({ isPaused }) => !isPaused);
  const above = watched.filter((figure) => (lagOf(figure) ?? 0) > maxMs);
  if (above.length > 0)
    throw new CliError(
      "KC_UNHEALTHY",
      `above ${shownDuration(maxMs)}: ${above.map((one) => `shard ${shortShard(one.shardId)} with ${shownDuration(lagOf(one) ?? 0)}`).join(", ")}`,
    );
  const unknown = watched.filter((figure) => lagOf(figure) === undefined);
  if (unknown.length > 0)
    throw new CliError(
      "KC_UNHEALTHY",
      `no figure for ${unknown.map(({ shardId }) => `shard ${shortShard(shardId)}`).join(", ")}: its row does not say it; --ask-stream asks Kinesis`,
    );
}
