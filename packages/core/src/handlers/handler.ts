import type { Batch } from "../batch.js";
import type { EmitContext, Emitter, FailedEntry } from "../emitter.js";
import { invalidOption } from "../errors.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import { endOf } from "./end.js";

/**
 * A function in the place of a destination. It is given a batch, and returns what it could not handle, each entry to `retry` or as a `dead-letter`; nothing, or an
 * empty array, when all is done. What it throws makes the whole batch come again after a back-off; a mistake in code (a TypeError) stops the shard.
 */
export type BatchHandler<Output> = (
  batch: Batch<Output>,
  context: EmitContext<undefined>,
) => MaybePromise<readonly FailedEntry<Output>[] | undefined | void>;

/**
 * An emitter of one function: for those who have no destination, or one of their own that needs no package. One batch of a shard at a time, several shards at
 * once; the checkpoint moves when the function is done with the batch.
 *
 * Once the shard is somebody else's (`context.signal`), nobody waits for the function any more. A batch comes again when its worker ends in the middle: at least once. Count by `record.sequenceNumber` and `record.subSequenceNumber` where that matters.
 *
 * @example
 * ```ts
 * const pipeline = definePipeline({
 *   transformer: json<Order>(),
 *   buffer: { maxRecords: 100, maxAgeMs: 1000 },
 *   emitter: handler<Order>(async ({ entries }, { signal }) => {
 *     await database.insert(entries.map(({ output }) => output), { signal });
 *   }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function handler<Output>(handle: BatchHandler<Output>): Emitter<Output> {
  if (typeof handle !== "function") throw invalidOption("handler takes a function of a batch");
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: async (batch, context) => {
      const end = endOf(context.signal);
      try {
        const handled = handle(batch, context);
        return { failed: (isPromise(handled) ? await end.orSettled(handled) : handled) ?? [] };
      } finally {
        end.forget();
      }
    },
  };
}
