import { setImmediate as nextTurn } from "node:timers/promises";
import type { Batch, BufferEntry, EmitContext, FailedEntry } from "@kinesis-connectors/core";
import { type Body, fileSpool, memorySpool, type OpenFile, type Spool } from "../objects/body.js";
import type { Compression } from "../compression/compression.js";
import { encode } from "../formats/encode.js";
import type { Format } from "../formats/format.js";
import { encodedIn, type EncodedObjects } from "./encoded-objects.js";
import { forEachConcurrently } from "../concurrency.js";
import { objectsOf, type PlannedObject } from "../plan/plan.js";
import { idsSha256Of, type S3PlannedObject, type S3Plan } from "../requests.js";

/** Objects of a batch that are compressed at a time: Node's thread pool has four threads. */
const PACKING_CONCURRENCY = 4;

/** So much is encoded and compressed in one turn of the event loop, some 20 ms: other shards and the lease renewal get theirs in between. */
const BYTES_PER_TURN = 1024 * 1024;
/** Each object has work of its own, however small it is. */
const OBJECT_BYTES = 1024;

/** An object with its key, ready to be written. */
export interface ReadyObject<Output> {
  readonly planned: S3PlannedObject;
  readonly recordCount: number;
  readonly idsSha256: string;
  readonly body: () => Promise<Body>;
  /** Its entries; empty where the batch was encoded. */
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
 * The objects of a planned batch that are not written yet: encoded while it filled, or encoded now.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full; `KC_REPLAY_DIFFERS` when the batch has other entries than were planned
 */
export async function readyObjects<Output>(
  batch: Batch<Output>,
  { plan, inherited, signal, random }: EmitContext<S3Plan>,
  done: ReadonlySet<string>,
  packing: PackOptions<Output>,
): Promise<ReadyObjects<Output>> {
  const encoded = encodedIn(batch);
  if (encoded !== undefined) return await encodedObjects(encoded, plan, done, signal);
  const missing = objectsOf(plan, batch).filter(({ planned }) => !done.has(planned.key));
  return await packObjects(packing, missing, {
    inherited,
    signal,
    name: () => `${batch.batchId}-${random.uuid()}.spool`,
  });
}

/** Encodes all objects before the first one is written, because an entry that its format refuses must leave nothing in the bucket. */
async function packObjects<Output>(
  { format, compression, spoolDir, openFile }: PackOptions<Output>,
  missing: readonly PlannedObject<Output>[],
  {
    inherited,
    signal,
    name,
  }: { readonly inherited: boolean; readonly signal: AbortSignal; readonly name: () => string },
): Promise<ReadyObjects<Output>> {
  const spool: Spool = spoolDir === undefined ? memorySpool() : await fileSpool(spoolDir, name(), openFile);
  const objects: ReadyObject<Output>[] = [];
  const refused: FailedEntry<Output>[] = [];
  let turnBytes = 0;
  // All of them wait for it: small objects are compressed at once, and wait for nothing else.
  let turn: Promise<void> | undefined;
  const ready = { objects, refused, [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose]() };
  try {
    await forEachConcurrently(
      missing,
      spoolDir === undefined ? PACKING_CONCURRENCY : 1,
      async ({ planned, entries }) => {
        if (turn !== undefined) await turn;
        const encoded = await encode(entries, format, signal);
        turnBytes += OBJECT_BYTES + encoded.bytes.length;
        if (turnBytes >= BYTES_PER_TURN) {
          turnBytes = 0;
          turn = nextTurn();
        }
        refused.push(...encoded.refused);
        // The rest is looked through for more to refuse; none of it will be written as it is.
        if (refused.length > 0) return;
        const body = await spool.keep(await compression.compress(encoded.bytes));
        // The next owner may have transformed the records otherwise: the object tells what it holds, not what was planned elsewhere.
        const idsSha256 = inherited ? idsSha256Of(entries) : planned.idsSha256;
        objects.push({
          planned,
          recordCount: entries.length,
          idsSha256,
          entries,
          body: () => Promise.resolve(body),
        });
        signal.throwIfAborted();
      },
    );
    return ready;
  } catch (error) {
    await ready[Symbol.asyncDispose]();
    throw error;
  }
}

/** The objects of an encoded batch as they were planned. What was encoded stays with its batch. */
async function encodedObjects<Output>(
  encoded: EncodedObjects,
  plan: S3Plan,
  done: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadyObjects<Output>> {
  if (plan.places.length !== encoded.objects.length)
    throw new Error("the plan is not the one of the encoded batch");
  await encoded.settle(signal);
  const objects = plan.places.flatMap((planned, nth): ReadyObject<Output>[] => {
    const object = encoded.objects[nth];
    return object === undefined || done.has(planned.key) ? [] : [{ ...object, planned, entries: [] }];
  });
  return { objects, refused: [], [Symbol.asyncDispose]: () => Promise.resolve() };
}
