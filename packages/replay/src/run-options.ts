import type { AwsClientOptions } from "@kinesis-connectors/consumer/kinesis";
import type { Clock, Logger, OptionNames, Random } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { ReplayEvent } from "./sources/replay-events.js";

/** Options of `startReplay` about how it runs, whatever it reads. */
export interface ReplayRunOptions {
  /**
   * Names the replay: its rows, its batches and its positions. Not the live connector's name; the same one goes on where an earlier run was stopped or
   * killed.
   */
  readonly application: string;
  /**
   * The table of its rows: the name of a DynamoDB table, or a table of one's own, such as `fileLeases({ folder })`. Default: a DynamoDB table named like the
   * application, created when missing.
   */
  readonly leaseTable?: string | LeaseTable;
  /** Region, endpoint and credentials of a table in DynamoDB. Default: where the AWS SDK looks for them. */
  readonly dynamodb?: AwsClientOptions;
  /** Most bytes per second that are read of one shard. Default 512 KiB: a quarter of what all readers of the shard have together. */
  readonly maxBytesPerSecond?: number;
  /** Shards that are read at a time. Default 32. */
  readonly shardConcurrency?: number;
  /** Most bytes that all shards together keep between reading and committing. Default 64 MiB. */
  readonly maxReadAheadBytes?: number;
  /**
   * Time limit of a graceful stop, in milliseconds; the rest is left to the next run. Emitters are closed in what is left of it, and have five seconds in any case
   * (the limit, where it is less); `done` rejects with `KC_STOP_DEADLINE` where one hangs. Default 30,000.
   */
  readonly stopDeadlineMs?: number;
  /** Reaction to records that were gone before they could be read. Default `stop`. */
  readonly onRetentionGap?: "stop" | "continue";
  /** Called with every event as it happens. What it throws is caught. Default: nobody. */
  readonly observe?: (event: ReplayEvent) => void;
  /** Default: the pipeline's, or none. */
  readonly logger?: Logger;
  /** Aborted: a graceful stop. */
  readonly signal?: AbortSignal;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
}

/** The names of `ReplayRunOptions`, for `checkOptions`. */
export const RUN_OPTIONS: OptionNames<ReplayRunOptions> = {
  application: "required",
  leaseTable: true,
  dynamodb: { region: true, endpoint: true, credentials: true, allowInsecure: true, proxy: true },
  maxBytesPerSecond: true,
  shardConcurrency: true,
  maxReadAheadBytes: true,
  stopDeadlineMs: true,
  onRetentionGap: true,
  observe: true,
  logger: true,
  signal: true,
  clock: true,
  random: true,
};
