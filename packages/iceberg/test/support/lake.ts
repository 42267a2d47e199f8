import { parquetReadObjects } from "hyparquet";
import type { TableMetadata } from "../../src/index.js";
import { currentSnapshot } from "../../src/columns/current.js";
import { decodeAvroFile, encodeAvroFile } from "../../src/manifests/avro-file.js";
import {
  decodeManifestList,
  encodeManifestList,
  type ManifestEntry,
} from "../../src/manifests/manifest-list.js";
import type { ObjectStoreOptions } from "@kinesis-connectors/s3/objects";
import { memoryCatalog, type MemoryCatalog } from "./memory-catalog.js";
import { memoryS3 } from "./memory-s3.js";

/** A table's files and its catalog, both in memory. */
export interface Lake {
  readonly catalog: MemoryCatalog;
  readonly storage: ObjectStoreOptions;
  readonly objectNames: () => readonly string[];
  /** The bytes at `s3://bucket/key`. */
  readonly bytes: (location: string) => Buffer;
  readonly manifests: (metadata?: TableMetadata) => readonly ManifestEntry[];
  /** The newest snapshot, as version 1 may have it: neither counts nor a summary. */
  readonly asOfVersion1: () => void;
  /** The newest snapshot, as if another writer had committed it: its manifest has another name, which is returned. */
  readonly asAnotherWriters: () => string;
  /** What the table's metadata says of its files. */
  readonly files: (metadata?: TableMetadata) => readonly FileEntry[];
  readonly rows: (metadata?: TableMetadata) => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** An entry of a manifest, as another reader sees it. */
export interface FileEntry {
  readonly status: number;
  readonly snapshotId: unknown;
  readonly sequenceNumber: number;
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly partition: Readonly<Record<string, unknown>>;
  readonly nulls: ReadonlyMap<number, number>;
  readonly nans: ReadonlyMap<number, number>;
  readonly values: ReadonlyMap<number, number>;
  readonly lower: ReadonlyMap<number, Buffer>;
  readonly upper: ReadonlyMap<number, Buffer>;
}

export function startLake(): Lake {
  const { client, objects } = memoryS3();
  const catalog = memoryCatalog();
  const bytes = (location: string): Buffer => {
    const found = objects.get(location);
    if (found === undefined) throw new Error(`${location} is not there`);
    return found;
  };
  const manifests = (metadata: TableMetadata = catalog.metadata()): readonly ManifestEntry[] => {
    const snapshot = currentSnapshot(metadata);
    if (snapshot === undefined) return [];
    const path = snapshot["manifest-list"];
    return decodeManifestList(bytes(path), path);
  };
  const files = (metadata?: TableMetadata): readonly FileEntry[] =>
    manifests(metadata).flatMap((manifest) =>
      decodeAvroFile(bytes(manifest.manifest_path), manifest.manifest_path).records.map((entry) =>
        fileEntry(entry, manifest),
      ),
    );
  return {
    catalog,
    storage: { client },
    objectNames: () => [...objects.keys()],
    bytes,
    manifests,
    asOfVersion1: () => {
      const list = encodeAvroFile(
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- avsc's types know no field ids
        {
          type: "record",
          name: "manifest_file",
          fields: [
            { name: "manifest_path", type: "string", "field-id": 500 },
            { name: "manifest_length", type: "long", "field-id": 501 },
            { name: "partition_spec_id", type: "int", "field-id": 502 },
            { name: "added_snapshot_id", type: ["null", "long"], default: null, "field-id": 503 },
          ],
        } as never,
        manifests(),
        {},
      );
      objects.set("s3://lake/sales/orders/metadata/snap-v1.avro", list);
      catalog.set((metadata) => ({
        ...metadata,
        snapshots: (metadata.snapshots ?? []).map(({ summary: _summary, ...snapshot }) => ({
          ...snapshot,
          "manifest-list": "s3://lake/sales/orders/metadata/snap-v1.avro",
        })),
      }));
    },
    asAnotherWriters: () => {
      const snapshot = currentSnapshot(catalog.metadata());
      if (snapshot === undefined) throw new Error("there is no snapshot");
      const [entry] = manifests();
      if (entry === undefined) throw new Error("there is no manifest");
      const path = "s3://lake/sales/orders/metadata/theirs.avro";
      objects.set(path, bytes(entry.manifest_path));
      const entries = [{ ...entry, manifest_path: path }];
      const { "snapshot-id": id, "sequence-number": sequenceNumber } = snapshot;
      const list = encodeManifestList(entries, { id, parentId: null, sequenceNumber });
      objects.set("s3://lake/sales/orders/metadata/snap-theirs.avro", list);
      const theirs = { ...snapshot, "manifest-list": "s3://lake/sales/orders/metadata/snap-theirs.avro" };
      catalog.set((metadata) => ({ ...metadata, snapshots: [theirs] }));
      return path;
    },
    files,
    rows: async (metadata) => {
      const all = await Promise.all(files(metadata).map(({ path }) => rowsOf(bytes(path))));
      return all.flat();
    },
  };
}

export async function rowsOf(file: Buffer): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  return parquetReadObjects({ file: buffer, utf8: false });
}

function fileEntry(entry: Readonly<Record<string, unknown>>, manifest: ManifestEntry): FileEntry {
  const file = entry["data_file"] as Readonly<Record<string, unknown>>;
  const map = <Value>(name: string): ReadonlyMap<number, Value> =>
    new Map(
      ((file[name] ?? []) as readonly { readonly key: number; readonly value: Value }[]).map(
        ({ key, value }) => [key, value],
      ),
    );
  return {
    status: Number(entry["status"]),
    snapshotId: entry["snapshot_id"] ?? manifest.added_snapshot_id,
    sequenceNumber: Number(entry["sequence_number"] ?? manifest.sequence_number),
    path: String(file["file_path"]),
    rows: Number(file["record_count"]),
    bytes: Number(file["file_size_in_bytes"]),
    partition: { ...(file["partition"] as Readonly<Record<string, unknown>>) },
    nulls: map("null_value_counts"),
    nans: map("nan_value_counts"),
    values: map("value_counts"),
    lower: map("lower_bounds"),
    upper: map("upper_bounds"),
  };
}
