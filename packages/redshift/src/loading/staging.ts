import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  asError,
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import {
  type Compression,
  ObjectWriter,
  rangeNameOf,
  raw,
  s3Emitter,
  type S3ObjectOptions,
  type S3Plan,
} from "@kinesis-connectors/s3";
import type { RedshiftFormat, RowContext } from "../formats/formats.js";
import { idOf } from "./loader.js";
import { MAX_OBJECTS_PER_BATCH, MAX_ROW_BYTES } from "../limits.js";

const LINE_FEED = 0x0a;
/** So much is encoded in one turn of the event loop: other shards and the lease renewal get theirs in between. */
const BYTES_PER_TURN = 2 * 1024 * 1024;

interface Encoded<Output> {
  readonly bytes: Uint8Array;
  readonly refused: readonly FailedEntry<Output>[];
}

/** Some rows of a batch, as one staged object. */
export interface StagedPart<Output> {
  readonly entries: readonly BufferEntry<Output>[];
  /** The number of its first row in the batch, from 0. */
  readonly firstRow: number;
}

/** Writes rows and manifests to the staging bucket, each object once under a name of its own. */
export interface Staging<Output> {
  /** Cuts a batch into objects of about `maxObjectBytes`, never within the outputs of one record. */
  readonly split: (batch: Batch<Output>) => readonly StagedPart<Output>[];
  /** Writes a part; returns its URL, or the rows that the format refused, and then nothing was written. */
  readonly write: (
    batch: Batch<Output>,
    part: StagedPart<Output>,
    context: EmitContext<unknown>,
  ) => Promise<{ readonly url: string } | { readonly refused: readonly FailedEntry<Output>[] }>;
  /** How many lines a row takes in an object; 0 for a row that the format refuses. */
  readonly linesOf: (entry: BufferEntry<Output>) => number;
  readonly open: NonNullable<Emitter<unknown>["open"]>;
  readonly close: () => Promise<void>;
}

/** Options of staging that its emitter has checked. */
export interface StagingSettings<Output> {
  readonly objects: Omit<S3ObjectOptions, "compression">;
  readonly compression: Compression;
  readonly format: RedshiftFormat<Output>;
  readonly columns: readonly string[];
  readonly isNumbered: boolean;
  readonly maxObjectBytes: number;
}

export function createStaging<Output>(settings: StagingSettings<Output>): Staging<Output> {
  const { objects, compression, format, columns, isNumbered, maxObjectBytes } = settings;
  const rowContext = (rowNumber: number): RowContext => ({
    columns,
    rowNumber: isNumbered ? rowNumber : undefined,
  });
  const files = s3Emitter<Uint8Array>({
    ...objects,
    compression,
    format: raw({ separator: "", extension: format.extension, contentType: format.contentType }),
    key: keyOf,
  });

  const encode = async (part: StagedPart<Output>, signal: AbortSignal): Promise<Encoded<Output>> => {
    const writer = new ObjectWriter();
    const refused: FailedEntry<Output>[] = [];
    let yieldedAt = 0;
    for (const [index, entry] of part.entries.entries()) {
      const start = writer.length;
      try {
        format.write(entry.output, writer, rowContext(part.firstRow + index));
        requireRowSize(writer.length - start);
      } catch (error) {
        writer.truncate(start);
        refused.push({ entry, action: "dead-letter", error: asError(error) });
      }
      if (writer.length - yieldedAt >= BYTES_PER_TURN) {
        yieldedAt = writer.length;
        await nextTurn();
        signal.throwIfAborted();
      }
    }
    return { bytes: writer.bytes(), refused };
  };

  return {
    split: (batch) => splitRows(batch, maxObjectBytes),
    write: async (batch, part, context) => {
      const { bytes, refused } = await encode(part, context.signal);
      if (refused.length > 0) return { refused };
      // The name stands for the bytes: whoever finishes the batch with another transformer or other options writes another object, and loads that one.
      const content = createHash("sha256").update(bytes).digest("hex");
      return { url: await writeFile(files, objects.bucket, rangeOf(batch, part), bytes, content, context) };
    },
    linesOf: ({ output }) => {
      const writer = new ObjectWriter();
      try {
        format.write(output, writer, rowContext(0));
      } catch {
        // Such a row was refused before: it is in no object.
        return 0;
      }
      let lines = 0;
      for (const byte of writer.bytes()) if (byte === LINE_FEED) lines += 1;
      return lines;
    },
    open: (context) => files.open?.(context) ?? Promise.resolve(),
    close: () => files.close?.() ?? Promise.resolve(),
  };
}

