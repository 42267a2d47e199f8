import type { Batch, BufferEntry } from "../batch.js";
import type { EmitContext, EmitResult, Emitter, FailedEntry } from "../emitter.js";
import { asError, KinesisConnectorError } from "../errors.js";

/** By the global symbol registry: the emitter may come from another copy of this package than the one that looks for it. */
const HANDED: unique symbol = Symbol.for("@kinesis-connectors/core/handedBatches") as never;

/** A batch that was handed out, to be committed by whoever took it. */
export interface HandedBatch<Output> {
  readonly shardId: string;
  /** Names the batch: the same when it comes again in this process. */
  readonly batchId: string;
  readonly entries: readonly BufferEntry<Output>[];
  /** 1 for the first time that it is handed out. */
  readonly attempt: number;
  /** Aborted when the shard belongs to somebody else: what is done with the batch from then on is done twice. */
  readonly signal: AbortSignal;
  /**
   * Says that the batch is done; the checkpoint moves behind it. Resolves when it has moved. With `failed`, which names entries to try again or to set aside, it
   * resolves at once: those to try again come as a batch of their own, before the checkpoint moves.
   * @throws what the checkpoint could not be moved for: `KC_LEASE_LOST` when the shard belongs to somebody else, or what stopped the shard, such as dead letters
   * of the same batch that nobody took
   */
  readonly commit: (failed?: readonly FailedEntry<unknown>[]) => Promise<void>;
  /** Says that the batch failed: it comes again after a back-off. */
  readonly fail: (error: Error) => void;
}

/** Batches, as they are handed out. */
export interface BatchQueue<Output> {
  readonly next: () => Promise<HandedBatch<Output> | undefined>;
  /** Gives a batch back that was taken: unless it was committed or failed, it is handed out again, before all others. */
  readonly putBack: (batch: HandedBatch<Output>) => void;
  /** Says that the checkpoint will not move behind a batch: whoever waits for that is told why. */
  readonly abandon: (batchId: string, error: Error) => void;
}

/**
 * An emitter for those who would rather pull: `for await (const batch of connector.batches())`. Each shard hands out one batch at a time and fills the next one
 * meanwhile; what is not committed holds its shard up, so memory stays bounded however slow the loop is.
 *
 * At least once: what was not committed when a worker ends is read again. See `Connector.batches`.
 */
export function handedBatches<Output>(): Emitter<Output> {
  const queue = new Queue<Output>();
  const emitter: Emitter<Output> & { readonly [HANDED]: BatchQueue<Output> } = {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: (batch, context) => queue.hand(batch, context),
    around: async (step, { batchId }, run) => {
      if (step !== "commit") return run();
      try {
        await run();
      } catch (thrown) {
        queue.abandon(batchId, asError(thrown));
        throw thrown;
      }
      return queue.committed(batchId);
    },
    open: () => {
      queue.begin();
      return Promise.resolve();
    },
    close: () => {
      queue.end();
      return Promise.resolve();
    },
    [HANDED]: queue,
  };
  return emitter;
}

/** The batches that an emitter hands out; undefined for one that writes them itself. */
export function batchesOf<Output, Plan>(emitter: Emitter<Output, Plan>): BatchQueue<Output> | undefined {
  const found: unknown = Reflect.get(emitter, HANDED);
  // Only `handedBatches` sets it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return found as BatchQueue<Output> | undefined;
}

/** What wraps an emitter takes its batches along. */
export function withBatchesOf<Wrapped extends object>(emitter: object, wrapped: Wrapped): Wrapped {
  const found: unknown = Reflect.get(emitter, HANDED);
  return found === undefined ? wrapped : Object.assign(wrapped, { [HANDED]: found });
}

class Queue<Output> implements BatchQueue<Output> {
  readonly #waiting: HandedBatch<Output>[] = [];
  /** Batches that were taken and are neither committed nor failed. */
  readonly #taken = new Set<HandedBatch<Output>>();
  /** Who waits for a checkpoint, by the id of its batch. */
  readonly #commits = new Map<string, (error?: Error) => void>();
  readonly #takers: ((batch: HandedBatch<Output> | undefined) => void)[] = [];
  #isEnded = false;

  hand(batch: Batch<Output>, context: EmitContext<undefined>): Promise<EmitResult<Output>> {
    return new Promise((resolve, reject) => {
      const { signal } = context;
      let isOver = false;
      const over = (): boolean => {
        if (isOver) return false;
        isOver = true;
        this.#taken.delete(handed);
        const index = this.#waiting.indexOf(handed);
        if (index !== -1) this.#waiting.splice(index, 1);
        return true;
      };
      // The signal lives as long as its shard, and would keep all batches that it was ever asked about.
      const forget = (): void => signal.removeEventListener("abort", lost);
      const lost = (): void => {
        this.abandon(batch.batchId, lostError(batch.shardId));
        if (over()) reject(asError(signal.reason));
      };
      const handed: HandedBatch<Output> = {
        shardId: batch.shardId,
        batchId: batch.batchId,
        entries: batch.entries,
        attempt: context.attempt,
        signal,
        commit: (failed = []) => {
          if (signal.aborted) return Promise.reject(lostError(batch.shardId));
          if (!over()) return Promise.reject(new Error("the batch was committed or failed before"));
          // Entries of this very batch, which the engine looks at: the type of their outputs is no matter here.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          resolve({ failed: failed as readonly FailedEntry<Output>[] });
          if (failed.length > 0) {
            forget();
            return Promise.resolve();
          }
          return new Promise((done, refuse) => {
            this.#commits.set(batch.batchId, (error) => {
              forget();
              if (error === undefined) done();
              else refuse(error);
            });
          });
        },
        fail: (error) => {
          if (!over()) return;
          forget();
          reject(asError(error));
        },
      };
      if (signal.aborted) {
        lost();
        return;
      }
      signal.addEventListener("abort", lost, { once: true });
      const taker = this.#takers.shift();
      if (taker === undefined) this.#waiting.push(handed);
      else this.#give(handed, taker);
    });
  }

  #give(batch: HandedBatch<Output>, taker: (batch: HandedBatch<Output>) => void): void {
    this.#taken.add(batch);
    taker(batch);
  }

  abandon(batchId: string, error: Error): void {
    this.committed(batchId, error);
  }

  committed(batchId: string, error?: Error): void {
    const told = this.#commits.get(batchId);
    this.#commits.delete(batchId);
    told?.(error);
  }

  next(): Promise<HandedBatch<Output> | undefined> {
    const batch = this.#waiting.shift();
    if (batch !== undefined) {
      this.#taken.add(batch);
      return Promise.resolve(batch);
    }
    if (this.#isEnded) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  putBack(batch: HandedBatch<Output>): void {
    if (!this.#taken.delete(batch)) return;
    const taker = this.#takers.shift();
    if (taker === undefined) this.#waiting.unshift(batch);
    else this.#give(batch, taker);
  }

  begin(): void {
    this.#isEnded = false;
  }

  end(): void {
    this.#isEnded = true;
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}

function lostError(shardId: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_LOST",
    `${shardId} belongs to another worker now, or the deadline of a stop has passed: its records come again`,
  );
}
