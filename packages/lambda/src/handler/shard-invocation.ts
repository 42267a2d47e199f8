import type { ReadEvent, StreamRecord } from "@kinesis-connectors/consumer/reading";
import { toUserRecords } from "@kinesis-connectors/consumer/user-records";
import {
  asError,
  ByteBudget,
  type Checkpointer,
  compareSequenceNumbers,
  errorFields,
  hasCode,
  type Position,
  processShard,
  type ShardEvent,
  type StartPosition,
} from "@kinesis-connectors/core";
import { type HeldShard, type LeaseTable, takeShard } from "@kinesis-connectors/leases";
import { fullHashKeyRange, type HashKeyRange, startsWithMagic } from "@kinesis-connectors/wire";

import { partsOf, type ShardRecords } from "../event.js";
import type { HandlerSettings } from "../options.js";
import { firstFailure } from "./answer.js";
import { eventShardSource } from "./event-shard-source.js";
import type { InvocationDeadline } from "./invocation-deadline.js";
import { rowlessShard } from "./rowless-shard.js";
import type { Streams } from "./streams.js";

/** How the records of one shard ended in an invocation. */
export type ShardAnswer =
  | { readonly type: "done" }
  /** Some of them were dealt with; what begins at `identifier` has to come again. */
  | { readonly type: "partial"; readonly identifier: string; readonly error: Error }
  /** None of them was. */
  | { readonly type: "nothing"; readonly identifier: string; readonly error: Error }
  /** Newer invocations took the shard, twice: theirs are the records. */
  | { readonly type: "overtaken"; readonly identifier: string; readonly error: Error };

/** What an invocation has in hand. */
export interface Invocation<Model, Output, Plan, DeadLetterPlan> {
  readonly settings: HandlerSettings<Model, Output, Plan, DeadLetterPlan>;
  /** Where the rows are; undefined without rows. */
  readonly table: LeaseTable | undefined;
  readonly streams: Streams;
  readonly requestId: string;
  readonly deadline: InvocationDeadline;
  /** Shards whose records are passed over as a whole, which has been said of. */
  readonly ended: Set<string>;
  /** Rejects where the mapping is not, or not any more, as rows need it. */
  readonly lookAgain: () => Promise<unknown>;
}

/** A shard as this invocation holds it. */
interface OwnedShard {
  readonly checkpointer: Checkpointer;
  readonly initialPosition: StartPosition;
  readonly gone: AbortSignal | undefined;
  /** How far the row says that the shard has come, by now; `SHARD_END` when it has been read to its end. */
  readonly checkpoint: () => Position | "SHARD_END" | undefined;
  readonly preparedEnd: Position | undefined;
  readonly range: HashKeyRange | undefined;
  readonly readThroughMs: number | undefined;
}

/**
 * Runs the engine over the records of one shard. The row is taken first, so that every invocation before this one is fenced from now on; what it says has
 * been delivered is passed over, and what an earlier invocation prepared is finished before anything else.
 */
export async function runShard<Model, Output, Plan, DeadLetterPlan>(
  invocation: Invocation<Model, Output, Plan, DeadLetterPlan>,
  shard: ShardRecords,
): Promise<ShardAnswer> {
  const { settings, deadline } = invocation;
  const { logger } = settings;
  const { shardId, records } = shard;
  const first = records[0]?.sequenceNumber ?? "";
  let owned: OwnedShard | undefined;
  let range = fullHashKeyRange;
  try {
    deadline.check();
    owned = await deadline.limit("the lease table's take of the shard", own(invocation, shard));
    const unlike = isRepeated(shard, owned) ? await unlikeRows(invocation) : undefined;
    if (unlike !== undefined) return { type: "nothing", identifier: first, error: unlike };
    range = await deadline.limit("the listing of the shards", rangeOf(invocation, shard, owned));
    await deliver(invocation, shard, owned, range);
    return { type: "done" };
  } catch (thrown) {
    // A shard that was let go because the time was over says only that.
    const isSaid = hasCode(thrown, "KC_STOP_DEADLINE");
    const error = deadline.signal.aborted && !isSaid ? asError(deadline.signal.reason) : asError(thrown);
    const fields = { shardId, requestId: invocation.requestId, ...errorFields(error) };
    if (owned === undefined) {
      if (hasCode(error, "KC_LEASE_LOST")) {
        logger.warn(fields, "newer invocations have the shard; its records are handed back");
        return { type: "overtaken", identifier: first, error };
      }
      return { type: "nothing", identifier: first, error };
    }
    const identifier = openFrom(records, range, owned);
    if (identifier === undefined) {
      logger.warn(fields, "all records were delivered before the invocation failed");
      return { type: "done" };
    }
    if (identifier === first) return { type: "nothing", identifier, error };
    logger.error({ ...fields, identifier }, "part of the records were delivered; the others come again");
    return { type: "partial", identifier, error };
  }
}

async function own<Model, Output, Plan, DeadLetterPlan>(
  { settings, table, requestId, deadline }: Invocation<Model, Output, Plan, DeadLetterPlan>,
  { shardId, streamArn, records }: ShardRecords,
): Promise<OwnedShard> {
  const { application, clock, random, logger } = settings;
  if (table === undefined)
    return {
      ...rowlessShard(),
      gone: undefined,
      preparedEnd: undefined,
      range: undefined,
      readThroughMs: undefined,
    };
  const held = await takeShard({
    table,
    application,
    stream: { streamArn, createdMs: undefined },
    shardId,
    ownerId: `${requestId}:${random.uuid()}`,
    // The mapping decides where reading begins. A worker that takes over before anything was delivered begins with the first record that the mapping handed over.
    initialPosition: { type: "at-timestamp", timestampMs: Math.max(0, records[0]?.arrivalTimeMs ?? 0) },
    signal: deadline.signal,
    logger,
    clock,
    random,
  });
  const { checkpoint: preparedEnd } = held.lease.pending ?? {};
  return {
    checkpointer: {
      ...held.checkpointer,
      requireHeld: async () => {
        deadline.check();
        await held.checkpointer.requireHeld?.();
      },
    },
    initialPosition: held.initialPosition,
    gone: held.gone,
    checkpoint: () => checkpointOf(held),
    preparedEnd: typeof preparedEnd === "object" ? preparedEnd : undefined,
    range: knownRange(held),
    readThroughMs: held.lease.readThroughMs,
  };
}

