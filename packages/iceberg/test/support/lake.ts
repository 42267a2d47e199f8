import { parquetReadObjects } from "hyparquet";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import type { TableMetadata } from "../../src/index.js";
import { currentSnapshot } from "../../src/columns/current.js";
import { decodeAvroFile } from "../../src/manifests/avro-file.js";
import { decodeManifestList, type ManifestEntry } from "../../src/manifests/manifest-list.js";
import { memoryCatalog, type MemoryCatalog } from "./memory-catalog.js";

/** A table's files on a local S3, and a catalog in memory. */
export interface Lake extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly catalog: MemoryCatalog;
  readonly storage: ReturnType<LocalAws["clientOptions"]>;
  /** The bytes at `s3://bucket/key`. */
  readonly bytes: (location: string) => Buffer;
  readonly manifests: (metadata?: TableMetadata) => readonly ManifestEntry[];
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

export async function startLake(): Promise<Lake> {
  const aws = await startLocalAws({ kinesis: false, dynamodb: false, s3: { buckets: ["lake"] } });
  const catalog = memoryCatalog();
  const bytes = (location: string): Buffer => {
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
    const found = [...aws.s3.objects(bucket)].find((object) => object.key === key);
    if (found === undefined) throw new Error(`${location} is not there`);
    return found.body;
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
    aws,
    catalog,
    storage: aws.clientOptions("s3"),
    bytes,
    manifests,
    files,
    rows: async (metadata) => {
      const all = await Promise.all(files(metadata).map(({ path }) => rowsOf(bytes(path))));
      return all.flat();
    },
    [Symbol.asyncDispose]: () => aws.close(),
  };
}

export async function rowsOf(file: Buffer): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  return parquetReadObjects({ file: buffer });
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
