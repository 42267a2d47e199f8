import type { Lease } from "@kinesis-connectors/leases";
import { firstHole } from "./shard-sync.js";
import { listAllShards } from "./all-shards.js";
import { createFirstLeases, createMissingLeases, type LeaseCreation } from "./create-leases.js";
import { electedLeader } from "../leader.js";
import type { WorkerEvent } from "../worker-events.js";

/** Whether the shard goes on and its row does not, because a range of time was read: its hash keys are seen to. */
function endedInRange({ untilMs, checkpoint, childShardIds }: Lease): boolean {
  return untilMs !== undefined && checkpoint === "SHARD_END" && childShardIds.length === 0;
}

/** Whether a range of time has been read completely: every row is at its end, and together they cover all hash keys, so that none is missing. */
export function isRangeRead(leases: readonly Lease[]): boolean {
  return (
    leases.every(({ checkpoint }) => checkpoint === "SHARD_END") &&
    firstHole(leases.filter(endedInRange).flatMap(({ hashKeyRange }) => hashKeyRange ?? [])) === undefined
  );
}

export interface AuditorOptions extends LeaseCreation {
  readonly ownerId: string;
  readonly observe: (event: WorkerEvent) => void;
  /** Whether this worker leads a fleet in which a lock decides that; undefined: the owners of the leases elect a leader. */
  readonly leads: () => boolean | undefined;
}

// amazon-kinesis-client: leasesRecoveryAuditorInconsistencyConfidenceThreshold.
const CONFIDENCE = 3;

/**
 * The leader's duty: leases must cover the hash key space. A hole seen three times in a row is real, and repaired by listing all shards
 * anew; seen once, it may be a reshard in progress.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  #isElected = false;
  #hole = "";
  #times = 0;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** Whether a hole was seen that is not sure yet: the next look should come soon. */
  get isUnsure(): boolean {
    return this.#times > 0 && this.#times < CONFIDENCE;
  }

  /** One look. Resolves with whether leases were created. */
  async step(): Promise<boolean> {
    const { table, ownerId, observe } = this.#options;
    const leases = await table.list();
    const leads = this.#options.leads();
    const leader = electedLeader(leases);
    const isLeader = leads ?? (leader === undefined || leader === ownerId);
    // Who holds the lock of a fleet tells of it there.
    const isElected = isLeader && leads === undefined;
    if (isElected !== this.#isElected) {
      this.#isElected = isElected;
      if (leads === undefined || !leads) observe({ type: "leader-elect", leader: isElected });
    }
    if (leases.length === 0) {
      this.#times = 0;
      return isLeader && this.#created(await createFirstLeases(this.#options, { upToMs: 0 }));
    }
    const active = leases.filter((lease) => lease.checkpoint !== "SHARD_END" || endedInRange(lease));
    if (active.some(({ hashKeyRange }) => hashKeyRange === undefined)) {
      // Rows of early KCL versions: their ranges are filled in now and looked at next time.
      if (isLeader) await this.#fillRanges(active);
      return false;
    }
    const hole = firstHole(active.flatMap(({ hashKeyRange }) => hashKeyRange ?? []));
    if (hole === undefined) {
      this.#times = 0;
      return false;
    }
    // Every worker counts and the leader repairs: leadership goes with the owners of leases and may change at every look.
    const shown = `${hole.startingHashKey}-${hole.endingHashKey}`;
    this.#times = shown === this.#hole ? this.#times + 1 : 1;
    this.#hole = shown;
    if (!isLeader) return false;
    observe({ type: "hole-found", ...hole, times: this.#times });
    if (this.#times < CONFIDENCE) return false;
    this.#times = 0;
    return this.#created(await createMissingLeases(this.#options));
  }

  async #fillRanges(active: readonly Lease[]): Promise<void> {
    const shards = new Map((await listAllShards(this.#options)).map((shard) => [shard.shardId, shard]));
    for (const { leaseKey, hashKeyRange } of active) {
      const shard = shards.get(leaseKey);
      if (hashKeyRange !== undefined || shard === undefined) continue;
      const { startingHashKey, endingHashKey } = shard;
      await this.#options.table.describe(leaseKey, { hashKeyRange: { startingHashKey, endingHashKey } });
    }
  }

  #created(created: readonly string[]): boolean {
    if (created.length > 0) this.#options.observe({ type: "shard-sync", created });
    return created.length > 0;
  }
}
