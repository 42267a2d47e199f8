import { HeadBucketCommand } from "@aws-sdk/client-s3";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  nonEmptyText,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import { type Body, fileShelf, memoryShelf, type Shelf } from "./body.js";
import { none } from "./compression.js";
import { following, limited } from "@kinesis-connectors/aws";
import { connect } from "./connection.js";
import { objectCreator } from "./create-object.js";
import { encode } from "./encode.js";
import { cureAtOpen, refusal, statusOf } from "./failures.js";
import { inLanes } from "./lanes.js";
import { objectBatching } from "./object-batching.js";
import { checkedMetadata, metadataOf } from "./object-metadata.js";
import type { S3EmitterOptions } from "./options.js";
import { objectsOf, type PlannedObject, planObjects, planWithout } from "./plan.js";
import { planSpill } from "./plan-spill.js";
import {
  checkedPrefix,
  defaultNameOf,
  idsSha256Of,
  objectKey,
  ownNameOf,
  type S3Plan,
  shardRangeNameOf,
} from "./requests.js";
import { settingsFrom } from "./settings.js";
import { SizeEstimate } from "./size-estimate.js";

/** Objects of a batch that are compressed at a time: Node's thread pool has four threads. */
const PACKING_LANES = 4;

/** A planned object, encoded and ready to go. */
interface PackedObject<Output> extends PlannedObject<Output> {
  readonly body: Body;
}

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
  const { format, key, compression = none(), spoolDir } = options;
  requireFormat(options);
  if (spoolDir !== undefined) nonEmptyText("spoolDir", spoolDir);
  const objectConcurrency = wholeNumber("objectConcurrency", options.objectConcurrency ?? 16, {
    min: 1,
    max: 1000,
  });
  const settings = settingsFrom(options, format.contentType, compression.contentEncoding);
  const prefix = checkedPrefix(options.prefix ?? "");
  const ownMetadata = checkedMetadata(options.metadata);
  const extension = `${format.extension}${compression.extension}`;
  const { batching, partitionOf, folderOf, hasSeveral, estimates } = objectBatching(options, format, prefix);
  const connection = connect(options);
  const { create, look } = objectCreator(connection, settings);
  const estimate = new SizeEstimate();
  const { bucket } = settings;
  // What has been written for a plan by earlier attempts of this process: a batch of many objects is not looked at all over again.
  const written = new WeakMap<S3Plan, Set<string>>();

  const countedBytes = ({ output, record }: Pick<BufferEntry<Output>, "output" | "record">): number =>
    format.sizeOf?.(output) ?? record.data.length;

  /** The key of a batch's n-th object in a folder: several only where the format keeps groups apart. */
  const keyOf = (batch: Batch<Output>, folder: string, nth: number): string => {
    const suffix = nth === 1 ? "" : `_${nth}`;
    const name =
      options.partition === undefined
        ? key === undefined
          ? defaultNameOf(batch)
          : ownNameOf(batch, key)
        : `${folder}/${shardRangeNameOf(batch)}`;
    return objectKey(prefix, `${name}${suffix}`, extension);
  };

  /** Encodes all objects before the first one is written, because an entry that its format refuses must leave nothing in the bucket. */
  const pack = async (
    objects: readonly PlannedObject<Output>[],
    shelf: Shelf,
    signal: AbortSignal,
  ): Promise<{ packed: readonly PackedObject<Output>[]; refused: readonly FailedEntry<Output>[] }> => {
    const packed: PackedObject<Output>[] = [];
    const refused: FailedEntry<Output>[] = [];
    await inLanes(objects, spoolDir === undefined ? PACKING_LANES : 1, async (object) => {
      const encoded = await encode(object.entries, format, signal);
      refused.push(...encoded.refused);
      // The rest is looked through for more to refuse; none of it will be written as it is.
      if (refused.length > 0) return;
      packed.push({ ...object, body: await shelf.keep(await compression.compress(encoded.bytes)) });
      signal.throwIfAborted();
    });
    return { packed, refused };
  };

  const write = async (
    { place, entries, body }: PackedObject<Output>,
    batch: Batch<Output>,
    context: EmitContext<S3Plan>,
  ): Promise<void> => {
    const { batchId } = batch;
    // An heir may have transformed the records otherwise: the object tells what it holds, not what was planned elsewhere.
    const idsSha256 = context.inherited ? idsSha256Of(entries) : place.idsSha256;
    const metadata = metadataOf({ ...batch, entries }, idsSha256, ownMetadata);
    // The recorded key, whatever prefix and extension are configured here now.
    await create({ key: place.key, body, batchId, metadata }, context);
    if (estimates) estimate.learn(sumOf(entries, countedBytes), body.length);
  };

  return {
    capabilities: { duplicates: "none", ordering: hasSeveral ? "none" : "shard" },
    ...(estimates
      ? { sizeOf: (output, record) => estimate.of(countedBytes({ output, record })) }
      : format.sizeOf === undefined
        ? {}
        : { sizeOf: format.sizeOf }),
    batching,

    plan: (batch) => {
      const counts = new Map<string, number>();
      return planObjects(batch, partitionOf, (partition) => {
        const folder = folderOf(partition);
        const nth = (counts.get(folder) ?? 0) + 1;
        counts.set(folder, nth);
        return keyOf(batch, folder, nth);
      });
    },

    ...(hasSeveral
      ? {
          places: ({ places }) => places.length,
          planWithout,
          spill: planSpill(connection, settings, prefix),
        }
      : {}),

    isPlaced: async (range, context) => {
      let isMissing = false;
      using followed = following(context.signal);
      const bounds = { ...context, signal: followed.signal };
      await inLanes(context.plan.places, objectConcurrency, async ({ key: placed, recordCount }) => {
        if (isMissing || recordCount === 0) return;
        if ((await look(placed, range.batchId, bounds)) !== "ours") isMissing = true;
      });
      return !isMissing;
    },

    emit: async (batch, context) => {
      const { plan, random } = context;
      // A range without entries has no place; an heir whose filter now drops all of a planned range has nothing to write.
      if (plan.places.length === 0 || batch.entries.length === 0) return { failed: [] };
      const done = written.get(plan) ?? new Set<string>();
      written.set(plan, done);
      // All objects of the batch listen to one signal of its own.
      using followed = following(context.signal);
      const { signal } = followed;
      const objects = objectsOf(plan, batch).filter(({ place }) => !done.has(place.key));
      await using shelf =
        spoolDir === undefined
          ? memoryShelf()
          : await fileShelf(spoolDir, `${batch.batchId}-${random.uuid()}.spool`);
      const { packed, refused } = await pack(objects, shelf, signal);
      // Nothing is written yet, so the engine can plan the rest anew, without them.
      if (refused.length > 0) return { failed: inOrderOf(batch.entries, refused) };
      await inLanes(packed, objectConcurrency, async (object) => {
        signal.throwIfAborted();
        await write(object, batch, { ...context, signal });
        done.add(object.place.key);
      });
      return { failed: [] };
    },

    open: async ({ signal, logger }) => {
      if (spoolDir !== undefined)
        await (await fileShelf(spoolDir, `probe-${systemRandom.uuid()}.spool`))[Symbol.asyncDispose]();
      try {
        await limited(connection, { signal, clock: systemClock }, (abortSignal) =>
          connection.client.send(
            new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: settings.expectedBucketOwner }),
            { abortSignal },
          ),
        );
      } catch (error) {
        signal.throwIfAborted();
        const cause = cureAtOpen(error);
        if (cause !== undefined) throw refusal(`the bucket "${bucket}" (option bucket)`, cause, error);
        // Looking at a bucket takes a right that writing to it does not: the first write tells.
        logger.debug({ bucket, status: statusOf(error) }, "the bucket could not be looked at; going on");
      }
    },

    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** The refused entries as they come in the batch: they were found object by object. */
