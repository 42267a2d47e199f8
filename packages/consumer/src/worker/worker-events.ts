/** Events of the leases of one worker, as they happen. */
export type WorkerEvent =
  | { readonly type: "worker-start"; readonly ownerId: string; readonly leases: number }
  | { readonly type: "worker-stop"; readonly ownerId: string; readonly error?: Error }
  /** A shard is ours now. `from` is the owner before, if any; `steal` when it was alive; `assigned` when the leader of the fleet gave it to us. */
  | {
      readonly type: "lease-take";
      readonly shardId: string;
      readonly from: string | undefined;
      readonly steal: boolean;
      readonly assigned?: true;
    }
  /** A shard is no longer ours, and nobody asked us. */
  | { readonly type: "lease-lose"; readonly shardId: string; readonly reason: string }
  /** A shard was given back, so that another worker may take it at once. */
  | { readonly type: "lease-evict"; readonly shardId: string }
  /** A closed shard has been read to its end, and its children have leases. */
  | { readonly type: "lease-end"; readonly shardId: string; readonly childShardIds: readonly string[] }
  /** The row of a shard that was read to its end is gone. */
  | { readonly type: "lease-delete"; readonly shardId: string }
  /** A shard waits until its parents have been read to their end. */
  | { readonly type: "parent-wait"; readonly shardId: string; readonly parentShardIds: readonly string[] }
  /** A shard is held and neither read nor written for, because its row says so; until `shard-resume`, or until it is given back or lost. */
  | {
      readonly type: "shard-pause";
      readonly shardId: string;
      readonly pausedBy: string | undefined;
      /** Since when the row says so, in epoch milliseconds. */
      readonly pausedMs: number;
    }
  /** A shard that was paused is read again. */
  | { readonly type: "shard-resume"; readonly shardId: string }
  /** The engine of a shard failed for good; the worker stops with this error. */
  | { readonly type: "shard-fail"; readonly shardId: string; readonly error: Error }
  /** This worker audits the leases from now on, and assigns them in 3.x mode; or no longer does. */
  | { readonly type: "leader-elect"; readonly leader: boolean }
  /** Leases were created for shards that had none. */
  | { readonly type: "shard-sync"; readonly created: readonly string[] }
  /** Part of the hash key space has no active lease. */
  | {
      readonly type: "hole-found";
      readonly startingHashKey: string;
      readonly endingHashKey: string;
      readonly times: number;
    }
  /**
   * The process did not get to its timers for so long that renewals are at risk; or, with `thread` (1 for the first), a worker thread did
   * not get to its messages, so that its shards stand still.
   */
  | { readonly type: "event-loop-blocked"; readonly lateMs: number; readonly thread?: number }
  /** A call on the lease table or a listing of shards failed; it is tried again. */
  | { readonly type: "lease-retry"; readonly step: string; readonly error: Error }
  /** A step of which `lease-retry` told works again; `take` is the one that comes by shards. */
  | { readonly type: "lease-resume"; readonly step: string }
  /**
   * The fleet changed its algorithms (`cv` of the row `Migration3.0`); `taking` says whether this worker still takes what it chooses. Where it does
   * not, a leader assigns the leases.
   */
  | {
      readonly type: "fleet-mode";
      readonly mode: string | undefined;
      readonly taking: boolean;
      /** `follower`: reports to the leader and gets leases. `passenger`: takes no part in 3.x mode, by option or for want of rights. */
      readonly role: "peer" | "follower" | "passenger";
    }
  /** The leader of the fleet wants another worker to have the shard: it is flushed, committed and given to that one. */
  | { readonly type: "lease-handoff"; readonly shardId: string; readonly to: string }
  /** This worker leads the fleet, and gave a shard to a worker; with `handoff`, once its owner has let go of it. */
  | {
      readonly type: "lease-assign";
      readonly shardId: string;
      readonly from: string | undefined;
      readonly to: string;
      readonly handoff: boolean;
    }
  /**
   * Leases that nobody renews although a leader should have assigned them: told at each look, and once more with none when that is over.
   * `longestMs`: how long the first of them has not been renewed.
   */
  | {
      readonly type: "leases-unattended";
      readonly shardIds: readonly string[];
      readonly longestMs: number;
    };
