import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import {
  type Compression,
  type Format,
  ObjectWriter,
  rangeNameOf,
  raw,
  s3Emitter,
  type S3ObjectOptions,
} from "@kinesis-connectors/s3";
import type { RedshiftFormat } from "./formats.js";
import { idOf } from "./loader.js";
import { MAX_OBJECTS_PER_BATCH, MAX_ROW_BYTES } from "./limits.js";

const LINE_FEED = 0x0a;

/** A row with its number in the batch. */
interface NumberedRow<Output> {
  readonly output: Output;
  readonly rowNumber: number;
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
  // Who finishes a batch with other options must not take objects of another layout for its own.
  const layout = JSON.stringify([format.copy, columns, isNumbered, compression.extension]);
  const rows = s3Emitter<NumberedRow<Output>>({
    ...objects,
    compression,
    format: rowFormat(format, columns, isNumbered),
    key: keyOf,
  });

  const partBatch = (batch: Batch<Output>, part: StagedPart<Output>): Batch<NumberedRow<Output>> => {
    const entries = part.entries.map((entry, index) => ({
      ...entry,
      output: { output: entry.output, rowNumber: part.firstRow + index },
    }));
    return {
      ...rangeOf(batch, part, layout),
      entries,
      bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    };
  };

  return {
    split: (batch) => splitRows(batch, maxObjectBytes),
    write: async (batch, part, context) => {
      const staged = partBatch(batch, part);
      const plan = rows.plan?.(staged);
      const [place] = plan?.places ?? [];
      if (plan === undefined || place === undefined) throw new Error("a staged object has no place");
      const { failed } = await rows.emit(staged, { ...context, plan });
      if (failed.length === 0) return { url: urlOf(objects.bucket, place.key) };
      // The entries that failed are ours with a number on; the engine wants back the ones it gave.
      const given = new Map(staged.entries.map((entry, index) => [entry, part.entries[index]]));
      const refused = failed.flatMap(({ entry, action, error }) => {
        const own = given.get(entry);
        return own === undefined ? [] : [{ entry: own, action, error }];
      });
      return { refused };
    },
    linesOf: ({ output }) => {
      const writer = new ObjectWriter();
      try {
        format.write(output, writer, { columns, rowNumber: isNumbered ? 0 : undefined });
      } catch {
        // Such a row was refused before: it is in no object.
        return 0;
      }
      let lines = 0;
      for (const byte of writer.bytes()) if (byte === LINE_FEED) lines += 1;
      return lines;
    },
    open: (context) => rows.open?.(context) ?? Promise.resolve(),
    close: () => rows.close?.() ?? Promise.resolve(),
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
  const manifests = s3Emitter<string>({
    ...objects,
    format: raw({ separator: "", extension: ".manifest", contentType: "application/json" }),
    key: keyOf,
  });
  return {
    write: async (range, urls, context) => {
      // Mandatory: a COPY without one of the objects would load less than the ledger says.
      const text = JSON.stringify({ entries: urls.map((url) => ({ url, mandatory: true })) });
      const [any] = range.entries;
      const bytes = Buffer.byteLength(text);
      const batchId = idOf(range.batchId, ...urls);
      const record = any?.record ?? {
        ...range.last,
        data: new Uint8Array(0),
        partitionKey: "manifest",
        arrivalTimeMs: 0,
      };
      const batch: Batch<string> = { ...range, batchId, entries: [{ output: text, record, bytes }], bytes };
      const plan = manifests.plan?.(batch);
      const [place] = plan?.places ?? [];
      if (plan === undefined || place === undefined) throw new Error("a manifest has no place");
      const { failed } = await manifests.emit(batch, { ...context, plan });
      if (failed[0] !== undefined) throw failed[0].error;
      return urlOf(objects.bucket, place.key);
    },
    open: (context) => manifests.open?.(context) ?? Promise.resolve(),
    close: () => manifests.close?.() ?? Promise.resolve(),
  };
}

/** `s3://bucket/key`. */
export function urlOf(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** `<shardId>/<first>-<last>-<id>`: the id stands for exactly these rows, so that rows that are staged anew without some get a name of their own. */
function keyOf(batch: Batch<unknown>): string {
  return `${batch.shardId}/${rangeNameOf(batch)}-${batch.batchId.slice(0, 16)}`;
}

/** The range of a part within its batch, with an id that stands for exactly its rows. */
function rangeOf<Output>(
  batch: Batch<Output>,
  { entries, firstRow }: StagedPart<Output>,
  layout: string,
): Batch<Output> {
  const first = entries[0]?.record ?? batch.first;
  const last = entries.at(-1)?.record ?? batch.last;
  const positions = entries.map(({ record }) => `${record.sequenceNumber}.${record.subSequenceNumber}`);
  return {
    ...batch,
    batchId: idOf(batch.batchId, layout, String(firstRow), ...positions),
    first: { sequenceNumber: first.sequenceNumber, subSequenceNumber: first.subSequenceNumber },
    last: { sequenceNumber: last.sequenceNumber, subSequenceNumber: last.subSequenceNumber },
    recordCount: new Set(entries.map(({ record }) => record)).size,
  };
}

/** Cuts where an object has become large enough, between the outputs of two records. */
export function splitRows<Output>(
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

function rowFormat<Output>(
  format: RedshiftFormat<Output>,
  columns: readonly string[],
  isNumbered: boolean,
): Format<NumberedRow<Output>> {
  return {
    extension: format.extension,
    contentType: format.contentType,
    write: ({ output, rowNumber }, object) => {
      const start = object.length;
      format.write(output, object, { columns, rowNumber: isNumbered ? rowNumber : undefined });
      if (object.length - start > MAX_ROW_BYTES) {
        throw new KinesisConnectorError(
          "KC_RECORD_POISON",
          `the row has ${object.length - start} bytes, but COPY reads ${MAX_ROW_BYTES} at most`,
        );
      }
    },
  };
}
