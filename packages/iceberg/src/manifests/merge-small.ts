import type { SnapshotId, TableMetadata } from "../catalog/metadata.js";
import { placeOf } from "../files/locations.js";
import { inTurn } from "../files/in-turn.js";
import { FILE_CONCURRENCY, MANIFESTS_BEFORE_MERGE, MERGED_MANIFEST_BYTES } from "../limits.js";
import { mergeManifests } from "./manifest.js";
import type { ManifestEntry } from "./manifest-list.js";
import { isKnownSpec, manifestContext, type TableStore, writeNamed } from "./manifest-store.js";
import { mergedSummaries } from "./partition-summaries.js";

/** What the names of our manifests start with: only those are merged, so that nothing of another writer is lost. */
export const MANIFEST_PREFIX = "kc-m";

const OURS = new RegExp(`/${MANIFEST_PREFIX}-[0-9a-f]{32}\\.avro$`);

/** The snapshot that manifests are merged for. */
export interface Merging {
  readonly metadata: TableMetadata;
  readonly store: TableStore;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: number;
}

/**
 * The manifests of a table, and once there are a hundred small ones of ours, one in their place: a reader opens each of them before it
 * plans anything. Another writer's stay as they are.
 */
export async function mergeSmall(
  manifests: readonly ManifestEntry[],
  merging: Merging,
): Promise<readonly ManifestEntry[]> {
  const small = new Map<number, ManifestEntry[]>();
  for (const manifest of manifests) {
    if (!isSmall(manifest)) continue;
    const { partition_spec_id: specId } = manifest;
    small.set(specId, [...(small.get(specId) ?? []), manifest]);
  }
  let kept = manifests;
  for (const [specId, some] of small) {
    if (some.length < MANIFESTS_BEFORE_MERGE || !isKnownSpec(merging.metadata, specId)) continue;
    const merged = await merge(some, specId, merging);
    const gone = new Set(some);
    kept = [merged, ...kept.filter((manifest) => !gone.has(manifest))];
  }
  return kept;
}

function isSmall({ manifest_path, manifest_length, content, deleted_files_count }: ManifestEntry): boolean {
  return (
    content === 0 &&
    deleted_files_count === 0 &&
    manifest_length < MERGED_MANIFEST_BYTES &&
    OURS.test(manifest_path)
  );
}

async function merge(
  manifests: readonly ManifestEntry[],
  specId: number,
  { metadata, store, snapshotId, sequenceNumber }: Merging,
): Promise<ManifestEntry> {
  const context = manifestContext(metadata, specId);
  const read = await inTurn(manifests, FILE_CONCURRENCY, async (manifest) => {
    const { manifest_path: name, added_snapshot_id, sequence_number } = manifest;
    const bytes = await store.objects.read(placeOf(name), store.context);
    if (bytes === undefined) throw new Error(`the manifest ${name} is gone`);
    return { bytes, name, snapshotId: added_snapshot_id, sequenceNumber: sequence_number };
  });
  const { bytes, fileCount, rowCount, minSequenceNumber } = mergeManifests(read, context);
  const path = await writeNamed(bytes, MANIFEST_PREFIX, metadata, store);
  return {
    manifest_path: path,
    manifest_length: bytes.length,
    partition_spec_id: specId,
    content: 0,
    sequence_number: sequenceNumber,
    min_sequence_number: minSequenceNumber,
    added_snapshot_id: snapshotId,
    added_files_count: 0,
    existing_files_count: fileCount,
    deleted_files_count: 0,
    added_rows_count: 0,
    existing_rows_count: rowCount,
    deleted_rows_count: 0,
    partitions: mergedSummaries(
      manifests.map(({ partitions }) => partitions),
      context.fields,
    ),
    key_metadata: null,
  };
}
