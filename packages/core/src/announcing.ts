import { type Batch, type BufferEntry, outputCountOf } from "./batch.js";
import type { EmitContext, Emitter, PlannedRange } from "./emitter.js";
import { guardedEmitter } from "./guards/emitter-guard.js";
import { KinesisConnectorError } from "./errors.js";
import { checkOptions, type OptionNames } from "./known-options.js";
import { shown } from "./options.js";
import type { KinesisRecord } from "./record.js";

/** What `announcing` puts together. */
export interface AnnouncingOptions<Output, Plan, Announcement> {
  /** Places the batches. Needs a plan: the announcements are made of it, by whoever finishes the batch. */
  readonly emitter: Emitter<Output, Plan>;
  /** What to tell of a batch that is placed, such as its object keys. Pure; an empty array tells nothing. */
  readonly announcements: (plan: Plan, range: PlannedRange) => readonly NoInfer<Announcement>[];
  /** Where that is told. An emitter without a plan: telling twice must be harmless or be noticed by the reader. */
  readonly to: Emitter<Announcement>;
}

const NAMES: OptionNames<AnnouncingOptions<unknown, unknown, unknown>> = {
  emitter: true,
  announcements: "required",
  to: true,
};

/**
 * An emitter that tells another one what it has placed: the keys of S3 objects to a stream, say, from which a loader reads them. A batch is
 * announced only after it is there, and the checkpoint moves only after it is announced: each at least once, never lost. Who repeats
 * a batch (a retry, an heir) may announce it again.
 *
 * The record that comes with an announcement stands for the end of the batch: its partition key is the id of the source's shard, so that the
 * announcements of one shard keep their order.
 *
 * @example
 * ```ts
 * const emitter = announcing({
 *   emitter: s3Emitter<Click>({ bucket: "clicks", format: ndjson() }),
 *   announcements: ({ places }) => places.map(({ key }) => key),
 *   to: kinesisEmitter<string>({ stream: "files" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when the emitter has no plan
 */
export function announcing<Output, Plan, Announcement>(
  options: AnnouncingOptions<Output, Plan, Announcement>,
): Emitter<Output, Plan> {
  checkOptions("announcing", options, NAMES);
  const { announcements } = options;
  if (typeof announcements !== "function")
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `announcements must be a function, but is ${shown(announcements)}`,
    );
  const emitter = guardedEmitter("emitter", options.emitter);
  const to = guardedEmitter("to", options.to);
  const { plan, isPlaced, sizeOf, batching, gather, places, spill, planWithout } = emitter;
  if (plan === undefined)
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      "emitter must have a plan: announcements come from it",
    );

  const announce = async (range: PlannedRange, context: EmitContext<Plan>): Promise<void> => {
    const record: KinesisRecord = {
      ...range.last,
      partitionKey: range.shardId,
      arrivalTimeMs: context.clock.now(),
      data: new Uint8Array(0),
    };
    const entries = announcements(context.plan, range).map((output): BufferEntry<Announcement> => ({
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
        `${range.shardId}: the batch ${range.batchId} is placed, but an announcement of it will never be taken: correct announcements or to`,
        { cause: rejected.error },
      );
    // The entries of the batch are placed; what failed is no entry of it. So the emission is repeated as a whole.
    throw first.error;
  };

  return {
    capabilities: emitter.capabilities,
    ...(sizeOf === undefined ? {} : { sizeOf: (output, record) => sizeOf.call(emitter, output, record) }),
    ...(batching === undefined ? {} : { batching }),
    ...(gather === undefined ? {} : { gather: (context) => gather.call(emitter, context) }),
    ...(places === undefined ? {} : { places: (planned) => places.call(emitter, planned) }),
    // An heir is given the whole plan, however it was stored, and so are the announcements.
    ...(spill === undefined ? {} : { spill }),
    ...(planWithout === undefined
      ? {}
      : { planWithout: (planned, batch, kept) => planWithout.call(emitter, planned, batch, kept) }),
    plan: (batch) => plan.call(emitter, batch),
    ...(isPlaced === undefined
      ? {}
      : {
          // The announcement is one of the places: an heir that finds the batch placed does not emit it again, so it is told here.
          isPlaced: async (range, context) => {
            if (!(await isPlaced.call(emitter, range, context))) return false;
            await announce(range, context);
            return true;
          },
        }),
    emit: async (batch, context) => {
      const result = await emitter.emit(batch, context);
      // A planned emitter with failures is called again: for the rest, or with another plan.
      if (result.failed.length > 0) return result;
      // For a batch of nothing an emitter may write nothing, whatever was planned.
      const isThere = outputCountOf(batch) > 0 || (await isPlaced?.call(emitter, batch, context)) === true;
      if (isThere) await announce(batch, context);
      return result;
    },
    open: async (context) => {
      await emitter.open?.(context);
      await to.open?.(context);
    },
    close: async () => {
      try {
        await emitter.close?.();
      } finally {
        await to.close?.();
      }
    },
  };
}

function batchOf<Announcement>(
  range: PlannedRange,
  entries: readonly BufferEntry<Announcement>[],
): Batch<Announcement> {
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