function inOrderOf<Output>(
  entries: readonly BufferEntry<Output>[],
  refused: readonly FailedEntry<Output>[],
): readonly FailedEntry<Output>[] {
  const byEntry = new Map(refused.map((failed) => [failed.entry, failed]));
  return entries.flatMap((entry) => byEntry.get(entry) ?? []);
}

function sumOf<Item>(items: readonly Item[], bytesOf: (item: Item) => number): number {
  let bytes = 0;
  for (const item of items) bytes += bytesOf(item);
  return bytes;
}

function requireFormat<Output>({
  format,
  key,
  partition,
  compression = none(),
}: S3EmitterOptions<Output>): void {
  const encodes = typeof format?.write === "function" || typeof format?.encodeObject === "function";
  if (!encodes || typeof format.extension !== "string") {
    throw invalid("format must be ndjson(), delimited(), raw(), lengthPrefixed() or an own Format");
  }
  if (key !== undefined && typeof key !== "function") throw invalid("key must be a function of the batch");
  if (key !== undefined && partition !== undefined)
    throw invalid("key cannot be given beside partition, which names the folders of a key");
  if (typeof compression?.compress !== "function")
    throw invalid("compression must be gzip(), zstd(), none() or an own Compression");
  if (format.encodeObject !== undefined && compression.contentEncoding !== undefined)
    throw invalid(`compression cannot be given for ${format.extension} objects: set it on the format`);
}

function invalid(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message);
}
