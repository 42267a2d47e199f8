import { createHash } from "node:crypto";
import { comparePositions, type PlannedRange, type Position } from "@kinesis-connectors/core";
import type { CatalogContext } from "../catalog/catalog.js";
import type { TableMetadata } from "../catalog/metadata.js";
import { isBytesOf } from "../columns/values.js";
import { typesEver } from "../columns/table-columns.js";
import { isKnownSpec, manifestContext } from "../manifests/manifest-store.js";
import type { PartitionField } from "../partitions/partition-fields.js";
import { dataLocation, metadataLocation, placeOf } from "./locations.js";
import type { DataFile } from "./data-file.js";
import type { ObjectStore } from "@kinesis-connectors/s3/objects";

/** The files of a batch, as the first stage tells the second one of them. */
export interface Announcement {
  readonly owner: Pick<PlannedRange, "application" | "stream" | "shardId">;
  readonly first: Position;
  readonly last: Position;
  /** Names the batch and its content. */
  readonly batch: string;
  readonly files: readonly DataFile[];
}

/** A longer one is stored beside the table, and told by its place: a record takes 1 MiB (Kinesis Data Streams guide, "Quotas"). */
const MAX_RECORD_BYTES = 512 * 1024;

/** The text of an announcement. A long one is written beside the table first. */
export async function announcementText(
  { owner, first, last, batch, files }: Announcement,
  metadata: TableMetadata,
  objects: ObjectStore,
  context: CatalogContext,
): Promise<string> {
  const { application, stream, shardId } = owner;
  const text = JSON.stringify({
    v: 1,
    application,
    stream,
    shardId,
    first: positionText(first),
    last: positionText(last),
    batch,
    files,
  });
  if (Buffer.byteLength(text) <= MAX_RECORD_BYTES) return text;
  const bytes = Buffer.from(text);
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const path = `${metadataLocation(metadata)}/kc-files-${digest}.json`;
  await objects.write(placeOf(path), bytes, "application/json", context);
  return JSON.stringify({ v: 1, storedAt: path });
}

/**
 * What a text announces, or why it announces nothing that may be added to the table: texts come from a stream, and whoever can put there could have any
 * file added otherwise.
 */
export async function announcementIn(
  text: string,
  metadata: TableMetadata,
  objects: ObjectStore,
  context: CatalogContext,
): Promise<Announcement | string> {
  const told = parsed(text);
  const storedAt = told?.["storedAt"];
  if (typeof storedAt !== "string") return announced(told, metadata);
  if (!storedAt.startsWith(`${metadataLocation(metadata)}/kc-files-`))
    return "it is stored somewhere else than beside the table";
  const bytes = await objects.read(placeOf(storedAt), context);
  if (bytes === undefined) return "what it was stored at is gone";
  return announced(parsed(Buffer.from(bytes).toString()), metadata);
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: unknown): Fields | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function announced(told: Fields | undefined, metadata: TableMetadata): Announcement | string {
  if (told === undefined || told["v"] !== 1) return "it is no announcement of this version";
  const { application, stream, shardId, batch, files } = told;
  const [first, last] = [positionIn(told["first"]), positionIn(told["last"])];
  if (
    typeof application !== "string" ||
    typeof stream !== "string" ||
    typeof shardId !== "string" ||
    typeof batch !== "string" ||
    first === undefined ||
    last === undefined ||
    comparePositions(first, last) > 0
  )
    return "it does not say which batch it is of";
  if (!Array.isArray(files) || files.length === 0) return "it names no file";
  if (!files.every(isDataFile)) return "a file has not all that the table's metadata needs";
  if (files.some(({ tableUuid }) => tableUuid !== metadata["table-uuid"])) return "it is of another table";
  const folders = [dataLocation(metadata), metadata.location.replace(/\/+$/, "")];
  const specs = new Map<number, readonly PartitionField[] | undefined>();
  for (const { specId } of files)
    if (!specs.has(specId))
      specs.set(specId, isKnownSpec(metadata, specId) ? manifestContext(metadata, specId).fields : undefined);
  if (!files.every(({ specId, partition }) => isPartition(partition, specs.get(specId))))
    return "a file is of a partition that the table cannot have";
  const types = typesEver(metadata);
  if (!files.every(({ columns }) => areBounds(columns, types)))
    return "a file has bounds that are none of its columns";
  if (!files.every(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`))))
    return "a file lies outside of the table";
  return { owner: { application, stream, shardId }, first, last, batch, files };
}

function isPartition(
  partition: DataFile["partition"],
  fields: readonly PartitionField[] | undefined,
): boolean {
  return (
    fields?.length === partition.length &&
    fields.every(({ type }, nth) => isValueText(partition[nth] ?? undefined, type))
  );
}

function areBounds(columns: DataFile["columns"], types: ReadonlyMap<number, string>): boolean {
  return columns.every(({ id, lower, upper }) => {
    const type = types.get(id) ?? "";
    return isValueText(lower, type) && isValueText(upper, type);
  });
}

function isValueText(text: string | undefined, type: string): boolean {
  return text === undefined || isBytesOf(Buffer.from(text, "base64"), type);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isDataFile(value: unknown): value is DataFile {
  if (!isFields(value)) return false;
  const { partition, splitOffsets, columns } = value;
  return (
    value["v"] === 1 &&
    typeof value["path"] === "string" &&
    typeof value["tableUuid"] === "string" &&
    isCount(value["bytes"]) &&
    isCount(value["rows"]) &&
    isCount(value["specId"]) &&
    Array.isArray(partition) &&
    partition.every((item: unknown) => item === null || typeof item === "string") &&
    Array.isArray(splitOffsets) &&
    splitOffsets.every(isCount) &&
    Array.isArray(columns) &&
    columns.every(isMetrics)
  );
}

function isMetrics(value: unknown): boolean {
  if (!isFields(value) || !isCount(value["id"]) || !isCount(value["bytes"])) return false;
  const counts = [value["values"], value["nulls"], value["nans"]];
  const bounds = [value["lower"], value["upper"]];
  return (
    counts.every((count) => count === undefined || isCount(count)) &&
    bounds.every((bound) => bound === undefined || typeof bound === "string")
  );
}

function positionText({ sequenceNumber, subSequenceNumber }: Position): string {
  return `${sequenceNumber}.${subSequenceNumber}`;
}

function positionIn(text: unknown): Position | undefined {
  const [, sequenceNumber, subSequenceNumber] =
    typeof text === "string" ? (/^(\d{1,128})\.(\d{1,10})$/.exec(text) ?? []) : [];
  if (sequenceNumber === undefined) return undefined;
  return { sequenceNumber, subSequenceNumber: Number(subSequenceNumber) };
}
