import {
  asError,
  type ChildShard,
  type Clock,
  hasCode,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import {
  firstCheckpoint,
  type HashKeyRange,
  isEnded,
  type Lease,
  type LeaseTable,
} from "@kinesis-connectors/leases";
import { runShard, type ShardsContext, type ShardToRun } from "./run-shard.js";

/** What a replay does with its shards beside running them. */
export interface ShardsPlan {
  /** Shards that have not come to the end of the range, in any order. */
  readonly open: readonly ShardToRun[];
  /** Keys of rows that have. */
  readonly ended: ReadonlySet<string>;
  readonly concurrency: number;
  /** The shards that follow one that was read to its own end. */
  readonly childrenOf: (shardId: string, named: readonly ChildShard[]) => Promise<readonly ShardToRun[]>;
  /** Told when a shard has come to the end of the range. */
  readonly onEnd: (shard: ShardToRun) => void;
  /** Told of a shard that joins. */
  readonly onJoin: (shard: ShardToRun) => void;
  /** Stops the others, because one has failed. */
  readonly fail: () => void;
}

/**
 * Runs shards, some at a time and children after their parents, until all have come to the end of the range or the replay is stopped.
 * @returns whether all came to their ends
 * @throws what the first shard that failed failed with; the others have stopped in order by then
 */
export async function runShards<Model, Output, Plan, DeadLetterPlan>(
  plan: ShardsPlan,
  context: ShardsContext<Model, Output, Plan, DeadLetterPlan>,
): Promise<boolean> {
  const run = new ShardsRun(plan, context);
  return await run.run();
}

class ShardsRun<Model, Output, Plan, DeadLetterPlan> {
  readonly #plan: ShardsPlan;
  readonly #context: ShardsContext<Model, Output, Plan, DeadLetterPlan>;
  readonly #waiting = new Map<string, ShardToRun>();
  readonly #known = new Set<string>();
  readonly #ended: Set<string>;
  readonly #running = new Set<Promise<void>>();
  #failure: Error | undefined;
  #isStopped = false;

  constructor(plan: ShardsPlan, context: ShardsContext<Model, Output, Plan, DeadLetterPlan>) {
    this.#plan = plan;
    this.#context = context;
    this.#ended = new Set(plan.ended);
    for (const shard of plan.open) this.#join(shard);
  }

  async run(): Promise<boolean> {
    for (;;) {
      this.#startReady();
      if (this.#running.size === 0) break;
      await Promise.race(this.#running);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return !this.#isStopped && this.#waiting.size === 0;
  }

  #join(shard: ShardToRun): void {
    if (this.#known.has(shard.leaseKey) || this.#ended.has(shard.leaseKey)) return;
    this.#known.add(shard.leaseKey);
    this.#waiting.set(shard.leaseKey, shard);
  }

  #startReady(): void {
    const { stopSignal, abortSignal } = this.#context;
    if (this.#failure !== undefined || stopSignal.aborted || abortSignal.aborted) {
      this.#isStopped = true;
      return;
    }
    for (const [key, shard] of this.#waiting) {
      if (this.#running.size >= this.#plan.concurrency) return;
      // A parent that nobody reads does not block.
      if (shard.parentShardIds.some((parent) => this.#known.has(parent) && !this.#ended.has(parent)))
        continue;
      this.#waiting.delete(key);
      const done = this.#runOne(shard).finally(() => this.#running.delete(done));
      this.#running.add(done);
    }
  }

  async #runOne(shard: ShardToRun): Promise<void> {
    try {
      const { end, held } = await runShard(shard, this.#context);
      if (end.type === "stopped" || held === undefined) {
        this.#isStopped = true;
        await held?.release();
        return;
      }
      const children =
        end.childShards === undefined ? [] : await this.#plan.childrenOf(shard.shardId, end.childShards);
      for (const child of children) {
        if (this.#known.has(child.leaseKey) || this.#ended.has(child.leaseKey)) continue;
        // Its row comes first: a crash in between must not forget it.
        await createRow(this.#context.table, child, this.#context.clock);
        this.#join(child);
        this.#plan.onJoin(child);
      }
      await held.end(children.map(({ shardId }) => shardId));
      this.#ended.add(shard.leaseKey);
      this.#plan.onEnd(shard);
    } catch (thrown) {
      this.#failure ??= explained(asError(thrown), this.#context.application);
      this.#plan.fail();
    }
  }
}

/** All hash keys: 0 to 2^128 - 1 (Kinesis API reference, HashKeyRange). */
const ALL_HASH_KEYS: HashKeyRange = { startingHashKey: "0", endingHashKey: `${2n ** 128n - 1n}` };

/** The row of a shard, where there is none yet: so that it is known also to whoever starts again when the stream has forgotten the shard. */
export async function createRow(table: LeaseTable, shard: ShardToRun, clock: Clock): Promise<void> {
  const { leaseKey, initialPosition, parentShardIds, hashKeyRange = ALL_HASH_KEYS } = shard;
  await table.create({
    leaseKey,
    ...firstCheckpoint(initialPosition, clock.now()),
    parentShardIds,
    hashKeyRange,
  });
}

/** Sets the row of a shard that has ended back to its beginning. */
export async function beginAnew(
  table: LeaseTable,
  row: Lease,
  { leaseKey, initialPosition }: ShardToRun,
  clock: Clock,
): Promise<void> {
  const { checkpoint, startTimestampMs } = firstCheckpoint(initialPosition, clock.now());
  const outcome = await table.update(row, { type: "reset", checkpoint, startTimestampMs });
  if (outcome.type === "applied") return;
  // Another process may have set it back as well: whoever takes the shard last has it.
  const found = await table.get(leaseKey);
  if (found !== undefined && !isEnded(found)) return;
  throw outcome.type === "refused"
    ? new KinesisConnectorError("KC_LEASE_LOST", `the row ${leaseKey} was changed by another process`)
    : outcome.cause;
}

/** Nobody but another process of the same replay takes its shards. */
function explained(error: Error, application: string): Error {
  if (!hasCode(error, "KC_LEASE_LOST")) return error;
  return new KinesisConnectorError(
    "KC_LEASE_LOST",
    `another process took shards of the replay "${application}": it runs once at a time, and the process that was started last has it`,
    { cause: error },
  );
}
