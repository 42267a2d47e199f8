import {
  asError,
  ByteBudget,
  comparePositions,
  hasCode,
  type Pipeline,
  type Position,
  processShard,
  type ShardEvent,
} from "@kinesis-connectors/core";
import type { HeldShard } from "@kinesis-connectors/leases";
import { type DaemonPage, DaemonSource } from "./daemon-source.js";
import type { ChildSettings } from "./options.js";

/**
 * How the engine of a shard came to its end. `done` is that of a shard whose row says that it has been read to its end: there was nothing to run.
 */
export type RunEnd =
  | { readonly type: "shard-end" }
  | { readonly type: "done" }
  | { readonly type: "stopped" }
  | { readonly type: "lost"; readonly error: Error }
  | { readonly type: "failed"; readonly error: Error };

/** What a shard's engine is run with. */
export interface ShardRunOptions<Model, Output, Plan, DeadLetterPlan> {
  readonly shardId: string;
  readonly held: HeldShard;
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly settings: ChildSettings;
  readonly observe: (event: ShardEvent) => void;
}

/** The engine of the one shard that this process has, from its first page to its end. */
export class ShardRun {
  readonly shardId: string;
  readonly end: Promise<RunEnd>;
  readonly #held: HeldShard;
  readonly #source: DaemonSource;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  #ended: RunEnd | undefined;

  private constructor(shardId: string, held: HeldShard, engine: (run: ShardRun) => Promise<RunEnd>) {
    this.shardId = shardId;
    this.#held = held;
    this.#source = new DaemonSource(shardId);
    this.end = engine(this).then((end) => {
      this.#ended ??= end;
      this.#source.leave();
      return end;
    });
  }

  static start<Model, Output, Plan, DeadLetterPlan>({
    shardId,
    held,
    pipeline,
    settings,
    observe,
  }: ShardRunOptions<Model, Output, Plan, DeadLetterPlan>): ShardRun {
    const { application, stream, clock, random, logger, maxReadAheadBytes, onRetentionGap } = settings;
    return new ShardRun(shardId, held, async (run) => {
      if (held.lease.checkpoint === "SHARD_END") return { type: "done" };
      try {
        const { type } = await processShard(pipeline, {
          application,
          stream,
          shardId,
          source: run.#source,
          checkpointer: held.checkpointer,
          initialPosition: held.initialPosition,
          clock,
          random,
          logger,
          budget: new ByteBudget(maxReadAheadBytes),
          observe,
          stopSignal: run.#stopping.signal,
          abortSignal: AbortSignal.any([held.gone, run.#aborting.signal]),
          onRetentionGap,
        });
        return { type: type === "shard-end" ? "shard-end" : "stopped" };
      } catch (thrown) {
        const error = asError(thrown);
        if (run.#aborting.signal.aborted && !held.gone.aborted) return { type: "stopped" };
        return { type: hasCode(error, "KC_LEASE_LOST") ? "lost" : "failed", error };
      }
    });
  }

  /** How the engine ended; undefined while it runs. */
  get ended(): RunEnd | undefined {
    return this.#ended;
  }

  /** Whether this process still has the row, as far as it knows. */
  get isHeld(): boolean {
    return !this.#held.gone.aborted;
  }

  /** Hands a page to the engine; resolves when it wants the next one, or is over. */
  async give(page: DaemonPage): Promise<void> {
    if (this.#ended === undefined) await this.#source.give(page);
  }

  /** Hands over that the shard is at its end; resolves when everything of it is committed, and the row says so. */
  async finish(): Promise<RunEnd> {
    const given = this.give({ records: [], bytes: 0, shardEnd: { childShards: [] } });
    const end = await this.end;
    await given;
    if (end.type === "shard-end") await this.#held.end([]);
    return end;
  }

  /** Reads no further; what was read is flushed, delivered and committed, and then `end` settles. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Ends at once: nothing more is written. */
  abort(reason: Error): void {
    this.#aborting.abort(reason);
  }

  /** Waits no longer for an engine that does not end. */
  abandon(): RunEnd {
    this.#ended ??= { type: "stopped" };
    this.#source.leave();
    return this.#ended;
  }

  /** Gives the row back. */
  async release(): Promise<void> {
    await this.#held.release();
  }

  /** How far the daemon's checkpoint may come: as far as the row has, and no further than the daemon has handed records over. */
  committedOf(delivered: Position | undefined): Position | undefined {
    const { checkpoint } = this.#held.lease;
    if (checkpoint === "SHARD_END") return delivered;
    if (typeof checkpoint === "string" || delivered === undefined) return undefined;
    return comparePositions(checkpoint, delivered) > 0 ? delivered : checkpoint;
  }
}
