import { type Batch, outputCountOf } from "../../batch.js";
import type { PreparedBatch } from "../../checkpointer.js";
import type { ShardContext } from "../shard-context.js";

/** What was sent for a range by this owner. */
export interface SentForRange {
  /** Whether an earlier owner had prepared it. */
  readonly inherited: boolean;
  readonly bytes: number;
  readonly oldestArrivalMs: number | undefined;
}

/** Of a batch that an earlier owner had written nothing is known here. */
export const NOTHING_SENT: SentForRange = { inherited: true, bytes: 0, oldestArrivalMs: undefined };

/** Tells how batches of a shard get on. */
export class DeliveryEvents {
  readonly #context: Pick<ShardContext, "stream" | "shardId" | "clock" | "observe">;

  constructor(context: Pick<ShardContext, "stream" | "shardId" | "clock" | "observe">) {
    this.#context = context;
  }

  started(batch: Batch<unknown>, refused: number, inherited: boolean): void {
    const records = outputCountOf(batch);
    // Nothing goes anywhere: only the checkpoint moves.
    if (records === 0 && refused === 0) return;
    const { batchId, bytes } = batch;
    this.#context.observe({ type: "batch-start", ...this.#shard(), batchId, records, bytes, inherited });
  }

  emitted(
    { batchId, bytes, ...batch }: Batch<unknown>,
    startedMs: number,
    how: { readonly outputs: number; readonly attempts: number; readonly inherited: boolean },
  ): void {
    const durationMs = this.#context.clock.monotonicNow() - startedMs;
    const records = outputCountOf(batch);
    this.#context.observe({
      type: "batch-emit",
      ...this.#shard(),
      batchId,
      records,
      bytes,
      ...how,
      durationMs,
    });
  }

  committed(
    {
      last,
      recordCount,
      filtered,
      deadLettered,
    }: Pick<PreparedBatch, "last" | "recordCount" | "filtered" | "deadLettered">,
    sent: SentForRange,
  ): void {
    this.#context.observe({
      type: "checkpoint-commit",
      ...this.#shard(),
      checkpoint: last,
      read: recordCount,
      emitted: recordCount - filtered - deadLettered,
      filtered,
      deadLettered,
      ...sent,
    });
  }

  #shard(): { readonly stream: string; readonly shardId: string } {
    return { stream: this.#context.stream, shardId: this.#context.shardId };
  }
}
