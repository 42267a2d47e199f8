import type { KinesisApi } from "@kinesis-connectors/consumer/reading";
import type { Clock, OptionNames } from "@kinesis-connectors/core";

import type { KinesisHandler } from "../kinesis-handler.js";
import type { EventSourceFaults } from "./invoke.js";
import type { DiscardedBatch } from "./lane.js";
import type { FunctionSandbox } from "./sandbox.js";

/** Options of `eventSource`: those of a mapping, by the names that Lambda gives them, and what happens besides. */
export interface EventSourceOptions {
  /** The stream: `connectKinesis` of `@kinesis-connectors/consumer/kinesis`, or a port of one's own. */
  readonly kinesis: Pick<KinesisApi, "describeStream" | "listShards" | "getShardIterator" | "getRecords">;
  /**
   * The function: its handler, or what starts a sandbox of it. A handler alone cannot be killed or frozen: one that is given up runs on beside those that come after it.
   */
  readonly handler: KinesisHandler | { readonly coldStart: () => FunctionSandbox | Promise<FunctionSandbox> };
  /** Most records of one invocation. Default 100, at most 10,000. */
  readonly batchSize?: number;
  /** Batches of one shard that are handed over at the same time, by partition key. Default 1, at most 10. */
  readonly parallelizationFactor?: number;
  /** Default true. */
  readonly reportBatchItemFailures?: boolean;
  /** Default false. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** Default -1: for ever. */
  readonly maximumRetryAttempts?: number;
  /** Default -1: for ever. */
  readonly maximumRecordAgeInSeconds?: number;
  /** The mapping's destination for records that are given up. Default: none. */
  readonly onDiscard?: (batch: DiscardedBatch) => void;
  /** Told once everything of a shard that was split or merged has been done or given up. Default: nobody is. */
  readonly onShardEnd?: (shardId: string) => void;
  /** The function's time limit, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Chances of what happens in between. Default: nothing does. */
  readonly faults?: EventSourceFaults;
  /** Decides what chances decide: the same seed and clock give the same run. Default 1. */
  readonly seed?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** The ARN that events name. Default: one of a function `pipeline` in eu-central-1. */
  readonly functionArn?: string;
}

/** Their names. */
export const EVENT_SOURCE_OPTIONS: OptionNames<EventSourceOptions> = {
  kinesis: "required",
  handler: "required",
  batchSize: true,
  parallelizationFactor: true,
  reportBatchItemFailures: true,
  bisectBatchOnFunctionError: true,
  maximumRetryAttempts: true,
  maximumRecordAgeInSeconds: true,
  onDiscard: true,
  onShardEnd: true,
  timeoutMs: true,
  faults: {
    cutAnew: true,
    killed: true,
    frozen: true,
    misfortune: true,
    replyLost: true,
    coldStart: true,
    withinMs: true,
    thawMs: true,
  },
  seed: true,
  clock: true,
  functionArn: true,
};
