import {
  asError,
  backoffMs,
  type ByteBudget,
  type ChildShard,
  type Clock,
  errorFields,
  KinesisConnectorError,
  type Logger,
  type Pipeline,
  processShard,
  type Random,
  type ShardSource,
  sleep,
  type StartPosition,
} from "@kinesis-connectors/core";
import {
  type HashKeyRange,
  type HeldShard,
  type InitialPosition,
  type LeaseTable,
  takeShard,
} from "@kinesis-connectors/leases";
import type { ReplayEvent } from "./sources/replay-events.js";

/** What all shards of a replay share. */
export interface ShardsContext<Model, Output, Plan, DeadLetterPlan> {
  readonly application: string;
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly table: LeaseTable;
  readonly ownerId: string;
  readonly budget: ByteBudget;
  readonly onRetentionGap: "stop" | "continue";
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observe: (event: ReplayEvent) => void;
  /** Graceful. */
  readonly stopSignal: AbortSignal;
  /** At once. */
  readonly abortSignal: AbortSignal;
}

/** One shard to be read again. */
export interface ShardToRun {
  /** The key of its row. */
  readonly leaseKey: string;
  readonly stream: string;
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  readonly hashKeyRange?: HashKeyRange | undefined;
  /** What a new row says about where the shard begins. */
  readonly initialPosition: InitialPosition;
  /** Where reading begins without a checkpoint, where that is no sentinel of a row. Default: as the row says. */
  readonly startPosition?: StartPosition;
  readonly source: ShardSource;
  /** Whether it gives some records of the shard only. */
  readonly isPicked: boolean;
  /** Whether it is read once more, although its row says that an earlier run has ended it. */
  readonly isAnew?: boolean;
  /** Told the events of this one as well. */
  readonly observe?: (event: ReplayEvent) => void;
}

/** How a run of a shard ended: read to the end of its range, with the shards that follow where it ended itself; or stopped before. */
export type ShardEnd =
  | { readonly type: "ended"; readonly childShards: readonly ChildShard[] | undefined }
  | { readonly type: "stopped" };

const BACK_OFF = { baseDelayMs: 500, maxDelayMs: 10_000 } as const;

/**
 * Runs one shard from its checkpoint to the end of its range, through the engine that a live connector runs. Whoever had it before is fenced, and what was
 * prepared is finished first. Its row is not ended yet: children come before that.
 * @returns how it ended, and the shard that is held, to be ended or released by the caller
 */
export async function runShard<Model, Output, Plan, DeadLetterPlan>(
  shard: ShardToRun,
  context: ShardsContext<Model, Output, Plan, DeadLetterPlan>,
): Promise<{ readonly end: ShardEnd; readonly held: HeldShard | undefined }> {
  const { application, pipeline, clock, random, logger, budget, observe } = context;
  const { stopSignal, abortSignal, onRetentionGap } = context;
  const held = await taken(shard, context);
  if (held === undefined) return { end: { type: "stopped" }, held };
  try {
    const outcome = await processShard(pipeline, {
      application,
      stream: shard.stream,
      shardId: shard.shardId,
      source: shard.source,
      checkpointer: held.checkpointer,
      initialPosition: shard.startPosition ?? held.initialPosition,
      clock,
      random,
      logger,
      budget,
      observe: (event) => {
        shard.observe?.(event);
        observe(event);
      },
      stopSignal,
      abortSignal: AbortSignal.any([abortSignal, held.gone]),
      onRetentionGap,
      isPicked: shard.isPicked,
    });
    if (outcome.type === "stopped") return { end: outcome, held };
    const childShards = outcome.type === "shard-end" ? outcome.childShards : undefined;
    return { end: { type: "ended", childShards }, held };
  } catch (thrown) {
    await held.release();
    throw asError(thrown);
  }
}

/** The shard, taken; undefined when the replay is stopped meanwhile. A table that does not answer is waited for. */
async function taken<Model, Output, Plan, DeadLetterPlan>(
  { leaseKey, parentShardIds, hashKeyRange, initialPosition }: ShardToRun,
  {
    table,
    application,
    ownerId,
    clock,
    random,
    logger,
    stopSignal,
    abortSignal,
  }: ShardsContext<Model, Output, Plan, DeadLetterPlan>,
): Promise<HeldShard | undefined> {
  const ending = AbortSignal.any([stopSignal, abortSignal]);
  // One of its own: the shard listens to it for as long as it lives, and a replay may have thousands.
  const signal = AbortSignal.any([abortSignal]);
  for (let attempt = 1; !ending.aborted; attempt += 1) {
    try {
      return await takeShard({
        table,
        application,
        shardId: leaseKey,
        ownerId,
        initialPosition,
        hashKeyRange,
        parentShardIds,
        signal,
        logger,
        clock,
        random,
      });
    } catch (thrown) {
      abortSignal.throwIfAborted();
      if (KinesisConnectorError.isInstance(thrown)) throw thrown;
      logger.warn(
        { shardId: leaseKey, attempt, ...errorFields(asError(thrown)) },
        "the lease table does not answer; the shard is tried again",
      );
      await sleep(clock, backoffMs(attempt, BACK_OFF, random), ending);
    }
  }
  abortSignal.throwIfAborted();
  return undefined;
}
