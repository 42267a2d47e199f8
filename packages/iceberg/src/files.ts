import { currentSnapshot } from "./columns/current.js";
import type { SnapshotId, TableMetadata } from "./catalog/metadata.js";
import { decodeAvroFile } from "./manifests/avro-file.js";
import { decodeManifestList } from "./manifests/manifest-list.js";

/** A data file of a table, as its metadata has it. */
export interface TableFileEntry {
  /** Where it is: `s3://bucket/key`. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** The snapshot that added it. */
  readonly snapshotId: SnapshotId;
}

/** A manifest of a table's data files. */
export interface TableManifest {
  readonly path: string;
  /** The snapshot that brought it. */
  readonly snapshotId: SnapshotId;
}

/** Gives the bytes at a location such as `s3://bucket/key`. */
export type ReadLocation = (location: string) => Uint8Array | Promise<Uint8Array>;

/** Of an entry of a manifest: the file is gone (Iceberg table spec, "Manifests"). */
const DELETED = 2;

/**
 * The data files of a table as it is now, for tests and audits: what is in the table, and not what lies in its folder. Rows that delete files
 * take away again are not looked at.
 *
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for a manifest that cannot be read
 *
 * @example
 * ```ts
 * const table = await catalog.loadTable({ namespace: ["sales"], name: "orders" }, context);
 * const files = table === undefined ? [] : await tableFiles(table.metadata, (location) => getObject(location));
 * ```
 */
export async function tableFiles(
  metadata: TableMetadata,
  read: ReadLocation,
): Promise<readonly TableFileEntry[]> {
  const files: TableFileEntry[] = [];
  for (const manifest of await tableManifests(metadata, read))
    files.push(...filesOfManifest(await read(manifest.path), manifest));
  return files;
}

/** The manifests of a table as it is now: one that was seen before holds what it held then. */
export async function tableManifests(
  metadata: TableMetadata,
  read: ReadLocation,
): Promise<readonly TableManifest[]> {
  const snapshot = currentSnapshot(metadata);
  if (snapshot === undefined) return [];
  const list = snapshot["manifest-list"];
  return decodeManifestList(await read(list), list).flatMap(({ content, manifest_path, added_snapshot_id }) =>
    content === 0 ? [{ path: manifest_path, snapshotId: added_snapshot_id }] : [],
  );
}

/** The data files that a manifest names. */
export function filesOfManifest(bytes: Uint8Array, manifest: TableManifest): readonly TableFileEntry[] {
  return decodeAvroFile(bytes, manifest.path).records.flatMap((entry) => {
    const file = entry["data_file"];
    if (entry["status"] === DELETED || typeof file !== "object" || file === null) return [];
    return [
      {
        path: String(Reflect.get(file, "file_path")),
        rows: Number(Reflect.get(file, "record_count")),
        bytes: Number(Reflect.get(file, "file_size_in_bytes")),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a long, as `decodeAvroFile` gives longs
        snapshotId: (entry["snapshot_id"] ?? manifest.snapshotId) as SnapshotId,
      },
    ];
  });
}
