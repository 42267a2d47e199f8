import type { Random } from "@kinesis-connectors/core";
import type { Snapshot, SnapshotId, TableMetadata } from "../catalog/metadata.js";
import { currentSnapshot } from "../columns/current.js";
import type { DataFile } from "../files/data-file.js";
import { placeOf } from "../files/locations.js";
import { encodeManifest } from "../manifests/manifest.js";
import { countedEntries } from "../manifests/count-files.js";
import {
  decodeManifestList,
  encodeManifestList,
  type ManifestEntry,
  type PartitionSummary,
} from "../manifests/manifest-list.js";
import { manifestContext, type TableStore, writeNamed } from "../manifests/manifest-store.js";
import { MANIFEST_PREFIX, mergeSmall } from "../manifests/merge-small.js";
import { summariesOf } from "../manifests/partition-summaries.js";
import { summaryOf } from "./snapshot-summary.js";

/** A random id below 2^53, so that every reader of JSON has it exactly. */
export function newSnapshotId({ snapshots = [] }: TableMetadata, random: Random): number {
  for (;;) {
    const id = 1 + Number.parseInt(random.uuid().replaceAll("-", "").slice(0, 12), 16);
    if (!snapshots.some((snapshot) => snapshot["snapshot-id"] === id)) return id;
  }
}

/** The new manifests of an append: the same for each try on another parent. */
export interface NewManifest {
  readonly path: string;
  readonly length: number;
  readonly specId: number;
  readonly files: readonly DataFile[];
  readonly partitions: readonly PartitionSummary[] | null;
}

/** Writes the manifests of files, one for each partition spec. */
export async function writeManifests(
  files: readonly DataFile[],
  metadata: TableMetadata,
  store: TableStore,
): Promise<readonly NewManifest[]> {
  const bySpec = grouped(files);
  const written: NewManifest[] = [];
  for (const [specId, some] of bySpec) {
    const context = manifestContext(metadata, specId);
    const bytes = encodeManifest(some, context);
    const path = await writeNamed(bytes, MANIFEST_PREFIX, metadata, store);
    written.push({
      path,
      length: bytes.length,
      specId,
      files: some,
      partitions: summariesOf(some, context.fields),
    });
  }
  return written;
}

function grouped(files: readonly DataFile[]): ReadonlyMap<number, readonly DataFile[]> {
  const bySpec = new Map<number, DataFile[]>();
  for (const file of files) bySpec.set(file.specId, [...(bySpec.get(file.specId) ?? []), file]);
  return bySpec;
}

/** Builds the snapshot that adds manifests to a table as it is now, and writes its list. */
export async function buildSnapshot(
  manifests: readonly NewManifest[],
  metadata: TableMetadata,
  snapshotId: number,
  positions: Readonly<Record<string, string>>,
  store: TableStore,
): Promise<Snapshot> {
  const parent = currentSnapshot(metadata);
  const sequenceNumber = (metadata["last-sequence-number"] ?? 0) + 1;
  const parentId = parent?.["snapshot-id"] ?? null;
  const added = manifests.map((manifest) => entryOf(manifest, snapshotId, sequenceNumber));
  const before = parent === undefined ? [] : await readList(parent, store);
  const kept = await mergeSmall(before, { metadata, store, snapshotId, sequenceNumber });
  const list = encodeManifestList([...added, ...kept], { id: snapshotId, parentId, sequenceNumber });
  const path = await writeNamed(list, `kc-snap-${snapshotId}`, metadata, store);
  return {
    "snapshot-id": snapshotId,
    ...(parentId === null ? {} : { "parent-snapshot-id": parentId }),
    "sequence-number": sequenceNumber,
    // A catalog refuses one that is older than the table's last change; clocks of writers differ.
    "timestamp-ms": Math.max(store.context.clock.now(), metadata["last-updated-ms"]),
    "manifest-list": path,
    summary: summaryOf(
      manifests.flatMap(({ files }) => files),
      parent,
      positions,
    ),
    "schema-id": metadata["current-schema-id"],
  };
}

async function readList(
  snapshot: Snapshot,
  { objects, context }: TableStore,
): Promise<readonly ManifestEntry[]> {
  const path = snapshot["manifest-list"];
  const bytes = await objects.read(placeOf(path), context);
  // Not refused: a snapshot may expire between the catalog's answer and this.
  if (bytes === undefined) throw new Error(`the manifest list ${path} is gone`);
  return countedEntries(decodeManifestList(bytes, path), { objects, context });
}

function entryOf(
  { path, length, specId, files, partitions }: NewManifest,
  snapshotId: SnapshotId,
  sequenceNumber: number,
): ManifestEntry {
  return {
    manifest_path: path,
    manifest_length: length,
    partition_spec_id: specId,
    content: 0,
    sequence_number: sequenceNumber,
    min_sequence_number: sequenceNumber,
    added_snapshot_id: snapshotId,
    added_files_count: files.length,
    existing_files_count: 0,
    deleted_files_count: 0,
    added_rows_count: files.reduce((sum, { rows }) => sum + rows, 0),
    existing_rows_count: 0,
    deleted_rows_count: 0,
    partitions,
    key_metadata: null,
  };
}
