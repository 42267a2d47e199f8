import type { ByteBudget } from "./byte-budget.js";
import type { Checkpointer } from "../checkpointer.js";
import type { Clock, Random } from "../clock.js";
import type { Logger } from "../logger.js";
import type { ShardEvent } from "../events.js";
import type { ChildShard, ShardSource, StartPosition } from "../record.js";

/** Everything that the engine of one shard is given by whoever owns the shard's lease. */
export interface ShardContext {
  readonly application: string;
  readonly stream: string;
  readonly shardId: string;
  readonly source: ShardSource;
  readonly checkpointer: Checkpointer;
  /** The position to begin at when there is no checkpoint. */
  readonly initialPosition: StartPosition;
  readonly clock: Clock;
  readonly random: Random;
  /** Serves a pipeline that has no logger of its own. Default: silent. */
  readonly logger?: Logger;
  readonly budget: ByteBudget;
  readonly observe: (event: ShardEvent) => void;
  /** Graceful: stop reading, flush, emit, commit. */
  readonly stopSignal: AbortSignal;
  /** At once: the lease is lost, or the deadline of the stop has passed. Nothing more is written. Its reason becomes the error. */
  readonly abortSignal: AbortSignal;
  /** Reaction to records that were gone before they could be read. Default `stop`. */
  readonly onRetentionGap?: "stop" | "continue";
  /** Whether the source gives some records of the shard only: `Batch.isPicked`. Default false. */
  readonly isPicked?: boolean;
}

/** The end of a shard's engine. Errors are thrown instead. */
export type ShardOutcome =
  | { readonly type: "shard-end"; readonly childShards: readonly ChildShard[] }
  /** The source has no more (`RecordPage.end`), though the shard goes on. Everything that was read is committed. */
  | { readonly type: "ended" }
  | { readonly type: "stopped" };
