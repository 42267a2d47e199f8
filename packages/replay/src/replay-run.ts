import { setMaxListeners } from "node:events";
import {
  asError,
  ByteBudget,
  closeLimitMs,
  Closing,
  guardedObserver,
  KinesisConnectorError,
  type Pipeline,
} from "@kinesis-connectors/core";
import {
  isEnded,
  type Lease,
  type LeaseTable,
  tableOfRange,
  tableOfStream,
} from "@kinesis-connectors/leases";
import { ReplayTally, type ReplayTotals } from "./progress.js";
import type { ReplayEvent } from "./sources/replay-events.js";
import type { ShardToRun } from "./run-shard.js";
import { beginAnew, createRow, runShards } from "./run-shards.js";
import type { RunSettings } from "./run-settings.js";
import type { OpenedSource, ReplaySource, SourceShard } from "./sources/source.js";
import { requireOtherPlace } from "./would-double.js";

/** A replay that runs. */
export interface Replay extends AsyncDisposable {
  /**
   * Resolves when all shards have come to the end of the range, or after a graceful stop, with what this run did (`isComplete` says which it was); rejects
   * with what ended it. What was committed stays, and the next run of the same application goes on there.
   */
  readonly done: Promise<ReplayTotals & { readonly isComplete: boolean }>;
  /** Graceful: stops reading, flushes, emits, commits, gives the shards back, within `stopDeadlineMs`. Never rejects. */
  readonly stop: () => Promise<void>;
  /** What this run has done by now. */
  readonly progress: () => ReplayTotals;
}

/** Everything that a run is started with. */
export interface RunOptions<Model, Output, Plan, DeadLetterPlan> extends RunSettings {
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly source: ReplaySource;
  /** Nobody is asked what would be twice. */
  readonly mayDouble: boolean;
}

/** Rows of a source without an end say this, so that no connector takes them for rows of its own: the last day of four digits. */
const NO_END_MS: number = Date.UTC(9999, 11, 31);

/** Starts a run, or leaves nothing running behind. */
export async function startRun<Model, Output, Plan, DeadLetterPlan>(
  options: RunOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<Replay> {
  const { signal, clock, stopDeadlineMs } = options;
  signal.throwIfAborted();
  const closing = new Closing(clock);
  try {
    return await start(options, closing);
  } catch (thrown) {
    // What could not be closed is of no interest beside what failed.
    await closing.close(stopDeadlineMs);
    throw thrown;
  }
}

async function start<Model, Output, Plan, DeadLetterPlan>(
  options: RunOptions<Model, Output, Plan, DeadLetterPlan>,
  closing: Closing,
): Promise<Replay> {
  const { application, pipeline, logger, clock, random, signal, ownerId, onRetentionGap } = options;
  const tally = new ReplayTally();
  const told = guardedObserver(options.observe, () => logger);
  const observe = (event: ReplayEvent): void => {
    tally.count(event);
    told(event);
  };
  const stopping = new AbortController();
  const aborting = new AbortController();
  // One listener for each shard under way is no leak; Node warns from the eleventh on.
  setMaxListeners(0, stopping.signal, aborting.signal);
  const { maxBytesPerSecond } = options;
  const source = await options.source.open({
    application,
    maxBytesPerSecond,
    onRetentionGap,
    clock,
    random,
    logger,
    observe,
    signal,
  });
  closing.add(() => source.close());
  const own = await options.leaseTable();
  closing.addForeign("the lease table", () => own.close?.());
  await own.open(signal);
  const table = tableOf(own, source, application);
  const rows = await table.list();
  requireSameRange(rows, source, application);
  for (const name of ["emitter", "deadLetters"] as const) {
    const emitter = pipeline[name];
    if (emitter === undefined) continue;
    closing.addForeign(`the pipeline's ${name}`, async () => await emitter.close?.());
    await emitter.open?.({ signal, logger });
  }
  // A replay that has rows was let in when it began, and what it finds at its place may be its own.
  if (!options.mayDouble && rows.length === 0)
    await requireOtherPlace(
      pipeline,
      { application, stream: source.stream, keepsPositions: source.keepsPositions !== false },
      { signal, logger },
    );
  const shards = await shardsOf(rows, source);
  const ended = new Set(rows.filter(isEnded).map(({ leaseKey }) => leaseKey));
  const rowOf = new Map(rows.map((row) => [row.leaseKey, row]));
  for (const shard of shards) {
    const row = rowOf.get(shard.leaseKey);
    if (row === undefined) await createRow(table, shard, clock);
    else if (shard.isAnew === true && ended.delete(shard.leaseKey)) await beginAnew(table, row, shard, clock);
  }
  signal.throwIfAborted();

  tally.shardsEnded = ended.size;
  tally.shards = shards.length;
  let deadline: { readonly cancel: () => void } | undefined;
  let stopSinceMs: number | undefined;
  const stopGracefully = (): void => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    stopSinceMs = clock.monotonicNow();
    deadline = clock.setTimer(options.stopDeadlineMs, () =>
      aborting.abort(
        new KinesisConnectorError(
          "KC_STOP_DEADLINE",
          `the replay did not stop within ${options.stopDeadlineMs} ms (stopDeadlineMs); the next run finishes what is left`,
        ),
      ),
    );
  };
  signal.addEventListener("abort", stopGracefully, { once: true });
  const finish = async (): Promise<ReplayTotals & { readonly isComplete: boolean }> => {
    let failure: Error | undefined;
    let isComplete = false;
    try {
      isComplete = await runShards(
        {
          open: shards.filter(({ leaseKey }) => !ended.has(leaseKey)),
          ended,
          concurrency: options.shardConcurrency,
          childrenOf: async (shardId, named) => {
            const children = await source.childrenOf?.(shardId, named, aborting.signal);
            return (children ?? []).map((child) => toRun(child, source));
          },
          onEnd: () => {
            tally.shardsEnded += 1;
          },
          onJoin: () => {
            tally.shards += 1;
          },
          fail: stopGracefully,
        },
        {
          application,
          pipeline,
          table,
          ownerId,
          budget: new ByteBudget(options.maxReadAheadBytes),
          onRetentionGap,
          clock,
          random,
          logger,
          observe,
          stopSignal: stopping.signal,
          abortSignal: aborting.signal,
        },
      );
    } catch (thrown) {
      failure = asError(thrown);
    }
    deadline?.cancel();
    signal.removeEventListener("abort", stopGracefully);
    const notClosed = await closing.close(closeLimitMs(clock, options.stopDeadlineMs, stopSinceMs));
    failure ??= notClosed;
    if (failure !== undefined) throw failure;
    return { ...tally.snapshot(), isComplete };
  };
  const done = finish();
  // Told by `done` to whoever asks for it; nobody may.
  done.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopGracefully();
    await done.catch(() => undefined);
  };
  return { done, stop, progress: () => tally.snapshot(), [Symbol.asyncDispose]: stop };
}

