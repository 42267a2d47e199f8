import type { FleetMember } from "./fleet3/fleet-member.js";
import type { UnattendedWatch } from "./fleet3/unattended-watch.js";
import type { LeaseSettings } from "./lease-settings.js";
import type { LeaseTaker, Taking } from "./taking/lease-taker.js";
import type { Loop } from "./loop.js";
import { Auditor, isRangeRead } from "./shard-sync/auditor.js";
import { cleanUp } from "./shard-sync/cleanup.js";
import type { LeaseCreation } from "./shard-sync/create-leases.js";
import type { ShardTasks } from "./holding/shard-tasks.js";
import type { StartLoop } from "./steps.js";
import type { WorkerEvent } from "./worker-events.js";

export interface TakersOptions extends LeaseCreation {
  readonly ownerId: string;
  readonly isRange: boolean;
  readonly settings: LeaseSettings;
  readonly observe: (event: WorkerEvent) => void;
  readonly loop: StartLoop;
  readonly taker: Pick<LeaseTaker, "step">;
  readonly taking: () => Taking;
  readonly tasks: ShardTasks;
  readonly member: FleetMember;
  readonly unattended: UnattendedWatch;
  /** Told after each look for leases to take. */
  readonly looked: () => void;
  /** Told that nothing is left of the range of time. */
  readonly rangeRead: () => void;
}

/** The loops that end before anything is given back: they take leases, and keep the rows complete. `take` is one of `all`. */
export function startTakers(options: TakersOptions): { readonly take: Loop; readonly all: readonly Loop[] } {
  const { table, settings, isRange, observe, loop, tasks, member, taking, unattended } = options;
  const { takePeriodMs, cleanupPeriodMs, auditPeriodMs, fleetModePeriodMs, failoverTimeMs } = settings;
  const take = loop(
    "take",
    0,
    // Where a leader assigns, the look is for what it has forgotten, and seldom finds any.
    () => (taking() === "share" || unattended.isAny ? takePeriodMs : failoverTimeMs),
    async () => {
      if (taking() === "share") unattended.clear();
      await options.taker.step(taking);
      options.looked();
      if (isRange && !tasks.isWorking && isRangeRead(await table.list())) options.rangeRead();
    },
  );
  const auditor = new Auditor({ ...options, leads: () => member.leads });
  // A hole is looked at again soon: three looks make sure of it, and its shards are not read meanwhile.
  const audit = loop(
    "audit",
    Math.floor(auditPeriodMs / 2),
    () => (auditor.isUnsure ? Math.min(failoverTimeMs, auditPeriodMs) : auditPeriodMs),
    async () => {
      if (await auditor.step()) take.runSoon();
    },
  );
  const fleetMode = loop(
    "fleet-mode",
    fleetModePeriodMs,
    () => fleetModePeriodMs,
    async () => await member.watch(),
  );
  const cleanup = loop(
    "cleanup",
    cleanupPeriodMs,
    () => cleanupPeriodMs,
    async () => {
      // What was read of a range is told by its rows alone.
      if (isRange) return;
      await cleanUp({
        ...options,
        finished: () => tasks.finished(),
        deleted: (held) => {
          held.release();
          tasks.forget(held);
          observe({ type: "lease-delete", shardId: held.shardId });
        },
      });
    },
  );
  return { take, all: [take, audit, fleetMode, cleanup] };
}
