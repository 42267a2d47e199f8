import type { Batch, EmitContext } from "@kinesis-connectors/core";
import type { Session } from "../connection/session.js";
import { summaryOf } from "../failures.js";
import type { Target } from "../target/target.js";
import { removeOldPositions } from "./positions.js";

const DAY_MS = 24 * 60 * 60 * 1000;

/** What positions need beside being moved: to be told of when they stand in the way, and to go when they are of no use any more. */
export class PositionCare {
  readonly #olderThanHours: number;
  /** When old positions of an application's stream were last removed, by the clock that never goes back. */
  readonly #removedMs = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(olderThanHours: number) {
    this.#olderThanHours = olderThanHours;
  }

  /**
   * Tells, once for each shard, of rows that were left out although this owner sends them for the first time: after a reset of the checkpoint, or when the
   * lease table was restored from a backup, that is what the position is for, and still somebody may wait for rows.
   */
  tell(
    { application, stream, shardId, batchId }: Batch<unknown>,
    skipped: number,
    context: EmitContext<unknown>,
  ): void {
    if (skipped === 0 || context.inherited || context.attempt > 1) return;
    const key = JSON.stringify([application, stream, shardId]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    context.logger.warn(
      { stream, shardId, batchId, rows: skipped },
      "rows were left out, because the position of the shard says that they were written already; " +
        "to write them again, remove the shard's row of the positions table first",
    );
  }

  /** Removes positions of no use, at most once a day. What fails here fails nothing: the batch is written. */
  async removeOld<Row>(
    session: Session,
    target: Target<Row>,
    batch: Batch<Row>,
    context: EmitContext<unknown>,
  ): Promise<void> {
    const key = JSON.stringify([target.positionsSql, batch.application, batch.stream]);
    const nowMs = context.clock.monotonicNow();
    const lastMs = this.#removedMs.get(key);
    if (!target.mayRemovePositions || (lastMs !== undefined && nowMs - lastMs < DAY_MS)) return;
    this.#removedMs.set(key, nowMs);
    const { stream } = batch;
    try {
      const shards = await removeOldPositions(session, target, batch, this.#olderThanHours, context);
      if (shards.length > 0)
        context.logger.info(
          { stream, shards: shards.length },
          "positions of shards that nothing can be read of any more were removed",
        );
    } catch (error) {
      context.logger.debug({ stream, error: summaryOf(error).message }, "old positions were not removed");
    }
  }
}
