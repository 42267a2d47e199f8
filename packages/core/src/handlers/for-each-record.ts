import type { BufferEntry } from "../batch.js";
import type { EmitContext, Emitter, FailedEntry } from "../emitter.js";
import { asError, hasCode, invalidOption } from "../errors.js";
import { isProgrammingError } from "../guards/programming-error.js";
import { checkOptions, type OptionNames } from "../known-options.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import { wholeNumber } from "../options.js";
import type { KinesisRecord } from "../record.js";
import { type End, endOf } from "./end.js";

/** Handles one output; what it throws is the fate of its record, as `forEachRecord` says. */
export type RecordHandler<Output> = (
  output: Output,
  record: KinesisRecord,
  context: EmitContext<undefined>,
) => MaybePromise<void>;

/** Options of `forEachRecord`. */
export interface ForEachRecordOptions {
  /** Records that are handled at once in each shard, those of one partition key one after the other. Default 1: in the order of the shard. */
  readonly concurrency?: number;
}

const OPTIONS: OptionNames<ForEachRecordOptions> = { concurrency: true };

/**
 * An emitter that calls a function for each record. The records of a partition key come one after the other, and none of them before one that failed.
 *
 * What the function throws makes the record come again after a back-off, with those of its key behind it; `poisonRecord("...")`, or any other error of the code
 * `KC_RECORD_POISON`, makes it a dead letter; a mistake in code (a TypeError) stops the shard. A record comes again when its worker ends in the middle: at least once.
 * A record that failed `retry.maxAttempts` times becomes a dead letter, and those of its key behind it have their turn then. Once the shard is somebody else's
 * (`context.signal`), nobody waits for the function any more.
 *
 * @example
 * ```ts
 * const pipeline = definePipeline({
 *   transformer: json<Order>(),
 *   emitter: forEachRecord<Order>(async (order) => sendMail(order), { concurrency: 10 }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function forEachRecord<Output>(
  handle: RecordHandler<Output>,
  options: ForEachRecordOptions = {},
): Emitter<Output> {
  if (typeof handle !== "function") throw invalidOption("forEachRecord takes a function of an output");
  checkOptions("forEachRecord", options, OPTIONS);
  const concurrency = wholeNumber("concurrency", options.concurrency ?? 1, { min: 1, max: 10_000 });
  return {
    capabilities: { duplicates: "possible", ordering: "partition-key" },
    emit: async ({ entries }, context) => {
      const failed: FailedEntry<Output>[] = [];
      const lanes = concurrency === 1 ? [entries] : byKey(entries);
      const end = endOf(context.signal);
      let next = 0;
      const work = async (): Promise<void> => {
        try {
          for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++])
            await handleInOrder(handle, lane, { context, end, failed });
        } catch (thrown) {
          next = lanes.length;
          throw thrown;
        }
      };
      // What one of them throws ends the batch: the others begin nothing more, and are waited for, so that nothing runs on unseen.
      const workers = await Promise.allSettled(
        Array.from({ length: Math.min(concurrency, lanes.length) }, work),
      );
      end.forget();
      for (const worker of workers) if (worker.status === "rejected") throw asError(worker.reason);
      return { failed };
    },
  };
}

function byKey<Output>(entries: readonly BufferEntry<Output>[]): readonly (readonly BufferEntry<Output>[])[] {
  const lanes = new Map<string, BufferEntry<Output>[]>();
  for (const entry of entries) {
    const lane = lanes.get(entry.record.partitionKey);
    if (lane === undefined) lanes.set(entry.record.partitionKey, [entry]);
    else lane.push(entry);
  }
  return [...lanes.values()];
}

async function handleInOrder<Output>(
  handle: RecordHandler<Output>,
  entries: readonly BufferEntry<Output>[],
  {
    context,
    end,
    failed,
  }: {
    readonly context: EmitContext<undefined>;
    readonly end: End;
    readonly failed: FailedEntry<Output>[];
  },
): Promise<void> {
  /** Keys of which a record has to come again, and why. */
  const held = new Map<string, Error>();
  for (const entry of entries) {
    const { output, record } = entry;
    const before = held.get(record.partitionKey);
    if (before !== undefined) {
      failed.push({ entry, action: "retry", error: before, isBehind: true });
      continue;
    }
    context.signal.throwIfAborted();
    try {
      const handled = handle(output, record, context);
      if (isPromise(handled)) await end.orSettled(handled);
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (isProgrammingError(thrown)) throw thrown;
      const error = asError(thrown);
      const action = hasCode(error, "KC_RECORD_POISON") ? "dead-letter" : "retry";
      failed.push({ entry, action, error });
      if (action === "retry") held.set(record.partitionKey, error);
    }
  }
}
