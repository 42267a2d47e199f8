import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../protocol/checksums.js";

/** One part of an open upload. */
export interface StoredPart {
  readonly number: number;
  readonly body: Buffer;
  readonly md5: Buffer;
  /** With its double quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum: Checksum | undefined;
}

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedAtMs: number;
  /** What the finished object's headers and tags will be. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly checksumType: ChecksumType | undefined;
  /** By part number; a part uploaded again replaces the former. */
  readonly parts: Map<number, StoredPart>;
}

/** What a finished upload answered, kept because Complete may be repeated. */
interface FinishedUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The uploads of one bucket. */
export interface Uploads {
  readonly open: (upload: OpenUpload) => void;
  /** The open upload with this id for this key. */
  readonly get: (key: string, uploadId: string) => OpenUpload | undefined;
  /** The finished upload with this id for this key. */
  readonly finished: (key: string, uploadId: string) => FinishedUpload | undefined;
  readonly finish: (uploadId: string, answer: FinishedUpload) => void;
  readonly abort: (uploadId: string) => void;
  /** Open uploads, by key and then by the time they were started. */
  readonly list: () => readonly OpenUpload[];
  readonly count: () => number;
}

/** Finished uploads whose answer is remembered; the oldest are forgotten beyond this. */
const MAX_FINISHED = 1_000;

/** Starts without uploads. */
export function createUploads(): Uploads {
  const open = new Map<string, OpenUpload>();
  const finished = new Map<string, FinishedUpload>();
  const ofKey = <Upload extends { readonly key: string }>(upload: Upload | undefined, key: string) =>
    upload?.key === key ? upload : undefined;
  return {
    open: (upload) => {
      open.set(upload.uploadId, upload);
    },
    get: (key, uploadId) => ofKey(open.get(uploadId), key),
    finished: (key, uploadId) => ofKey(finished.get(uploadId), key),
    finish: (uploadId, answer) => {
      open.delete(uploadId);
      finished.set(uploadId, answer);
      const [oldest] = finished.keys();
      if (finished.size > MAX_FINISHED && oldest !== undefined) finished.delete(oldest);
    },
    abort: (uploadId) => {
      open.delete(uploadId);
    },
    list: () =>
      [...open.values()].sort(
        (left, right) =>
          (left.key < right.key ? -1 : left.key > right.key ? 1 : 0) ||
          left.initiatedAtMs - right.initiatedAtMs,
      ),
    count: () => open.size,
  };
}
