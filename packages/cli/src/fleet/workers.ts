import { sleep } from "@kinesis-connectors/core";
import { actualOwner, isEnded, type Lease, type OwnerKind, ownerKindOf } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shortOwner } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownDuration } from "../output/time.js";
import { shownCost } from "./cost.js";
import { openFleet } from "./read-fleet.js";
import { targetOf } from "../connection/target.js";
import { failoverTimeMsOf } from "./failover-time.js";

export interface WorkersFlags extends FleetFlags, Pick<OutputFlags, "json"> {
  readonly failoverTime?: number;
}

/** A look takes time and a renewal may be a little late: without it every third worker would look dead. */
const SLACK_MS = 200;

/** What `workers --json` prints of one. */
export interface WorkerReport {
  readonly owner: string;
  readonly kind: OwnerKind;
  readonly shards: number;
  /** Of its leases, those that it renewed between the two looks. */
  readonly renewed: number;
  readonly isRenewing: boolean;
}

/** `workers APP`. */
export async function workers(context: CliContext, flags: WorkersFlags, app?: string): Promise<void> {
  const { out, clock, signal } = context;
  const target = await targetOf(context, flags, app);
  const failoverTimeMs = failoverTimeMsOf(flags, target);
  const betweenMs = Math.ceil(failoverTimeMs / 3) + SLACK_MS;
  const fleet = await openFleet(context, target);
  try {
    const before = await fleet.look();
    await sleep(clock, betweenMs, signal);
    signal.throwIfAborted();
    const after = await fleet.look();
    const reports = workersOf(before.leases, after.leases);
    const open = after.leases.filter((lease) => !isEnded(lease));
    const unowned = open.filter((lease) => actualOwner(lease) === undefined).length;
    if (flags.json) {
      out.json({
        application: after.application,
        workers: reports,
        openShards: open.length,
        unownedShards: unowned,
        betweenMs,
        cost: after.cost,
      });
      return;
    }
    const columns = [
      { title: "WORKER" },
      { title: "KIND" },
      { title: "SHARDS", isNumber: true },
      { title: "LAST RENEWAL" },
    ];
    const rows = reports.map(({ owner, kind, shards, isRenewing }) => [
      shortOwner(owner),
      kind,
      String(shards),
      isRenewing
        ? `within ${shownDuration(betweenMs)}`
        : out.warn(`more than ${shownDuration(betweenMs)} ago`),
    ]);
    for (const line of tableLines(columns, rows, out.width())) out.line(line);
    const most = Math.max(0, ...reports.map(({ shards }) => shards));
    const least = Math.min(most, ...reports.map(({ shards }) => shards));
    out.line(
      `${open.length} open shards, ${unowned} without an owner; ${least === most ? "evenly shared" : `from ${least} to ${most} each`}`,
    );
    out.line(shownCost(after.cost, after.rows.length));
  } finally {
    fleet.close();
  }
}

/** Owners of leases that have not ended, with what they did between two looks. */
export function workersOf(before: readonly Lease[], after: readonly Lease[]): readonly WorkerReport[] {
  const counters = new Map(before.map((lease) => [lease.leaseKey, lease]));
  const byOwner = new Map<string, { kind: OwnerKind; shards: number; renewed: number }>();
  for (const lease of after) {
    const owner = actualOwner(lease);
    if (owner === undefined || isEnded(lease)) continue;
    const report = byOwner.get(owner) ?? { kind: ownerKindOf(lease) ?? "kcl", shards: 0, renewed: 0 };
    const seen = counters.get(lease.leaseKey);
    report.shards += 1;
    // A row that came up in between was written by its owner, too.
    if (seen?.counter !== lease.counter) report.renewed += 1;
    byOwner.set(owner, report);
  }
  return [...byOwner]
    .map(([owner, { kind, shards, renewed }]) => ({ owner, kind, shards, renewed, isRenewing: renewed > 0 }))
    .toSorted((a, b) => b.shards - a.shards || (a.owner < b.owner ? -1 : 1));
}
