import {
  executeReset,
  HeldLease,
  type Intercept,
  type Lease,
  type LeaseTable,
  memoryLeases,
  type MemoryLeases,
  planReset,
  type ResetOptions,
  type ResetPlan,
  type ResetResult,
  type ResetTarget,
} from "../../src/index.js";
import { leaseWith } from "../support/leases.js";
import { SeededRandom } from "../support/seeded-random.js";
import { VirtualClock } from "../support/virtual-clock.js";

export const F = 10_000;

/** Rows with owners that renew them, three times in a failover time. */
export class SmallFleet {
  readonly clock: VirtualClock = new VirtualClock();
  readonly leases: MemoryLeases = memoryLeases();
  readonly lost: string[] = [];
  readonly #held = new Map<string, HeldLease>();
  intercept: Intercept = () => undefined;
  readonly table: LeaseTable = this.leases.connect((call) => this.intercept(call));

  constructor(rows: readonly Lease[]) {
    for (const row of rows) this.leases.rows.set(row.leaseKey, row);
  }

  row(shardId = "s0"): Lease {
    const row = this.leases.rows.get(shardId);
    if (row === undefined) throw new Error(`no row ${shardId}`);
    return row;
  }

  /** The owner of the row lives: it renews, and says that a pause is done if it obeys. */
  live(shardId = "s0", { obeys = true }: { readonly obeys?: boolean } = {}): HeldLease {
    const row = this.row(shardId);
    const held = new HeldLease(row, this.clock.monotonicNow(), {
      table: this.leases.connect(),
      ownerId: row.owner ?? "",
      clock: this.clock,
      random: new SeededRandom(1),
      failoverTimeMs: F,
      lost: (reason, wasReset) => void this.lost.push(`${shardId}: ${reason}${wasReset ? " (meant)" : ""}`),
    });
    this.#held.set(shardId, held);
    const renew = (): void => {
      if (held.gone.aborted || this.#held.get(shardId) !== held) return;
      const { pausedMs, pauseDoneMs } = this.row(shardId);
      const isDone = obeys && pausedMs !== undefined && pauseDoneMs === undefined;
      void held
        .write({ type: "renew", ...(isDone ? { pauseDoneMs: this.clock.now() } : {}) })
        .catch(() => undefined);
      this.clock.setTimer(3_000, renew);
    };
    this.clock.setTimer(1_000, renew);
    return held;
  }

  die(shardId = "s0"): void {
    this.#held.delete(shardId);
  }
}

export function at(sequenceNumber: number, subSequenceNumber = 0) {
  return { sequenceNumber: `${sequenceNumber}`, subSequenceNumber };
}

/** A row that a worker of ours has. */
export function owned(shardId = "s0", more: Partial<Lease> = {}): Lease {
  return leaseWith(shardId, {
    owner: "w:1",
    protocolOwner: "w:1",
    counter: 7,
    checkpoint: at(90),
    readThroughMs: Date.UTC(2025, 11, 31, 23),
    ...more,
  });
}

/** A row as a KCL worker leaves it: without kcOwner. */
export function ofJava(shardId = "s0", more: Partial<Lease> = {}): Lease {
  return leaseWith(shardId, { owner: "java-1", counter: 7, checkpoint: at(90), ...more });
}

/** A row of ours whose owner has said that its pause is done. */
export function paused(shardId = "s0", more: Partial<Lease> = {}): Lease {
  return owned(shardId, { pausedMs: 5, pausedBy: "ops", pauseDoneMs: 6, ...more });
}

export const pending = { checkpoint: at(95), state: Uint8Array.of(1, 2) };

export async function plan(
  fleet: SmallFleet,
  to: ResetTarget,
  more: Partial<ResetOptions> = {},
): Promise<ResetPlan> {
  const { table, clock } = fleet;
  return await clock.run(planReset({ table, clock, to, failoverTimeMs: F, ...more }));
}

export async function execute(fleet: SmallFleet, planned: ResetPlan): Promise<ResetResult> {
  const { table, clock } = fleet;
  return await clock.run(executeReset(planned, { table, clock, random: new SeededRandom(1) }));
}
