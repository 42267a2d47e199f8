import type { Clock, Logger, Random, ShardContext, ShardOutcome } from "@kinesis-connectors/core";
import type { KinesisApi } from "../kinesis/kinesis-api.js";
import type { InitialPosition, Lease, LeaseTable } from "@kinesis-connectors/leases";
import type { FleetSeen } from "./taking/choose-leases.js";
import type { MeasureCpu } from "./fleet3/cpu/measure-cpu.js";
import type { FleetTimings } from "./fleet3/timings.js";
import type { LeaseOptions } from "./lease-settings.js";
import type { LeaseTableLooks } from "./table-watch.js";
import type { WorkerEvent } from "./worker-events.js";

/** A shard that this worker owns: what the engine of the shard needs from it. */
export interface ShardAssignment extends Pick<
  ShardContext,
  "shardId" | "checkpointer" | "initialPosition" | "stopSignal" | "abortSignal"
> {
  /** The row as it was when the shard was taken: hash key range, `readThroughMs` of earlier owners. */
  readonly lease: Lease;
  /**
   * Tells that everything that arrived up to this wall-clock time (epoch milliseconds) has been read and committed. Stored with the
   * next renewal, so that a later owner can tell a quiet shard from one that lost records to retention. Cheap; call it often.
   */
  readonly noteReadThrough: (wallTimeMs: number) => void;
  /** Tells of bytes that were read of the shard: the leader of a fleet in 3.x mode balances by them. Cheap; call it for each page. */
  readonly noteBytes: (bytes: number) => void;
}

export interface WorkerOptions {
  /** Unique to this start of this process: `<workerId>:<uuid>`. */
  readonly ownerId: string;
  readonly table: LeaseTable;
  readonly kinesis: Pick<KinesisApi, "listShards">;
  readonly initialPosition: InitialPosition;
  /**
   * Runs the engine of one shard to its end: resolves as `processShard` of core does. A rejection with `KC_LEASE_LOST` drops the
   * shard; any other one stops the worker, because no waiting mends it.
   */
  readonly runShard: (assignment: ShardAssignment) => Promise<ShardOutcome>;
  /** Told of a shard that is held and not read, because its row says that it is paused; the function that it returns, once that is over. */
  readonly watchPaused?: (lease: Lease) => () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observe: (event: WorkerEvent) => void;
  readonly leases?: LeaseOptions;
  /** Default: the worker measures nothing. */
  readonly measureCpu?: MeasureCpu;
  /** Times of a fleet in 3.x mode, for tests. Default: those of the KCL. */
  readonly fleetTimings?: Partial<FleetTimings>;
  /**
   * Whether shards end with a range of time (`processShard` then resolves with `ended`): the row of such a shard says SHARD_END, no row is deleted, and the worker
   * stops once all shards have ended. Default false: a source that has no more is read again later.
   */
  readonly isRange?: boolean;
  /** How long a stop may take that nobody asked for: after an error that no waiting mends. In milliseconds. Default 30,000. */
  readonly stopDeadlineMs?: number;
}

/** One process's share of a stream's shards. */
export interface Worker {
  readonly ownerId: string;
  /**
   * Opens the lease table, creates leases when it is empty, and begins to take shards. Rejects when the table or the stream cannot be
   * used; nothing runs then.
   */
  readonly start: () => Promise<void>;
  /**
   * Graceful: takes no more shards, lets every shard flush and commit, and gives the leases back. What is not done after `deadlineMs`
   * (default 30,000) is aborted and left to the next owner. Never rejects; a second call waits for the first.
   */
  readonly stop: (deadlineMs?: number) => Promise<void>;
  /** Settles when the worker has stopped: rejects with what ended it, or with `KC_STOP_DEADLINE`. */
  readonly done: Promise<void>;
  /** Whether the leases have been looked at once since the start, to take some. */
  readonly hasLooked: boolean;
  /** How fresh what is known of the lease table is. */
  readonly leaseTable: LeaseTableLooks;
  /** What the last look at the leases showed of the fleet; undefined where it is not known. */
  readonly fleet: FleetSeen | undefined;
  readonly renewals: () => {
    /** Writes that did nothing but renew. */
    readonly count: number;
    /** The longest time since a write that is known to have been applied, over all held leases, in milliseconds. */
    readonly longestUnrenewedMs: number;
  };
  /** The leases held now. */
  readonly held: () => readonly Lease[];
}
