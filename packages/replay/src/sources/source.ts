import type { ChildShard, Clock, Logger, Random, ShardSource, StartPosition } from "@kinesis-connectors/core";
import type { HashKeyRange, Lease, StreamIdentity } from "@kinesis-connectors/leases";
import type { ReplayEvent } from "./replay-events.js";

/** What a replay reads: `streamRange`, `s3Archive` or `deadLetters`, or what `repairArchive` found missing. */
export interface ReplaySource {
  readonly type: "stream-range" | "s3-archive" | "dead-letters" | "gaps";
  /**
   * Looks at what there is to read.
   * @throws KinesisConnectorError with what no waiting mends, and the cure
   */
  readonly open: (context: SourceContext) => Promise<OpenedSource>;
}

/** Everything that a source is given by the replay. */
export interface SourceContext {
  readonly application: string;
  /** Most bytes per second that are read of a shard. */
  readonly maxBytesPerSecond: number;
  readonly onRetentionGap: "stop" | "continue";
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observe: (event: ReplayEvent) => void;
  /** Ends what is asked while the replay starts, and while it runs. */
  readonly signal: AbortSignal;
}

/** A shard as it is read again. */
export interface SourceShard {
  /** The key of its row. Default: the shard's id. */
  readonly leaseKey?: string;
  readonly stream: string;
  readonly shardId: string;
  /** Read before this one, as far as they are read at all. */
  readonly parentShardIds: readonly string[];
  /** Where they are known. */
  readonly hashKeyRange?: HashKeyRange | undefined;
  /** Where reading begins. Default: at the beginning of the range of time. */
  readonly startPosition?: StartPosition;
  /** Whether it is read once more, although a row says that an earlier run has ended it. Default false. */
  readonly isAnew?: boolean;
  /** Told the events of this one as well. */
  readonly observe?: (event: ReplayEvent) => void;
}

/** A source that has been looked at. */
export interface OpenedSource {
  /** Names what is read, in the rows: those of another stream or archive are refused. */
  readonly identity: StreamIdentity;
  readonly stream: string;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly shards: readonly SourceShard[];
  /** False where records come under other positions and times than they had in the stream. Default: they come under their own. */
  readonly keepsPositions?: boolean;
  /** True where some records of each shard are given only: `Batch.isPicked`. Default: all of the range are. */
  readonly isPicked?: boolean;
  /** The shards that are read, by the rows of earlier runs. Default: `shards`, and those that only rows know any more. */
  readonly shardsFor?: (rows: readonly Lease[]) => Promise<readonly SourceShard[]>;
  readonly sourceOf: (shard: SourceShard) => ShardSource;
  /** The shards that came of one that was read to its end. Absent: there are none but `shards`. */
  readonly childrenOf?: (
    shardId: string,
    named: readonly ChildShard[],
    signal: AbortSignal,
  ) => Promise<readonly SourceShard[]>;
  readonly close: () => Promise<void>;
}
