import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type EmitResult,
  type FailedEntry,
  outputCountOf,
  type PlannedRange,
  checkOptions,
} from "@kinesis-connectors/core";
import { following } from "@kinesis-connectors/aws";
import { connect, type S3Connection } from "./connection.js";
import { EntrySizes } from "./encoding/entry-sizes.js";
import type { PieceBytes } from "./encoding/object-batch-writer.js";
import { writerFactory } from "./encoding/writer-factory.js";
import { encodedIn } from "./encoding/encoded-objects.js";
import { type ReadyObject, readyObjects } from "./encoding/ready-objects.js";
import type { Format } from "./formats/format.js";
import { forEachConcurrently } from "./concurrency.js";
import type { OpenFile } from "./objects/body.js";
import { lookBeforeStart } from "./objects/bucket.js";
import { batchesOfOthers } from "./archive/batches-of-others.js";
import { objectCreator } from "./objects/create-object.js";
import { metadataOf } from "./objects/object-metadata.js";
import { S3_EMITTER_OPTIONS, type S3EmitterOptions } from "./options.js";
import { type ObjectBatching, objectBatching } from "./plan/object-batching.js";
import { keysOf } from "./plan/object-keys.js";
import { planEncoded, planObjects, planWithout } from "./plan/plan.js";
import { planSpill } from "./plan/plan-spill.js";
import type { S3Plan } from "./requests.js";
import { type EmitterSettings, emitterSettingsFrom } from "./settings.js";

/**
 * Writes each batch as one object per partition, each once: the keys name the range of records and are stored before the first write, and an
 * object is only ever created, never replaced.
 *
 * @example
 * ```ts
 * const emitter = s3Emitter({ bucket: "clicks", prefix: "archive", format: ndjson(), compression: gzip() });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3Emitter<Output>(options: S3EmitterOptions<Output>): Emitter<Output, S3Plan> {
  return emitterWith(options);
}

/** What tests take in hand. */
export interface Seams {
  /** Opens the files of `spoolDir`. */
  readonly openFile?: OpenFile;
  /** Smaller pieces than large objects should have. */
  readonly pieceBytes?: PieceBytes;
}

/** An `s3Emitter` whose seams show. */
export function emitterWith<Output>(
  options: S3EmitterOptions<Output>,
  seams: Seams = {},
): Emitter<Output, S3Plan> {
  checkOptions("s3Emitter", options, S3_EMITTER_OPTIONS);
  const settings = emitterSettingsFrom(options);
  const { format, prefix, objectConcurrency } = settings;
  const layout = objectBatching(options, format, prefix);
  const { batching, hasSeveral } = layout;
  const connection = connect(options);
  const { create, look } = objectCreator(connection, settings.object);
  const sizes = new EntrySizes(format, settings.compression, batching.targetBytes ?? batching.minBytes);
  const createWriter = writerFactory({ ...settings, ...seams, ...layout, sizes });
  const written = new WrittenKeys();

  const plan = (batch: Batch<Output>): S3Plan => {
    const keyIn = keysOf(batch, layout, settings);
    const encoded = encodedIn(batch);
    return encoded === undefined
      ? planObjects(batch, layout.partitionOf, keyIn)
      : planEncoded(encoded, keyIn);
  };

  const isWritten = async (range: PlannedRange, context: EmitContext<S3Plan>): Promise<boolean> => {
    using followed = following(context.signal);
    const { signal } = followed;
    const places = context.plan.places.filter(({ recordCount }) => recordCount > 0);
    let isMissing = false;
    await forEachConcurrently(places, objectConcurrency, async ({ key }) => {
      if (isMissing) return;
      if ((await look(key, range.batchId, { ...context, signal })) !== "ours") isMissing = true;
    });
    return !isMissing;
  };

  const emit = async (batch: Batch<Output>, given: EmitContext<S3Plan>): Promise<EmitResult<Output>> => {
    // A range without outputs has no object; a next owner whose filter now drops all of a planned range has nothing to write.
    if (given.plan.places.length === 0 || outputCountOf(batch) === 0) return { failed: [] };
    // All objects of the batch listen to one signal of its own.
    using followed = following(given.signal);
    const context = { ...given, signal: followed.signal };
    const done = written.of(context.plan);
    await using ready = await readyObjects(batch, context, done, { ...settings, ...seams });
    // Nothing is written yet, so the engine can plan the rest anew, without them.
    if (ready.refused.length > 0) return { failed: inOrderOf(batch.entries, ready.refused) };
    await forEachConcurrently(ready.objects, objectConcurrency, async (object) => {
      context.signal.throwIfAborted();
      await write(object, batch, context);
      done.add(object.planned.key);
    });
    return { failed: [] };
  };

  const write = async (
    object: ReadyObject<Output>,
    batch: Batch<Output>,
    context: EmitContext<S3Plan>,
  ): Promise<void> => {
    const body = await object.body();
    const metadata = metadataOf(batch, object, settings.metadata);
    // The recorded key, whatever prefix and extension are configured here now.
    await create({ key: object.planned.key, body, batchId: batch.batchId, metadata }, context);
    if (layout.estimates && object.entries.length > 0) sizes.learn(object.entries, body.length);
  };

  return {
    capabilities: { duplicates: "none", ordering: hasSeveral ? "none" : "shard" },
    destination: "s3",
    batching,
    ...sizeOf(layout, sizes, format),
    ...(createWriter === undefined ? {} : { createWriter }),
    plan,
    ...(hasSeveral ? severalObjects(connection, settings) : {}),
    isWritten,
    emit,
    wouldDouble: (again, context) => batchesOfOthers(connection, settings, again, context),
    open: (context) => lookBeforeStart(connection, settings, context),
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** What a batch of several objects has beside its plan. */
function severalObjects(
  connection: S3Connection,
  { object, prefix }: Pick<EmitterSettings<unknown>, "object" | "prefix">,
): Pick<Emitter<unknown, S3Plan>, "objectCount" | "spill" | "planWithout"> {
  return {
    objectCount: ({ places }) => places.length,
    planWithout,
    spill: planSpill(connection, object, prefix),
  };
}

/** How the buffer counts an output: by what it will be in the bucket, by what the format says, or by the engine's own count. */
function sizeOf<Output>(
  { estimates }: ObjectBatching<Output>,
  sizes: EntrySizes<Output>,
  format: Format<Output>,
): Pick<Emitter<Output>, "sizeOf"> {
  if (estimates) return { sizeOf: (output, record) => sizes.estimated(output, record) };
  return format.sizeOf === undefined ? {} : { sizeOf: format.sizeOf };
}

/** The keys that earlier attempts of this process have written for a plan: a batch of many objects is not looked at all over again. */
class WrittenKeys {
  readonly #written = new WeakMap<S3Plan, Set<string>>();

  of(plan: S3Plan): Set<string> {
    const done = this.#written.get(plan) ?? new Set<string>();
    this.#written.set(plan, done);
    return done;
  }
}

/** The refused entries as they come in the batch: they were found object by object. */
function inOrderOf<Output>(
  entries: readonly BufferEntry<Output>[],
  refused: readonly FailedEntry<Output>[],
): readonly FailedEntry<Output>[] {
  const byEntry = new Map(refused.map((failed) => [failed.entry, failed]));
  return entries.flatMap((entry) => byEntry.get(entry) ?? []);
}