/** Writes manifests: the list of objects that one COPY loads (developer guide, "Using a manifest to specify data files"). */
export interface ManifestWriter {
  /** Writes the manifest of these objects and returns its URL. The same list has the same name, so writing it again does nothing. */
  readonly write: (
    range: Batch<unknown>,
    urls: readonly string[],
    context: EmitContext<unknown>,
  ) => Promise<string>;
  readonly open: NonNullable<Emitter<unknown>["open"]>;
  readonly close: () => Promise<void>;
}

export function createManifestWriter(objects: Omit<S3ObjectOptions, "compression">): ManifestWriter {
  const manifests = s3Emitter<Uint8Array>({
    ...objects,
    format: raw({ separator: "", extension: ".manifest", contentType: "application/json" }),
    key: keyOf,
  });
  return {
    write: (range, urls, context) => {
      // Mandatory: a COPY without one of the objects would load less than the ledger says.
      const text = JSON.stringify({ entries: urls.map((url) => ({ url, mandatory: true })) });
      return writeFile(manifests, objects.bucket, range, Buffer.from(text), idOf(text), context);
    },
    open: (context) => manifests.open?.(context) ?? Promise.resolve(),
    close: () => manifests.close?.() ?? Promise.resolve(),
  };
}

/** Writes bytes as one object whose name says the range they come from and what they are; the same bytes are written once. */
async function writeFile(
  files: Emitter<Uint8Array, S3Plan>,
  bucket: string,
  range: Batch<unknown>,
  bytes: Uint8Array,
  content: string,
  context: EmitContext<unknown>,
): Promise<string> {
  const [any] = range.entries;
  const record = any?.record ?? { ...range.last, data: bytes, partitionKey: range.shardId, arrivalTimeMs: 0 };
  const file: Batch<Uint8Array> = {
    ...range,
    batchId: idOf(range.batchId, content),
    entries: [{ output: bytes, record, bytes: bytes.length }],
    bytes: bytes.length,
  };
  const plan = files.plan?.(file);
  const [planned] = plan?.places ?? [];
  if (plan === undefined || planned === undefined) throw new Error("a staged object has no key");
  const { failed } = await files.emit(file, { ...context, plan });
  if (failed[0] !== undefined) throw failed[0].error;
  return urlOf(bucket, planned.key);
}

/** `s3://bucket/key`. */
export function urlOf(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** `<shardId>/<first>-<last>-<id>`: the id stands for exactly these bytes, so that rows that are staged anew without some get a name of their own. */
function keyOf(batch: Batch<unknown>): string {
  return `${batch.shardId}/${rangeNameOf(batch)}-${batch.batchId.slice(0, 16)}`;
}

/** The range of a part within its batch. */
function rangeOf<Output>(batch: Batch<Output>, { entries }: StagedPart<Output>): Batch<Output> {
  const first = entries[0]?.record ?? batch.first;
  const last = entries.at(-1)?.record ?? batch.last;
  return {
    ...batch,
    first: { sequenceNumber: first.sequenceNumber, subSequenceNumber: first.subSequenceNumber },
    last: { sequenceNumber: last.sequenceNumber, subSequenceNumber: last.subSequenceNumber },
    recordCount: new Set(entries.map(({ record }) => record)).size,
    entries,
  };
}

/** Cuts where an object has become large enough, between the outputs of two records. */
function splitRows<Output>(
  { entries, bytes }: Pick<Batch<Output>, "entries" | "bytes">,
  maxObjectBytes: number,
): readonly StagedPart<Output>[] {
  const target = Math.max(maxObjectBytes, Math.ceil(bytes / (MAX_OBJECTS_PER_BATCH / 2)));
  const parts: StagedPart<Output>[] = [];
  let start = 0;
  let size = 0;
  entries.forEach((entry, index) => {
    const isSameRecord = index > 0 && entries[index - 1]?.record === entry.record;
    if (
      index > start &&
      size + entry.bytes > target &&
      !isSameRecord &&
      parts.length < MAX_OBJECTS_PER_BATCH - 1
    ) {
      parts.push({ entries: entries.slice(start, index), firstRow: start });
      start = index;
      size = 0;
    }
    size += entry.bytes;
  });
  if (start < entries.length) parts.push({ entries: entries.slice(start), firstRow: start });
  return parts;
}

function requireRowSize(bytes: number): void {
  if (bytes <= MAX_ROW_BYTES) return;
  throw new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the row has ${bytes} bytes, but COPY reads ${MAX_ROW_BYTES} at most`,
  );
}
