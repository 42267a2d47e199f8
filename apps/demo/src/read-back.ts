import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { compareSequenceNumbers } from "@kinesis-connectors/core";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const unzip = promisify(gunzip);

/** An object of the archive. */
export interface ArchivedObject {
  readonly key: string;
  readonly bytes: number;
  readonly records: number;
}

/** Everything in the bucket. */
export interface Archive {
  readonly objects: readonly ArchivedObject[];
  readonly bytes: number;
  /** Each shard's lines, in the order of its objects. */
  readonly lines: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** Reads every object back through the S3 API, as any reader of the archive would. `keep` names a folder to store them in as well. */
export async function readBack(s3: S3Client, bucket: string, keep: string | undefined): Promise<Archive> {
  const keys = (await listKeys(s3, bucket)).toSorted(inStreamOrder);
  const objects: ArchivedObject[] = [];
  const lines = new Map<string, Uint8Array[]>();
  let bytes = 0;
  for (const key of keys) {
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const stored = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    if (keep !== undefined) await store(join(keep, key), stored);
    const found = splitLines(await unzip(stored));
    const shard = lines.get(shardOf(key)) ?? [];
    lines.set(shardOf(key), shard);
    for (const line of found) shard.push(line);
    objects.push({ key, bytes: stored.length, records: found.length });
    bytes += stored.length;
  }
  return { objects, bytes, lines };
}

async function listKeys(s3: S3Client, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    // All but the one that the emitter tried the store with, whose name begins with an underscore.
    for (const { Key } of page.Contents ?? [])
      if (Key !== undefined && !/(?:^|\/)_[^/]*$/.test(Key)) keys.push(Key);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

async function store(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function splitLines(content: Buffer): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, start)) {
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  if (start < content.length) lines.push(content.subarray(start));
  return lines;
}

/** A key ends in `<shard>/<first sequence>-<last sequence>.<extension>`. */
function shardOf(key: string): string {
  return key.split("/").at(-2) ?? "";
}

function inStreamOrder(a: string, b: string): number {
  return compareSequenceNumbers(firstOf(a), firstOf(b));
}

function firstOf(key: string): string {
  return /^\d+/.exec(key.split("/").at(-1) ?? "")?.[0] ?? "";
}
