import { setMaxListeners } from "node:events";
import { type FlushReason, outputCountOf } from "../batch.js";
import { BatchDelivery } from "./delivery/batch-delivery.js";
import { isBroken } from "../guards/blame.js";
import type { BudgetHolder } from "./byte-budget.js";
import type { PreparedBatch } from "../checkpointer.js";
import type { Timer } from "../clock.js";
import { errorFields } from "../logging/error-fields.js";
import { asError, hasCode } from "../errors.js";
import { Filling } from "./filling/filling.js";
import { isLookupFailure } from "./scan/lookups.js";
import { lastOutcome, PageFetch } from "./page-fetch.js";
import { tellPage } from "./page-events.js";
import { PageScan } from "./scan/page-scan.js";
import { type Pipeline, type RunningPipeline, runningPipeline } from "../pipeline.js";
import { type ClosedRange, isPast } from "./filling/range.js";
import type { Position, RecordPage } from "../record.js";
import { replayRange } from "./replay.js";
import { stopAtGap, tellGap } from "./retention-gap.js";
import type { ShardContext, ShardOutcome } from "./shard-context.js";

/**
 * Runs one shard from its checkpoint to its end, or until it is stopped: scan, close, plan, prepare, emit, commit. One batch is in
 * flight at a time; the next one fills meanwhile. The caller owns the lease; losing it is told through `context.abortSignal`.
 *
 * @throws KinesisConnectorError with the reason why the shard cannot go on; the checkpoint is where the last commit left it
 */
export async function processShard<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  context: ShardContext,
): Promise<ShardOutcome> {
  const { stream, shardId, observe } = context;
  // One listener for each request under way is no leak, and an emitter may have many; nor is one for each shard that ends with the same signal.
  // Node warns from the eleventh on.
  setMaxListeners(0, context.stopSignal, context.abortSignal);
  try {
    const outcome = await new ShardProcessor(runningPipeline(pipeline, context.logger), context).run();
    if (outcome.type === "shard-end") {
      const childShardIds = outcome.childShards.map((child) => child.shardId);
      observe({ type: "shard-end", stream, shardId, childShardIds });
    } else {
      observe({ type: "shard-stop", stream, shardId, reason: outcome.type === "ended" ? "end" : "stop" });
    }
    return outcome;
  } catch (thrown) {
    const error = asError(thrown);
    const reason = hasCode(error, "KC_LEASE_LOST") ? "lease-lost" : "error";
    observe({ type: "shard-stop", stream, shardId, reason, error });
    throw error;
  }
}

class ShardProcessor<Model, Output, Plan, DeadLetterPlan> {
  readonly #pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly #context: ShardContext;
  readonly #filling: Filling<Output>;
  readonly #scan: PageScan<Model, Output>;
  readonly #delivery: BatchDelivery<Model, Output, Plan, DeadLetterPlan>;
  #inFlight: Promise<void> | undefined;
  #failure: Error | undefined;
  #stopping = false;
  #flushRequested = false;
  #wake: (() => void) | undefined;
  #fetch: PageFetch | undefined;