/** The rows of this source and range, and of no other. */
function tableOf(table: LeaseTable, { identity, untilMs }: OpenedSource, application: string): LeaseTable {
  const ofRange = tableOfRange(table, { untilMs: untilMs ?? NO_END_MS, application });
  return tableOfStream(ofRange, { stream: identity, application, tableName: undefined });
}

/** The end of the range is in the rows; so is its beginning, and another one would leave records out or bring them twice. */
function requireSameRange(rows: readonly Lease[], { fromMs }: OpenedSource, application: string): void {
  const [row] = rows;
  const found = row?.startTimestampMs;
  if (row === undefined || found === (fromMs ?? 0)) return;
  throw new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the replay "${application}" was begun with another from (${found === undefined ? "none" : new Date(found).toISOString()}): take the same one to go on, or ` +
      "give this range another application",
  );
}

/** The shards of the source, and those that rows know and the source has forgotten. */
async function shardsOf(rows: readonly Lease[], source: OpenedSource): Promise<readonly ShardToRun[]> {
  if (source.shardsFor !== undefined)
    return (await source.shardsFor(rows)).map((shard) => toRun(shard, source));
  const listed = source.shards.map((shard) => toRun(shard, source));
  const known = new Set(listed.map(({ leaseKey }) => leaseKey));
  const forgotten = rows.flatMap(({ leaseKey, parentShardIds, hashKeyRange }) =>
    known.has(leaseKey)
      ? []
      : [toRun({ stream: source.stream, shardId: leaseKey, parentShardIds, hashKeyRange }, source)],
  );
  return [...listed, ...forgotten];
}

function toRun(shard: SourceShard, source: OpenedSource): ShardToRun {
  const { leaseKey = shard.shardId, observe, startPosition, ...named } = shard;
  return {
    ...named,
    leaseKey,
    ...(startPosition === undefined ? {} : { startPosition }),
    ...(observe === undefined ? {} : { observe }),
    initialPosition: { type: "at-timestamp", timestampMs: source.fromMs ?? 0 },
    source: source.sourceOf(shard),
    isPicked: source.isPicked === true,
  };
}
