import { sleep } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shownDuration } from "../output/time.js";
import { shortShard } from "../output/short.js";
import { askStream } from "./ask-stream.js";
import { leaseTablesOf } from "./lease-tables.js";
import { type Fleet, readFleet } from "./read-fleet.js";
import { shardStatuses } from "@kinesis-connectors/leases";
import type { StatusReport } from "./status-report.js";
import { printStatus } from "./status-text.js";
import { type Target, targetOf, targetOfTable, whereOf } from "../connection/target.js";
import { attentionOf, type Behind, withoutFigure } from "./verdict.js";
import { counted } from "../output/counted.js";

export interface StatusFlags extends FleetFlags, OutputFlags {
  readonly watch: boolean;
  readonly check: boolean;
  readonly maxLag: number;
  readonly askStream: boolean;
}

const REDRAW_MS = 2_000;

/** `status [APP]`. */
export async function status(context: CliContext, flags: StatusFlags, app?: string): Promise<void> {
  if (app === undefined && flags.config === undefined) {
    await everyStatus(context, flags);
    return;
  }
  const target = await targetOf(context, flags, app);
  for (;;) {
    const report = await reportOf(context, flags, target);
    if (flags.watch) context.out.clear();
    if (flags.json) context.out.json(report);
    else printStatus(context.out, report, flags);
    if (!flags.watch) {
      if (flags.check) requireHealth([report], flags);
      return;
    }
    await sleep(context.clock, REDRAW_MS, context.signal);
    context.signal.throwIfAborted();
  }
}

async function everyStatus(context: CliContext, flags: StatusFlags): Promise<void> {
  const { out } = context;
  const where = await whereOf(context, flags);
  const { tables, calls } = await leaseTablesOf(context, where);
  const reports: StatusReport[] = [];
  for (const name of tables) reports.push(await reportOf(context, flags, targetOfTable(where, name)));
  if (flags.json) out.json({ applications: reports });
  else {
    for (const [index, report] of reports.entries()) {
      if (index > 0) out.line("");
      printStatus(out, report, flags);
    }
    out.note(`${counted(tables.length, "lease table")}, found by ${calls} calls`);
  }
  if (flags.check) requireHealth(reports, flags);
}

async function reportOf(context: CliContext, flags: StatusFlags, target: Target): Promise<StatusReport> {
  const fleet = await readFleet(context, target);
  const behind = flags.askStream ? await askStream(context, target, fleet) : undefined;
  return reportFrom(fleet, behind, flags.maxLag);
}

function reportFrom(fleet: Fleet, behind: Behind | undefined, maxLagMs: number): StatusReport {
  const shards = shardStatuses(fleet.leases, fleet.nowMs);
  const working = shards.filter(({ state }) => state !== "ended");
  const ages = working.map(({ deliveredAgoMs }) => deliveredAgoMs).filter((age) => age !== null);
  return {
    application: fleet.application,
    leaseTable: fleet.tableName,
    stream: fleet.stream ?? null,
    fleetMode: fleet.mode ?? null,
    nowMs: fleet.nowMs,
    workers: new Set(working.map(({ owner }) => owner).filter((owner) => owner !== null)).size,
    paused: shards.filter(({ paused }) => paused !== null).length,
    deliveredAgoMs: ages.length === 0 ? null : Math.max(...ages),
    shards: shards.map((shard) => ({ ...shard, behindMs: behind?.get(shard.shardId) ?? null })),
    attention: [...attentionOf(shards, behind, maxLagMs)],
    foreign: fleet.foreign,
    cost: { ...fleet.cost, kinesisReads: behind?.size ?? 0 },
  };
}

/** The verdict of `--check`, for cron and CI. A shard that no figure speaks for is not taken for healthy. */
function requireHealth(reports: readonly StatusReport[], { maxLag }: StatusFlags): void {
  const reasons = reports.flatMap(({ application, shards, attention }) => {
    const behind = new Map(
      shards.flatMap(({ shardId, behindMs }) => (behindMs === null ? [] : [[shardId, behindMs] as const])),
    );
    return [...attention, ...withoutFigure(shards, behind)].map(
      ({ shardId, reason }) => `${application} shard ${shortShard(shardId)}: ${reason}`,
    );
  });
  if (reasons.length === 0) return;
  throw new CliError(
    "KC_UNHEALTHY",
    `${reasons.length} of the shards want attention (allowed: ${shownDuration(maxLag)}): ${reasons.join("; ")}`,
  );
}
