import { type Batch, type BufferEntry, outputCountOf } from "./batch.js";
import type { EmitContext, Emitter, PlannedRange } from "./emitter.js";
import { guardedEmitter } from "./guards/emitter-guard.js";
import { asError, KinesisConnectorError } from "./errors.js";
import { checkOptions, type OptionNames } from "./known-options.js";
import { shown } from "./options.js";
import type { KinesisRecord } from "./record.js";

/** Options of `notifying`. */
export interface NotifyingOptions<Output, Plan, Notification> {
  /** Writes the batches. It must have a plan: notifications are made of it, by whoever finishes the batch. */
  readonly emitter: Emitter<Output, Plan>;
  /** Makes the notifications of a batch that is written, such as its object keys. Pure; an empty array sends none. */
  readonly notifications: (plan: Plan, range: PlannedRange) => readonly NoInfer<Notification>[];
  /** Sends the notifications. An emitter without a plan: one that is sent twice must be harmless or be noticed by its reader. */
  readonly to: Emitter<Notification>;
}

const NAMES: OptionNames<NotifyingOptions<unknown, unknown, unknown>> = {
  emitter: true,
  notifications: "required",
  to: true,
};

/**
 * An emitter that tells another one what it has written: the keys of S3 objects to a stream, say, from which a loader reads them. A notification
 * is sent only after its batch is written, and the checkpoint moves only after the notification is taken: each arrives at least once, none is
 * lost. A batch that is repeated (by a retry, by the next owner) may be notified of again.
 *
 * The record that comes with a notification stands for the end of the batch: its partition key is the id of the source's shard, so that the
 * notifications of one shard keep their order.
 *
 * @example
 * ```ts
 * const emitter = notifying({
 *   emitter: s3Emitter<Click>({ bucket: "clicks", format: ndjson() }),
 *   notifications: ({ places }) => places.map(({ key }) => key),
 *   to: kinesisEmitter<string>({ stream: "files" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when the emitter has no plan
 */
export function notifying<Output, Plan, Notification>(
  options: NotifyingOptions<Output, Plan, Notification>,
): Emitter<Output, Plan> {
  checkOptions("notifying", options, NAMES);
  const { notifications } = options;
  if (typeof notifications !== "function")
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `notifications must be a function, but is ${shown(notifications)}`,
    );
  const emitter = guardedEmitter("emitter", options.emitter);
  const to = guardedEmitter("to", options.to);
  const {
    plan,
    isWritten,
    wouldDouble,
    sizeOf,
    batching,
    createWriter,
    objectCount,
    spill,
    planWithout,
    around,
  } = emitter;
  if (plan === undefined)
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "emitter must have a plan: notifications come from it",
    );

  const notify = async (range: PlannedRange, context: EmitContext<Plan>): Promise<void> => {
    const record: KinesisRecord = {
      ...range.last,
      partitionKey: range.shardId,
      arrivalTimeMs: context.clock.now(),
      data: new Uint8Array(0),
    };
    const entries = notifications(context.plan, range).map((output): BufferEntry<Notification> => ({
      output,
      record,
      bytes: to.sizeOf?.(output, record) ?? 0,
    }));
    if (entries.length === 0) return;
    const { failed } = await to.emit(batchOf(range, entries), { ...context, plan: undefined });
    const [first] = failed;
    if (first === undefined) return;
    const rejected = failed.find(({ action }) => action === "dead-letter");
    if (rejected !== undefined)
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `${range.shardId}: the batch ${range.batchId} is written, but a notification of it will never be taken: correct notifications or to`,
        { cause: rejected.error },
      );
    // The entries of the batch are written; what failed is no entry of it. So the emission is repeated as a whole.
    throw first.error;
  };

  return {
    capabilities: emitter.capabilities,
    ...(sizeOf === undefined ? {} : { sizeOf: (output, record) => sizeOf.call(emitter, output, record) }),
    ...(batching === undefined ? {} : { batching }),
    ...(createWriter === undefined ? {} : { createWriter: (context) => createWriter.call(emitter, context) }),
    ...(objectCount === undefined ? {} : { objectCount: (planned) => objectCount.call(emitter, planned) }),
    // The next owner is given the whole plan, however it was stored, and so are the notifications.
    ...(spill === undefined ? {} : { spill }),
    ...(planWithout === undefined
      ? {}
      : { planWithout: (planned, batch, kept) => planWithout.call(emitter, planned, batch, kept) }),
    ...(around === undefined ? {} : { around: (step, batch, run) => around.call(emitter, step, batch, run) }),
    plan: (batch) => plan.call(emitter, batch),
    ...(isWritten === undefined
      ? {}
      : {
          // The notification belongs to the batch: a next owner that finds the batch written does not emit it again, so it is told here.
          isWritten: async (range, context) => {
            if (!(await isWritten.call(emitter, range, context))) return false;
            await notify(range, context);
            return true;
          },
        }),
    ...(wouldDouble === undefined
      ? {}
      : { wouldDouble: (again, context) => wouldDouble.call(emitter, again, context) }),
    emit: async (batch, context) => {
      const result = await emitter.emit(batch, context);
      // A planned emitter with failures is called again: for the rest, or with another plan.
      if (result.failed.length > 0) return result;
      // For a batch of nothing an emitter may write nothing, whatever was planned.
      const isThere = outputCountOf(batch) > 0 || (await isWritten?.call(emitter, batch, context)) === true;
      if (isThere) await notify(batch, context);
      return result;
    },
    open: async (context) => {
      await emitter.open?.(context);
      await to.open?.(context);
    },
    close: async () => {
      // At once: one that hangs keeps the other one from nothing.
      const ends = await Promise.allSettled([emitter, to].map(async (one) => await one.close?.()));
      for (const end of ends) if (end.status === "rejected") throw asError(end.reason);
    },
  };
}

function batchOf<Notification>(
  range: PlannedRange,
  entries: readonly BufferEntry<Notification>[],
): Batch<Notification> {
  const { batchId, application, stream, shardId, first, last, recordCount } = range;
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const reason = "records";
  const gap = false;
  return {
    batchId,
    application,
    stream,
    shardId,
    first,
    last,
    recordCount,
    entries,
    bytes,
    reason,
    gap,
  };
}
