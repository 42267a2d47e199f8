import { HeadBucketCommand } from "@aws-sdk/client-s3";
import {
  asError,
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  nonEmptyText,
  outputCountOf,
  systemClock,
  systemRandom,
  wholeNumber,
  checkOptions,
  errorFields,
} from "@kinesis-connectors/core";
import { fileShelf, type OpenFile } from "./objects/body.js";
import { none } from "./compression/compression.js";
import { following, limited } from "@kinesis-connectors/aws";
import { connect } from "./connection.js";
import { objectCreator } from "./objects/create-object.js";
import { EntrySizes } from "./encoding/entry-sizes.js";
import { cureAtOpen, refusal, statusOf } from "./failures.js";
import { ObjectGathering, type PieceBytes } from "./encoding/gather.js";
import { memoryGatherShelf, spoolingShelf } from "./encoding/gather-shelf.js";
import { gatheredIn } from "./encoding/gathered-objects.js";
import { inLanes, Lanes } from "./lanes.js";
import { objectBatching } from "./plan/object-batching.js";
import { checkedMetadata, metadataOf } from "./objects/object-metadata.js";
import { S3_EMITTER_OPTIONS, type S3EmitterOptions } from "./options.js";
import { objectsOf, planGathered, planObjects, planWithout } from "./plan/plan.js";
import { planSpill } from "./plan/plan-spill.js";
import { gatheredObjects, packObjects, type ReadyObject } from "./encoding/ready-objects.js";
import {
  checkedPrefix,
  defaultNameOf,
  objectKey,
  ownNameOf,
  type S3Plan,
  shardRangeNameOf,
} from "./requests.js";
import { settingsFrom } from "./settings.js";
import { SizeEstimate } from "./encoding/size-estimate.js";

/**
 * Pieces that are compressed at a time, of all shards. More than the thread pool has threads: it should not run dry while the event loop scans a page of
 * up to 10 MiB. Each takes about a MiB beside its bytes.
 */
const PIECE_LANES = 16;

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
  { openFile, pieceBytes }: Seams = {},
): Emitter<Output, S3Plan> {
  checkOptions("s3Emitter", options, S3_EMITTER_OPTIONS);
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
  const { bucket } = settings;
  const targetBytes = batching.targetBytes ?? batching.minBytes;
  const packing = { format, compression, spoolDir, openFile };
  // Of gathered outputs the bytes themselves are counted, and of entries what is known of them.
  const entrySizes = new EntrySizes(format, compression, targetBytes);
  const lanes = new Lanes(PIECE_LANES);
  const estimate = new SizeEstimate(targetBytes);
  // What has been written for a plan by earlier attempts of this process: a batch of many objects is not looked at all over again.
  const written = new WeakMap<S3Plan, Set<string>>();

  /** With a key of the user's own the whole batch is wanted when it is named, and with a whole-object format when it is encoded. */
  const gather: Emitter<Output>["gather"] =
    format.write === undefined || key !== undefined
      ? undefined
      : ({ stream, shardId, random, logger }) => {
          const onFull = (error: unknown): void => {
            const meanwhile =
              "the spool took no more; what it should hold waits in memory until the batch is due";
            logger.warn({ stream, shardId, ...errorFields(asError(error)) }, meanwhile);
          };
          return new ObjectGathering<Output>({
            format,
            compression,
            hasSeveral,
            lanes,
            estimate,
            countedBytes: estimates ? undefined : (output, record) => entrySizes.counted(output, record),
            createShelf: () =>
              spoolDir === undefined
                ? memoryGatherShelf()
                : spoolingShelf(() => fileShelf(spoolDir, `${random.uuid()}.spool`, openFile), onFull),
            ...(pieceBytes === undefined ? {} : { pieceBytes }),
          });
        };

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

  const write = async (
    object: ReadyObject<Output>,
    batch: Batch<Output>,
    context: EmitContext<S3Plan>,
  ): Promise<void> => {
    const { batchId } = batch;
    const metadata = metadataOf(batch, object, ownMetadata);
    const body = await object.body();
    // The recorded key, whatever prefix and extension are configured here now.
    await create({ key: object.place.key, body, batchId, metadata }, context);
    if (estimates && object.entries.length > 0) entrySizes.learn(object.entries, body.length);
  };

  return {
    capabilities: { duplicates: "none", ordering: hasSeveral ? "none" : "shard" },
    ...(estimates
      ? { sizeOf: (output, record) => entrySizes.estimated(output, record) }
      : format.sizeOf === undefined
        ? {}
        : { sizeOf: format.sizeOf }),
    batching,

    ...(gather === undefined ? {} : { gather }),

    plan: (batch) => {
      const counts = new Map<string, number>();
      const keyIn = (partition: string): string => {
        const folder = folderOf(partition);
        const nth = (counts.get(folder) ?? 0) + 1;
        counts.set(folder, nth);
        return keyOf(batch, folder, nth);
      };
      const gathered = gatheredIn(batch);
      return gathered === undefined ? planObjects(batch, partitionOf, keyIn) : planGathered(gathered, keyIn);
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
      const { plan, random, inherited } = context;
      // A range without outputs has no place; an heir whose filter now drops all of a planned range has nothing to write.
      if (plan.places.length === 0 || outputCountOf(batch) === 0) return { failed: [] };
      const done = written.get(plan) ?? new Set<string>();
      written.set(plan, done);
      const isDone = (placed: string): boolean => done.has(placed);
      // All objects of the batch listen to one signal of its own.
      using followed = following(context.signal);
      const { signal } = followed;
      const gathered = gatheredIn(batch);
      await using ready =
        gathered === undefined
          ? await packObjects(
              packing,
              objectsOf(plan, batch).filter(({ place }) => !isDone(place.key)),
              { inherited, signal, name: () => `${batch.batchId}-${random.uuid()}.spool` },
            )
          : await gatheredObjects<Output>(gathered, plan, isDone, signal);
      const { objects, refused } = ready;
      // Nothing is written yet, so the engine can plan the rest anew, without them.
      if (refused.length > 0) return { failed: inOrderOf(batch.entries, refused) };
      await inLanes(objects, objectConcurrency, async (object) => {
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
