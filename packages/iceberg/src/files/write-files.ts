import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  type FailedEntry,
  KinesisConnectorError,
} from "@kinesis-connectors/core";
import { Misfit, type StructType, type WriteTableFile } from "@kinesis-connectors/parquet/tables";
import { rangeNameOf } from "@kinesis-connectors/s3";
import type { ObjectStore } from "@kinesis-connectors/s3/objects";
import type { CatalogContext } from "../catalog/catalog.js";
import type { TableMetadata } from "../catalog/metadata.js";
import type { Value } from "../columns/values.js";
import { FILE_CONCURRENCY } from "../limits.js";
import type { PartitionField, PartitionOf } from "../partitions/partition-fields.js";
import { type DataFile, metricsOf, partitionTexts } from "./data-file.js";
import { inTurn } from "./in-turn.js";
import { dataLocation, placeOf } from "./locations.js";

/** https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
const PARQUET = "application/vnd.apache.parquet";

/** How the rows of a batch become files of a table as it is now. */
export interface FileShape {
  readonly metadata: TableMetadata;
  readonly columns: StructType;
  /** The types of all columns of the table, by id. */
  readonly types: ReadonlyMap<number, string>;
  readonly specId: number;
  readonly fields: readonly PartitionField[];
  readonly partitionOf: PartitionOf;
}

/** Where files are written and with what. */
export interface FileTools {
  readonly encode: WriteTableFile;
  readonly objects: ObjectStore;
}

/** The files of a batch, or the entries that do not fit the table; then some files may have been written, which no table knows. */
export type WrittenFiles<Output> =
  | { readonly files: readonly DataFile[] }
  | { readonly refused: readonly FailedEntry<Output>[] };

interface Part<Output> {
  readonly values: readonly (Value | null)[];
  readonly entries: BufferEntry<Output>[];
}

/** Writes entries as one file for each partition. The names stand for the bytes: whoever writes a batch with other rows writes other files. */
export async function writeFiles<Output>(
  batch: Batch<Output>,
  entries: readonly BufferEntry<Output>[],
  shape: FileShape,
  { encode, objects }: FileTools,
  context: CatalogContext,
): Promise<WrittenFiles<Output>> {
  const refused: FailedEntry<Output>[] = [];
  const parts = partsOf(entries, shape, refused);
  const files: DataFile[] = [];
  // A few files at a time are encoded and on their way; one is encoded after the other all the same, in one thread.
  await inTurn([...[...parts.values()].entries()], FILE_CONCURRENCY, async ([nth, part]) => {
    const outputs = part.entries.map(({ output }) => output);
    const encoded = await encode(shape.columns, outputs, context.signal);
    if ("refused" in encoded) {
      for (const { index, error } of encoded.refused) {
        const entry = part.entries[index];
        if (entry !== undefined) refused.push({ entry, action: "dead-letter", error });
      }
      return;
    }
    if (refused.length > 0) return;
    const path = `${dataLocation(shape.metadata)}/${nameOf(batch, nth, encoded.bytes)}`;
    await objects.write(placeOf(path), encoded.bytes, PARQUET, context);
    files[nth] = {
      v: 1,
      path,
      bytes: encoded.bytes.length,
      rows: encoded.rowCount,
      tableUuid: shape.metadata["table-uuid"],
      specId: shape.specId,
      partition: partitionTexts(part.values, shape.fields),
      splitOffsets: encoded.splitOffsets,
      columns: metricsOf(encoded.leaves, shape.types),
    };
  });
  if (refused.length === 0) return { files };
  const byEntry = new Map(refused.map((failed) => [failed.entry, failed]));
  return { refused: entries.flatMap((entry) => byEntry.get(entry) ?? []) };
}

/** The entries of each partition, in the order of the batch. */
function partsOf<Output>(
  entries: readonly BufferEntry<Output>[],
  { fields, partitionOf }: FileShape,
  refused: FailedEntry<Output>[],
): ReadonlyMap<string, Part<Output>> {
  if (fields.length === 0) return new Map([["", { values: [], entries: [...entries] }]]);
  const parts = new Map<string, Part<Output>>();
  for (const entry of entries) {
    const values = partitionOf(entry.output);
    if (values instanceof Misfit) {
      const error = new KinesisConnectorError(
        "KC_RECORD_POISON",
        `the record does not fit the columns of the table: ${values.path} ${values.reason}`,
      );
      refused.push({ entry, action: "dead-letter", error });
      continue;
    }
    const key = JSON.stringify(partitionTexts(values, fields));
    const part = parts.get(key);
    if (part === undefined) parts.set(key, { values, entries: [entry] });
    else part.entries.push(entry);
  }
  return parts;
}

/** `kc/<shard>/<first>-<last>-<batch>-<n>-<content>.parquet`. */
function nameOf(batch: Batch<unknown>, nth: number, bytes: Uint8Array): string {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return `kc/${batch.shardId}/${rangeNameOf(batch)}-${batch.batchId.slice(0, 8)}-${nth}-${digest}.parquet`;
}