/** Whether a part of the records is about to be passed over because the row has come past it, or will have once a prepared batch is finished. */
function isRepeated({ records }: ShardRecords, { checkpoint, preparedEnd }: OwnedShard): boolean {
  const [first] = records;
  const through = preparedEnd ?? checkpoint();
  if (first === undefined || through === undefined) return false;
  return through === "SHARD_END" || compareSequenceNumbers(first.sequenceNumber, through.sequenceNumber) <= 0;
}

/**
 * Why the row must not be believed; undefined where it may. A mapping that was given a ParallelizationFactor while its sandboxes were warm hands over records
 * behind the row that nobody has delivered: they look like repeated ones, and nothing else tells.
 */
async function unlikeRows<Model, Output, Plan, DeadLetterPlan>({
  deadline,
  lookAgain,
}: Invocation<Model, Output, Plan, DeadLetterPlan>): Promise<Error | undefined> {
  try {
    await deadline.limit("the look at the mapping", lookAgain());
    return undefined;
  } catch (thrown) {
    return asError(thrown);
  }
}

function checkpointOf({ lease: { checkpoint } }: HeldShard): Position | "SHARD_END" | undefined {
  if (checkpoint === "SHARD_END") return checkpoint;
  return typeof checkpoint === "object" ? checkpoint : undefined;
}

/** The shard's hash keys, where a worker has written them into the row; what `takeShard` writes for want of better is all of them. */
function knownRange({ lease: { hashKeyRange } }: HeldShard): HashKeyRange | undefined {
  if (hashKeyRange === undefined) return undefined;
  const startingHashKey = BigInt(hashKeyRange.startingHashKey);
  const endingHashKey = BigInt(hashKeyRange.endingHashKey);
  const isWhole =
    startingHashKey === fullHashKeyRange.startingHashKey && endingHashKey === fullHashKeyRange.endingHashKey;
  return isWhole ? undefined : { startingHashKey, endingHashKey };
}

/** Only aggregates ask for the hash keys of the shard: most streams have none. */
async function rangeOf<Model, Output, Plan, DeadLetterPlan>(
  { streams, deadline }: Invocation<Model, Output, Plan, DeadLetterPlan>,
  { shardId, streamArn, records }: ShardRecords,
  { range }: OwnedShard,
): Promise<HashKeyRange> {
  if (range !== undefined) return range;
  if (!records.some(({ data }) => startsWithMagic(data))) return fullHashKeyRange;
  return await streams.rangeOf(streamArn, shardId, deadline.signal);
}

async function deliver<Model, Output, Plan, DeadLetterPlan>(
  { settings, streams, deadline, ended }: Invocation<Model, Output, Plan, DeadLetterPlan>,
  { shardId, streamArn, records }: ShardRecords,
  owned: OwnedShard,
  range: HashKeyRange,
): Promise<void> {
  const { application, pipeline, clock, random, logger, onRetentionGap } = settings;
  const checkpoint = owned.checkpoint();
  if (checkpoint === "SHARD_END") {
    if (!ended.has(shardId))
      logger.warn(
        { shardId, records: records.length },
        "the row says that the shard has been read to its end, so its records are passed over. That is right for a mapping that begins at an older place " +
          "than the workers before it came to, and wrong for a stream that was deleted and made again: give that another application",
      );
    ended.add(shardId);
    return;
  }
  const { records: open, dropped } = toUserRecords(records, range, checkpoint);
  if (open.length === 0 && owned.preparedEnd === undefined) return;
  const { stream } = partsOf(streamArn);
  const observe = (event: ShardEvent | ReadEvent): void => settings.observe(event);
  for (const { sequenceNumber, userRecords } of dropped)
    observe({ type: "aggregate-drop", stream, shardId, sequenceNumber, records: userRecords });
  const { gone, checkpointer, initialPosition, preparedEnd, readThroughMs } = owned;
  await processShard(pipeline, {
    application,
    stream,
    shardId,
    source: eventShardSource({
      records,
      range,
      preparedEnd,
      stream: async () => {
        const { signal } = deadline;
        // What was prepared may hold aggregates though this event has none.
        const all = owned.range ?? (await streams.rangeOf(streamArn, shardId, signal));
        const context = { shardId, range: all, clock, random, observe, readThroughMs };
        return await streams.sourceOf(streamArn, context, signal);
      },
    }),
    checkpointer,
    initialPosition,
    clock,
    random,
    logger,
    budget: new ByteBudget(settings.maxReadAheadBytes),
    observe,
    stopSignal: new AbortController().signal,
    abortSignal: gone === undefined ? deadline.signal : AbortSignal.any([gone, deadline.signal]),
    onRetentionGap,
  });
}

/** Where the service has to go on after a failure; undefined when all has been dealt with. */
function openFrom(
  records: readonly StreamRecord[],
  range: HashKeyRange,
  owned: OwnedShard,
): string | undefined {
  const checkpoint = owned.checkpoint();
  if (checkpoint === "SHARD_END") return undefined;
  const open = toUserRecords(records, range, checkpoint).records;
  return firstFailure(records, open, checkpoint);
}
