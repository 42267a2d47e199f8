import {
  asError,
  type ChildShard,
  hasCode,
  KinesisConnectorError,
  type Logger,
  type Timer,
  errorFields,
} from "@kinesis-connectors/core";
import { listAllShards, type ShardListing } from "../shard-sync/all-shards.js";
import { createChildLeases, shouldLetGo } from "../shard-sync/child-leases.js";
import {
  type HeldLease,
  type Lease,
  leaseCheckpointer,
  type LeaseTable,
  ownPending,
  startPositionOf,
} from "@kinesis-connectors/leases";
import { ShardPause } from "./shard-pause.js";
import type { WorkerEvent } from "../worker-events.js";
import { childrenOf } from "../shard-sync/shard-sync.js";
import type { WorkerOptions } from "../worker.js";

export interface ShardTaskOptions
  extends Pick<WorkerOptions, "initialPosition" | "runShard" | "watchPaused">, Omit<ShardListing, "signal"> {
  readonly held: HeldLease;
  /** The shard was read to its end before, and only its row is new: nothing of it is read again. */
  readonly wasReadBefore: boolean;
  readonly table: LeaseTable;
  readonly logger: Logger;
  readonly parentPollMs: number;
  readonly isRange?: boolean;
  readonly observe: (event: WorkerEvent) => void;
}

/**
 * How the work on a shard ended. `finished`: at its end, the row says SHARD_END and stays held until it is deleted. `released`: the
 * lease was given back. `lost`: somebody else owns it. `failed`: no waiting mends it.
 */
export type TaskEnd =
  | { readonly type: "finished" | "released" | "lost" }
  | { readonly type: "failed"; readonly error: Error };

const AGAIN_MS = 1_000;

/** The work on one held lease: wait for the parents, run the engine, see to the children, let go. */
export class ShardTask {
  readonly #options: ShardTaskOptions;
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();
  /** Ends the run of the engine that is under way, for a pause or a stop. */
  #engineStop = new AbortController();
  readonly #pause: ShardPause;
  #wake: (() => void) | undefined;
  /** Settles when nothing of this shard runs any more in this process; never rejects. */
  readonly done: Promise<TaskEnd>;

  constructor(options: ShardTaskOptions) {
    this.#options = options;
    const { gone } = options.held;
    this.#pause = new ShardPause(options);
    const lost = (): void => this.abort(gone.reason);
    gone.addEventListener("abort", lost, { once: true });
    this.done = this.#run().finally(() => gone.removeEventListener("abort", lost));
  }

  get held(): HeldLease {
    return this.#options.held;
  }

  /** Graceful: the engine flushes and commits, then the lease is given back. */
  stop(): void {
    this.#stop.abort();
    this.#engineStop.abort();
    this.#wake?.();
  }

  /** Does what the row asks for, as a look at the table has shown it. */
  heed(row: Lease): void {
    if (!this.#pause.heed(row)) return;
    if (this.#pause.isWanted) this.#engineStop.abort();
    this.#wake?.();
  }

  /** At once: nothing more is written by the engine. */
  abort(reason: unknown): void {
    this.#abort.abort(reason);
    this.#wake?.();
  }

  /** Looks again at what it waits for: a shard of this process has just been finished. */
  lookAgain(): void {
    this.#wake?.();
  }

  async #run(): Promise<TaskEnd> {
    try {
      return await this.#work();
    } catch (thrown) {
      const { held, observe } = this.#options;
      if (held.gone.aborted || hasCode(thrown, "KC_LEASE_LOST")) {
        held.release();
        return { type: "lost" };
      }
      const wasTold = this.#abort.signal.aborted;
      await this.#evict();
      if (wasTold) return { type: "released" };
      const error = asError(thrown);
      observe({ type: "shard-fail", shardId: held.shardId, error });
      return { type: "failed", error };
    }
  }

  async #work(): Promise<TaskEnd> {
    if (this.#options.held.lease.checkpoint === "SHARD_END") return { type: "finished" };
    const holding = { isStopping: () => this.#isStopping, untilWoken: () => this.#untilWoken() };
    for (;;) {
      await this.#pause.hold(holding);
      await this.#waitForParents();
      if (this.#isStopping) return await this.#letGo();
      if (this.#pause.isWanted) continue;
      const end = this.#options.wasReadBefore ? await this.#endAgain() : await this.#runEngine();
      if (end !== undefined) return end;
    }
  }

  /** Undefined when the engine was stopped for a pause, or the end of the shard has to wait for one to be over. */
  async #runEngine(): Promise<TaskEnd | undefined> {
    const { held, runShard, initialPosition, logger } = this.#options;
    const stop = new AbortController();
    this.#engineStop = stop;
    const outcome = await runShard({
      shardId: held.shardId,
      lease: held.lease,
      checkpointer: leaseCheckpointer(held, logger),
      initialPosition: startPositionOf(held.lease, initialPosition),
      stopSignal: stop.signal,
      abortSignal: this.#abort.signal,
      noteReadThrough: (wallTimeMs) => held.noteReadThrough(wallTimeMs),
      noteBytes: (bytes) => held.noteBytes(bytes),
    });
    if (this.#abort.signal.aborted) return await this.#letGo();
    const { isRange = false } = this.#options;
    if (outcome.type === "shard-end") {
      // A shard that retention has taken away names no children, and nobody looks for them later: a row without children tells of a shard that goes on.
      if (isRange && outcome.childShards.length === 0) return await this.#endAsListed();
      return await this.#endWith(outcome.childShards);
    }
    if (isRange && outcome.type === "ended") return await this.#endWith([]);
    // Stopped for a pause, or for one that was called off meanwhile.
    return stop.signal.aborted && !this.#isStopping ? undefined : await this.#letGo();
  }

  async #endWith(children: readonly ChildShard[]): Promise<TaskEnd | undefined> {
    if (await this.#finish(children)) return { type: "finished" };
    return this.#pause.isWanted && !this.#isStopping ? undefined : await this.#letGo();
  }

  /** The row of a shard that was read long ago is brought to its end, with leases for the children that have none. */
  async #endAgain(): Promise<TaskEnd | undefined> {
    const { held, logger } = this.#options;
    logger.warn(
      { shardId: held.shardId },
      "the lease of a shard that had been read to its end was made again by a worker that was late; it is ended without reading it again",
    );
    return await this.#endAsListed();
  }

  /** Brings the row to its end with the children that the stream lists. */
  async #endAsListed(): Promise<TaskEnd | undefined> {
    const { held, kinesis, clock, random } = this.#options;
    const { shardId } = held;
    const listing = { kinesis, clock, random, signal: this.#abort.signal };
    const shards = await this.#patiently("shard-end", () => listAllShards(listing));
    // Given back, it is taken again, by this worker or another, and tried anew.
    if (shards === undefined) return await this.#letGo();
    return await this.#endWith(childrenOf(shardId, shards));
  }

  /** A parent whose row is absent has been read, trimmed or cleaned up: it does not block. */
  async #waitForParents(): Promise<void> {
    const { held, table, observe, parentPollMs } = this.#options;
    const open = new Set(held.lease.parentShardIds);
    for (let isSaid = false; !this.#isStopping && !this.#pause.isWanted; isSaid = true) {
      await this.#patiently("parent-wait", async () => {
        for (const parent of open) {
          const lease = await table.get(parent);
          if (lease === undefined || lease.checkpoint === "SHARD_END") open.delete(parent);
        }
      });
      if (open.size === 0) return;
      if (!isSaid) observe({ type: "parent-wait", shardId: held.shardId, parentShardIds: [...open] });
      await this.#untilWoken(parentPollMs);
    }
  }

