import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { CopyCommand } from "./copy-statement.js";
import { SqlFailure } from "../errors.js";

/** The S3 that COPY reads from. */
export interface CopyObjects {
  /** The body of an object; undefined when there is none. */
  readonly read: (bucket: string, key: string) => Buffer | undefined;
  /** Keys that start with the prefix, in key order; undefined when there is no such bucket. */
  readonly list: (bucket: string, prefix: string) => readonly string[] | undefined;
}

/** One file of a load. */
export interface CopyFile {
  /** `s3://bucket/key`, as load errors name it. */
  readonly url: string;
  readonly body: Buffer;
}

const unzip = promisify(gunzip);

interface Address {
  readonly bucket: string;
  readonly key: string;
}

function addressOf(url: string): Address {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(url) ?? [];
  if (bucket === undefined || key === undefined)
    throw new SqlFailure(`The S3 path ${url} is not of the form s3://bucket/key`);
  return { bucket, key };
}

/**
 * The files of a COPY, whole and unpacked. All are found before the first is loaded.
 *
 * @throws {SqlFailure} when a mandatory file or the manifest is missing, or no file is found at all
 */
export async function copyFiles(command: CopyCommand, objects: CopyObjects): Promise<readonly CopyFile[]> {
  const packed = command.manifest
    ? manifestFiles(command.sourceUrl, objects)
    : prefixFiles(command.sourceUrl, objects);
  if (!command.gzip) return packed;
  const files: CopyFile[] = [];
  for (const { url, body } of packed) {
    try {
      files.push({ url, body: await unzip(body) });
    } catch (cause) {
      throw new SqlFailure(`The file ${url} is not in GZIP format`, { cause });
    }
  }
  return files;
}

/** The text of one object that COPY needs besides the data, such as JSON paths. */
export function readText(url: string, objects: CopyObjects): string {
  const { bucket, key } = addressOf(url);
  const body = objects.read(bucket, key);
  if (body === undefined) throw missing(url);
  return body.toString("utf8");
}

function missing(url: string): SqlFailure {
  return new SqlFailure(
    `S3ServiceException: The specified key does not exist., Status 404, Error NoSuchKey (${url})`,
  );
}

function prefixFiles(url: string, objects: CopyObjects): readonly CopyFile[] {
  const { bucket, key } = addressOf(url);
  const keys = objects.list(bucket, key);
  if (keys === undefined)
    throw new SqlFailure(
      `S3ServiceException: The specified bucket does not exist, Status 404, Error NoSuchBucket (${bucket})`,
    );
  if (keys.length === 0) throw new SqlFailure(`The specified S3 prefix '${key}' does not exist`);
  return keys.flatMap((each) => {
    const body = objects.read(bucket, each);
    return body === undefined ? [] : [{ url: `s3://${bucket}/${each}`, body }];
  });
}

/** "Using a manifest to specify data files": entries of url and mandatory; missing ones fail the load when mandatory. */
function manifestFiles(url: string, objects: CopyObjects): readonly CopyFile[] {
  const files: CopyFile[] = [];
  for (const entry of manifestEntries(url, readText(url, objects))) {
    const { bucket, key } = addressOf(entry.url);
    const body = objects.read(bucket, key);
    if (body !== undefined) files.push({ url: entry.url, body });
    else if (entry.mandatory) throw missing(entry.url);
  }
  if (files.length === 0) throw new SqlFailure(`No file of the manifest ${url} exists`);
  return files;
}

function manifestEntries(
  url: string,
  text: string,
): readonly { readonly url: string; readonly mandatory: boolean }[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new SqlFailure(`The manifest ${url} is not JSON`, { cause });
  }
  const { entries } = (manifest ?? {}) as { readonly entries?: unknown };
  if (!Array.isArray(entries)) throw new SqlFailure(`The manifest ${url} has no entries`);
  return entries.map((entry: unknown) => {
    const { url: file, mandatory = false } = (entry ?? {}) as {
      readonly url?: unknown;
      readonly mandatory?: unknown;
    };
    if (typeof file !== "string" || typeof mandatory !== "boolean")
      throw new SqlFailure(
        `The manifest ${url} has an entry without url, or with a mandatory that is no boolean`,
      );
    return { url: file, mandatory };
  });
}
