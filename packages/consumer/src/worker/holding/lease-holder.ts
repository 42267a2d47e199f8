import { actualOwner, HeldLease, type HeldLeaseOptions, wasOurs } from "@kinesis-connectors/leases";
import type { Logger } from "@kinesis-connectors/core";
import type { LeaseSettings } from "../lease-settings.js";
import type { TakenLease } from "../taking/lease-taker.js";
import { renewalTimes } from "./renewer.js";
import type { ShardTasks } from "./shard-tasks.js";
import type { WorkerEvent } from "../worker-events.js";

export interface LeaseHolderOptions extends Pick<
  HeldLeaseOptions,
  "table" | "ownerId" | "clock" | "random" | "tellsThroughput"
> {
  readonly logger: Logger;
  readonly observe: (event: WorkerEvent) => void;
  readonly settings: Pick<LeaseSettings, "failoverTimeMs" | "renewPeriodMs">;
  readonly tasks: ShardTasks;
  /** The time that a shard has to be finished when the leader of the fleet gives it to another worker. */
  readonly handoffMs: number;
  /** Told when a lease was lost because it could not be renewed. */
  readonly lapsed: () => void;
}

/** A lease that was lost at this part of its failover time or later was lost for want of renewals, also where somebody else had it by then. */
const LAPSED_PART = 2 / 3;

/** Holds the leases that were taken, each with a task at work on its shard. */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  #saidForeign = false;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  hold(taken: TakenLease): void {
    const { lease, before, sentMs, steal, wasReadBefore, isAssigned } = taken;
    const { logger, observe, settings, tasks, handoffMs, lapsed } = this.#options;
    const shardId = lease.leaseKey;
    const held: HeldLease = new HeldLease(lease, sentMs, {
      ...this.#options,
      failoverTimeMs: settings.failoverTimeMs,
      renewAfterMs: renewalTimes(settings.renewPeriodMs).renewAfterMs,
      handoff: (to) => {
        observe({ type: "lease-handoff", shardId, to });
        tasks.handOver(held, handoffMs);
      },
      lost: (reason, wasReset) => {
        if (!wasReset && held.unrenewedMs >= settings.failoverTimeMs * LAPSED_PART) lapsed();
        tasks.forget(held);
        observe({ type: "lease-lose", shardId, reason });
        if (wasReset)
          logger.info(
            { shardId },
            "a shard was reset by an operator: its lease is free, and it goes on from its new place once it is resumed",
          );
        else
          logger.warn(
            { shardId, reason },
            "a lease is lost; its shard goes on elsewhere from the last checkpoint",
          );
      },
    });
    const from = isAssigned ? undefined : actualOwner(before);
    observe({ type: "lease-take", shardId, from, steal, ...(isAssigned ? { assigned: true } : {}) });
    if (isForeign(taken) && !this.#saidForeign) {
      this.#saidForeign = true;
      logger.warn(
        { shardId, from },
        "leases come from workers that do not prepare their batches (KCL): what they had in flight may be delivered twice; " +
          "delivery is exactly once only among workers of this library",
      );
    }
    tasks.start(held, wasReadBefore);
  }
}

/** Whether whoever read the shard before did not prepare its batches. An assigned lease names only its new owner; one of ours before it has left its mark. */
function isForeign({ before, isAssigned }: TakenLease): boolean {
  return isAssigned
    ? before.protocolOwner === undefined && typeof before.checkpoint === "object"
    : !wasOurs(before);
}