  /** Leases for the children first, then SHARD_END: a crash in between does it again. False: not now, or not by us. */
  async #finish(childShards: readonly ChildShard[]): Promise<boolean> {
    const { held, table, kinesis, clock, random, logger, observe } = this.#options;
    const listing = { kinesis, clock, random, signal: this.#abort.signal };
    const { shardId } = held;
    if (ownPending(held) !== undefined)
      throw new KinesisConnectorError(
        "KC_REPLAY_DIFFERS",
        `shard ${shardId} came to its end with a prepared batch that was not committed; start the worker again to finish it`,
      );
    for (;;) {
      if (this.#isStopping || this.#pause.isWanted) return false;
      const children = await this.#patiently("shard-end", () =>
        createChildLeases(table, listing, shardId, childShards),
      );
      if (children === "created") break;
      if (children === "invalid") {
        logger.warn(
          { shardId },
          "the end of the shard names children of other shards; the shard is given back",
        );
        return false;
      }
      if (children === "wait" && shouldLetGo(random)) return false;
      await this.#untilWoken(AGAIN_MS);
    }
    const childShardIds = childShards.map((child) => child.shardId);
    await held.write({ type: "commit", checkpoint: "SHARD_END", childShardIds });
    observe({ type: "lease-end", shardId, childShardIds });
    return true;
  }

  /** Calls that fail for now are made again by the caller, after a pause; what no waiting mends is thrown. */
  async #patiently<T>(step: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (thrown) {
      if (KinesisConnectorError.isInstance(thrown) || this.#abort.signal.aborted) throw thrown;
      this.#options.observe({ type: "lease-retry", step, error: asError(thrown) });
      return undefined;
    }
  }

  async #letGo(): Promise<TaskEnd> {
    if (this.#options.held.gone.aborted) return { type: "lost" };
    await this.#evict();
    return { type: "released" };
  }

  async #evict(): Promise<void> {
    await evict(this.#options);
  }

  get #isStopping(): boolean {
    return this.#stop.signal.aborted || this.#abort.signal.aborted;
  }

  /** Until something is to be looked at again, or for so long. */
  async #untilWoken(delayMs?: number): Promise<void> {
    if (this.#isStopping) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (delayMs !== undefined) timer = this.#options.clock.setTimer(delayMs, resolve);
    });
    timer?.cancel();
    this.#wake = undefined;
  }
}

/** Gives a lease back, so that another worker may take it at once. A failure is no loss: the lease then expires. */
export async function evict({
  held,
  logger,
  observe,
}: Pick<ShardTaskOptions, "held" | "logger" | "observe">): Promise<void> {
  try {
    await held.write({ type: "evict" });
    observe({ type: "lease-evict", shardId: held.shardId });
  } catch (thrown) {
    logger.warn(
      { shardId: held.shardId, ...errorFields(asError(thrown)) },
      "a lease could not be given back; another worker takes it after the failover time",
    );
    held.release();
  }
}
