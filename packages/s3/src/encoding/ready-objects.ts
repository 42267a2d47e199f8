import type { Batch, BufferEntry, EmitContext, FailedEntry } from "@kinesis-connectors/core";
import { type Body, fileShelf, memoryShelf, type OpenFile, type Shelf } from "../objects/body.js";
import type { Compression } from "../compression/compression.js";
import { encode } from "../formats/encode.js";
import type { Format } from "../formats/format.js";
import { gatheredIn, type GatheredObjects } from "./gathered-objects.js";
import { inLanes } from "../lanes.js";
import { objectsOf, type PlannedObject } from "../plan/plan.js";
import { idsSha256Of, type S3Place, type S3Plan } from "../requests.js";

/** Objects of a batch that are compressed at a time: Node's thread pool has four threads. */
const PACKING_LANES = 4;

/** An object with its place, ready to be written. */
export interface ReadyObject<Output> {
  readonly place: S3Place;
  readonly recordCount: number;
  readonly idsSha256: string;
  readonly body: () => Promise<Body>;
  /** What is in it; empty where it was gathered. */
  readonly entries: readonly BufferEntry<Output>[];
}

/** What has to be written of a batch, or what its format refused: then nothing of it is written. */
export interface ReadyObjects<Output> extends AsyncDisposable {
  readonly objects: readonly ReadyObject<Output>[];
  readonly refused: readonly FailedEntry<Output>[];
}

/** How objects are made of entries. */
export interface PackOptions<Output> {
  readonly format: Format<Output>;
  readonly compression: Compression;
  /** The folder in which they wait for each other; undefined for memory. */
  readonly spoolDir: string | undefined;
  readonly openFile?: OpenFile | undefined;
}

/**
 * The objects of a planned batch that are not written yet: gathered while it filled, or encoded now.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full; `KC_REPLAY_DIFFERS` when the batch has other entries than were planned
 */
export async function readyObjects<Output>(
  batch: Batch<Output>,
  { plan, inherited, signal, random }: EmitContext<S3Plan>,
  done: ReadonlySet<string>,
  packing: PackOptions<Output>,
): Promise<ReadyObjects<Output>> {
  const gathered = gatheredIn(batch);
  if (gathered !== undefined) return await gatheredObjects(gathered, plan, done, signal);
  const missing = objectsOf(plan, batch).filter(({ place }) => !done.has(place.key));
  return await packObjects(packing, missing, {
    inherited,
    signal,
    name: () => `${batch.batchId}-${random.uuid()}.spool`,
  });
}

/** Encodes all objects before the first one is written, because an entry that its format refuses must leave nothing in the bucket. */
async function packObjects<Output>(
  { format, compression, spoolDir, openFile }: PackOptions<Output>,
  planned: readonly PlannedObject<Output>[],
  {
    inherited,
    signal,
    name,
  }: { readonly inherited: boolean; readonly signal: AbortSignal; readonly name: () => string },
): Promise<ReadyObjects<Output>> {
  const shelf: Shelf = spoolDir === undefined ? memoryShelf() : await fileShelf(spoolDir, name(), openFile);
  const objects: ReadyObject<Output>[] = [];
  const refused: FailedEntry<Output>[] = [];
  const ready = { objects, refused, [Symbol.asyncDispose]: () => shelf[Symbol.asyncDispose]() };
  try {
    await inLanes(planned, spoolDir === undefined ? PACKING_LANES : 1, async ({ place, entries }) => {
      const encoded = await encode(entries, format, signal);
      refused.push(...encoded.refused);
      // The rest is looked through for more to refuse; none of it will be written as it is.
      if (refused.length > 0) return;
      const body = await shelf.keep(await compression.compress(encoded.bytes));
      // An heir may have transformed the records otherwise: the object tells what it holds, not what was planned elsewhere.
      const idsSha256 = inherited ? idsSha256Of(entries) : place.idsSha256;
      objects.push({
        place,
        recordCount: entries.length,
        idsSha256,
        entries,
        body: () => Promise.resolve(body),
      });
      signal.throwIfAborted();
    });
    return ready;
  } catch (error) {
    await ready[Symbol.asyncDispose]();
    throw error;
  }
}

/** The objects of a gathered batch in the places that were planned for them. What was gathered stays with its batch. */
async function gatheredObjects<Output>(
  gathered: GatheredObjects,
  plan: S3Plan,
  done: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadyObjects<Output>> {
  if (plan.places.length !== gathered.objects.length)
    throw new Error("the plan is not the one of the gathered batch");
  await gathered.settle(signal);
  const objects = plan.places.flatMap((place, nth): ReadyObject<Output>[] => {
    const object = gathered.objects[nth];
    return object === undefined || done.has(place.key) ? [] : [{ ...object, place, entries: [] }];
  });
  return { objects, refused: [], [Symbol.asyncDispose]: () => Promise.resolve() };
}
