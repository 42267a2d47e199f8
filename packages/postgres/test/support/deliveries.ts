import type { Batch, Emitter, EmitResult } from "@kinesis-connectors/core";
import { contextOf, deliver, planOf } from "@kinesis-connectors/testkit";

/** How a batch with rows that are never taken was delivered. */
export interface Rejections<Row> {
  /** Places in the batch of the rows that were refused. */
  readonly refused: readonly { readonly index: number; readonly error: Error }[];
  /** What came of the others. */
  readonly result: EmitResult<Row>;
}

/** Emits a batch, and again without the rows that were refused, as the engine does with a planned batch. */
export async function rejections<Row, Plan>(
  emitter: Emitter<Row, Plan>,
  batch: Batch<Row>,
): Promise<Rejections<Row>> {
  const { failed } = await emitter.emit(batch, contextOf(planOf(emitter, batch)));
  const out = new Set(failed.map(({ entry }) => entry));
  const entries = batch.entries.filter((entry) => !out.has(entry));
  return {
    refused: failed.map(({ entry, error }) => ({ index: batch.entries.indexOf(entry), error })),
    result: await deliver(emitter, { ...batch, entries }),
  };
}

/** What a call was rejected with; undefined when it was not. */
export async function rejectionOf(call: () => PromiseLike<unknown> | undefined): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}