  constructor(pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>, context: ShardContext) {
    this.#pipeline = pipeline;
    this.#context = context;
    this.#filling = new Filling(context, pipeline);
    this.#scan = new PageScan(pipeline, context, this.#filling, {
      isStopping: () => this.#stopping,
      flush: (reason) => this.#flush(reason),
    });
    this.#delivery = new BatchDelivery(pipeline, context);
  }

  async run(): Promise<ShardOutcome> {
    const { checkpointer, abortSignal, stopSignal, budget, stream, shardId, observe } = this.#context;
    abortSignal.throwIfAborted();
    if (stopSignal.aborted) return { type: "stopped" };
    const { checkpoint, pending } = await checkpointer.load();
    // The listener below would not hear of an abort that came meanwhile.
    abortSignal.throwIfAborted();
    observe({ type: "shard-start", stream, shardId, checkpoint, inherited: pending !== undefined });
    const stop = (): void => {
      this.#stopping = true;
      this.#wake?.();
    };
    const abort = (): void => {
      stop();
      this.#fetch?.stop();
    };
    const unregister = budget.register(this.#budgetHolder());
    if (stopSignal.aborted) this.#stopping = true;
    stopSignal.addEventListener("abort", stop, { once: true });
    abortSignal.addEventListener("abort", abort, { once: true });
    try {
      if (pending !== undefined) await this.#finishInherited(pending);
      return await this.#readFrom(pending?.last ?? checkpoint);
    } catch (thrown) {
      // What the transformer asks did not answer for an inherited batch: it stays prepared.
      if (stopSignal.aborted && isLookupFailure(thrown)) return { type: "stopped" };
      throw thrown;
    } finally {
      stopSignal.removeEventListener("abort", stop);
      abortSignal.removeEventListener("abort", abort);
      unregister();
      // What was read and not committed is let go; the next owner reads it again.
      this.#filling.release();
    }
  }

  /** Before anything else, the batch that an earlier owner prepared: look whether it is all there, else write exactly it. */
  async #finishInherited(stored: PreparedBatch): Promise<void> {
    const { abortSignal } = this.#context;
    const pending = await this.#delivery.withWholePlan(stored);
    abortSignal.throwIfAborted();
    const written = await this.#delivery.isWritten(pending);
    abortSignal.throwIfAborted();
    if (written) {
      await this.#delivery.commit(pending);
      return;
    }
    const range = await replayRange(this.#pipeline, this.#context, pending);
    const { gap } = range.batch;
    if (gap) tellGap(this.#context, pending.first, range.batch.entries[0]?.record);
    // What is left of the range is written before the policy has its say: by the next start it may be gone as well.
    await this.#delivery.deliver(range, pending);
    if (gap) stopAtGap(this.#context, pending.first);
  }

  async #readFrom(checkpoint: Position | undefined): Promise<ShardOutcome> {
    const { source, initialPosition } = this.#context;
    const reader = source.open(
      checkpoint === undefined ? initialPosition : { type: "after", position: checkpoint },
    );
    const fetch = new PageFetch(reader, this.#context, () => this.#wake?.());
    this.#fetch = fetch;
    try {
      const outcome = await this.#readPages(fetch);
      await this.#flush(LAST_FLUSH[outcome.type]);
      await this.#settleInFlight();
      return outcome;
    } catch (thrown) {
      // A failure of reading or of a record still lets what was read before it land, unless the shard itself is gone, or what was read is in doubt.
      if (!isBroken(thrown) && !this.#context.abortSignal.aborted && this.#failure === undefined) {
        await this.#flush("stop");
        await this.#settleInFlight();
      }
      throw thrown;
    } finally {
      await this.#close(fetch);
      // A delivery that is still under way was told to stop by the abort; its end is awaited so that nothing runs on unowned.
      await this.#inFlight?.catch(() => undefined);
    }
  }

  /** What was delivered stays delivered: a reader that cannot be closed is worth a line in the log, and not the outcome of the shard. */
  async #close(fetch: PageFetch): Promise<void> {
    const { stream, shardId } = this.#context;
    try {
      await fetch.close();
    } catch (thrown) {
      this.#pipeline.logger.warn(
        { stream, shardId, ...errorFields(asError(thrown)) },
        "the reader of the shard could not be closed",
      );
    }
  }

  /** The loop: one page at a time, thresholds checked record by record, age checked by a timer. Says why it has come to its end. */
  async #readPages(fetch: PageFetch): Promise<ShardOutcome> {
    const { abortSignal, clock } = this.#context;
    while (!this.#stopping) {
      fetch.start();
      await this.#untilSomethingHappens(fetch);
      abortSignal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure;
      // A page that is not taken any more stays with the fetch, which gives its bytes back.
      const outcome = !this.#stopping && fetch.isReady ? await this.#takeNext(fetch) : undefined;
      if (outcome !== undefined && !this.#stopping) return outcome;
      const reason = this.#flushRequested ? "memory" : this.#filling.dueReason(clock.monotonicNow());
      if (reason !== undefined && !this.#stopping) await this.#flush(reason);
    }
    abortSignal.throwIfAborted();
    return { type: "stopped" };
  }

  /** A function of its own, for one that waits keeps what it has seen: the page would live until the next one is there. */
  async #takeNext(fetch: PageFetch): Promise<ShardOutcome | undefined> {
    const page = fetch.take();
    if (page === undefined) return undefined;
    const { durationMs } = fetch;
    const outcome = lastOutcome(page);
    if (outcome === undefined) fetch.start();
    try {
      await this.#takePage(page, durationMs);
    } finally {
      fetch.release(page);
    }
    this.#context.budget.pressure();
    return outcome;
  }

  async #takePage(page: RecordPage, durationMs: number): Promise<void> {
    const { clock } = this.#context;
    const { records } = page;
    const told = { context: this.#context, filling: this.#filling, durationMs };
    if (page.gap !== undefined) {
      tellGap(this.#context, page.gap.expected, records[0]);
      stopAtGap(this.#context, page.gap.expected);
      this.#filling.markGap();
    }
    const scanned = await this.#scan.scan(records).catch((thrown: unknown) => {
      // What came before a record that stops the shard is delivered all the same.
      tellPage(page, this.#scan.taken, told);
      throw thrown;
    });
    if (scanned === records.length) {
      if (page.scannedEnd !== undefined && isPast(page.scannedEnd, records.at(-1)))
        this.#filling.moveEnd(page.scannedEnd, clock.monotonicNow());
      if (!this.#filling.settle()) page.release?.();
    }
    tellPage(page, scanned, told);
  }

  /** Closes what was read so far and sends it on its way, once the batch before it has been committed. */
  async #flush(reason: FlushReason): Promise<void> {
    this.#flushRequested = false;
    const closed = this.#filling.close(reason);
    if (closed === undefined) return;
    const { stream, shardId, observe, budget } = this.#context;
    const { bytes, encoded } = closed.batch;
    const records = outputCountOf(closed.batch);
    if (records > 0) observe({ type: "buffer-flush", stream, shardId, reason, records, bytes });
    try {
      await this.#settleInFlight();
    } catch (thrown) {
      encoded?.discard();
      budget.release(closed.heldBytes);
      throw thrown;
    }
    this.#inFlight = this.#deliver(closed);
    // Handled where it is awaited next; until then a failure must not count as unhandled.
    this.#inFlight.catch(() => undefined);
  }

  async #deliver(closed: ClosedRange<Output>): Promise<void> {
    try {
      await this.#delivery.deliver(closed);
    } catch (thrown) {
      this.#failure = asError(thrown);
      throw this.#failure;
    } finally {
      // Before the bytes are given back: the budget may answer by asking this very shard for its next flush.
      this.#inFlight = undefined;
      closed.batch.encoded?.discard();
      this.#context.budget.release(closed.heldBytes);
      this.#wake?.();
    }
  }

  /** Waits for the batch in flight; throws what a delivery failed with, also when that was noticed by nobody yet. */
  async #settleInFlight(): Promise<void> {
    await this.#inFlight;
    this.#context.abortSignal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for a page, the age threshold, a request to flush, a failed delivery or a stop: whichever comes first. */
  async #untilSomethingHappens(fetch: PageFetch): Promise<void> {
    if (fetch.isReady || this.#stopping || this.#flushRequested || this.#failure !== undefined) return;
    const { clock } = this.#context;
    const dueMs = this.#filling.dueMs();
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (dueMs !== undefined) timer = clock.setTimer(Math.max(0, dueMs - clock.monotonicNow()), resolve);
    });
    timer?.cancel();
    this.#wake = undefined;
  }

  #budgetHolder(): BudgetHolder {
    return {
      flushableBytes: () => {
        // What shrank meanwhile is given back first: perhaps nobody has to flush early.
        this.#filling.charge();
        return this.#flushRequested || this.#inFlight !== undefined ? 0 : this.#filling.heldBytes;
      },
      requestFlush: () => {
        this.#flushRequested = true;
        this.#wake?.();
      },
    };
  }
}

/** Why the last batch is flushed, by how the reading ended. */
const LAST_FLUSH = { stopped: "stop", ended: "end", "shard-end": "shard-end" } as const;
