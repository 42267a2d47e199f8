import type { Clock } from "../../clock.js";
import type { Checksum } from "../protocol/checksums.js";
import { S3Error } from "../errors.js";
import { createUploads, type Uploads } from "./uploads.js";

/** One object, never changed after it was stored: a new write is a new value. */
export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
  /** With its double quotes, as headers carry it. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum: Checksum;
  /** Headers that GET and HEAD repeat: content headers, `x-amz-meta-*`, encryption, storage class. Lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
  /** Bytes of each part, when it was a multipart upload. */
  readonly partSizes: readonly number[] | undefined;
}

/** The preconditions of a write. */
interface WriteConditions {
  /** Only `*` exists for writes. */
  readonly ifNoneMatch: string | undefined;
  readonly ifMatch: string | undefined;
}

/** A write whose body is still arriving. */
export interface OpenWrite {
  /**
   * Judges the conditions now and, when they hold, stores the object: one step, nothing comes between.
   *
   * @throws {S3Error} `PreconditionFailed`, `ConditionalRequestConflict` or `NoSuchKey`; nothing is stored then
   */
  readonly commit: (object: StoredObject) => void;
  /** Forgets the write. Always called, also after `commit`. */
  readonly end: () => void;
}

/** One bucket: its objects and its open uploads. */
export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  readonly size: () => number;
  readonly get: (key: string) => StoredObject | undefined;
  /** Replaces an object whatever it was; for changes that carry no condition (tags). */
  readonly replace: (object: StoredObject) => void;
  readonly delete: (key: string) => void;
  /** Keys in the order of their UTF-8 bytes, which is S3's. Not to be changed by the caller. */
  readonly sortedKeys: () => readonly string[];
  /** Starts a write when its headers have arrived. */
  readonly openWrite: (key: string, conditions: WriteConditions) => OpenWrite;
  readonly uploads: Uploads;
}

/** All buckets. */
export interface ObjectStore {
  /** Makes a bucket; false when it was there. */
  readonly createBucket: (name: string) => boolean;
  readonly deleteBucket: (name: string) => void;
  readonly bucket: (name: string) => Bucket | undefined;
  readonly buckets: () => readonly Bucket[];
}

/** Starts an empty store. */
export function createObjectStore(clock: Clock): ObjectStore {
  const buckets = new Map<string, Bucket>();
  return {
    createBucket: (name) => {
      if (buckets.has(name)) return false;
      buckets.set(name, createBucket(name, clock.now()));
      return true;
    },
    deleteBucket: (name) => {
      buckets.delete(name);
    },
    bucket: (name) => buckets.get(name),
    buckets: () => [...buckets.values()].sort((left, right) => compareUtf8(left.name, right.name)),
  };
}

function createBucket(name: string, createdAtMs: number): Bucket {
  const objects = new Map<string, StoredObject>();
  // Deletions are counted while conditional writes are open: such a write answers 409 when its key was deleted under it.
  const deletions = new Map<string, number>();
  let deletionCount = 0;
  let openWrites = 0;
  let sorted: string[] | undefined;

  const store = (object: StoredObject): void => {
    if (!objects.has(object.key)) sorted = undefined;
    objects.set(object.key, object);
  };

  return {
    name,
    createdAtMs,
    size: () => objects.size,
    get: (key) => objects.get(key),
    replace: store,
    delete: (key) => {
      if (!objects.delete(key)) return;
      sorted = undefined;
      if (openWrites > 0) {
        deletionCount += 1;
        deletions.set(key, deletionCount);
      }
    },
    sortedKeys: () => (sorted ??= [...objects.keys()].sort(compareUtf8)),
    openWrite: (key, conditions) => {
      if (conditions.ifNoneMatch !== undefined && conditions.ifNoneMatch !== "*") {
        throw new S3Error("NotImplemented", undefined, { Header: "If-None-Match" });
      }
      const started = deletionCount;
      let open = true;
      openWrites += 1;
      return {
        commit: (object) => {
          judge(key, conditions, objects.get(key), (deletions.get(key) ?? 0) > started);
          store(object);
        },
        end: () => {
          if (!open) return;
          open = false;
          openWrites -= 1;
          if (openWrites === 0) deletions.clear();
        },
      };
    },
    uploads: createUploads(),
  };
}

/**
 * "Conditional writes" in the S3 user guide: the first of several conditional writes to finish wins, the others get
 * 412; 409 when a delete of the key succeeded while the write was on its way; If-Match on a missing key is 404.
 */
function judge(
  key: string,
  conditions: WriteConditions,
  existing: StoredObject | undefined,
  deletedMeanwhile: boolean,
): void {
  if (conditions.ifNoneMatch === undefined && conditions.ifMatch === undefined) return;
  if (deletedMeanwhile) throw new S3Error("ConditionalRequestConflict", undefined, { Key: key });
  if (conditions.ifNoneMatch !== undefined && existing !== undefined) {
    throw new S3Error("PreconditionFailed", undefined, { Condition: "If-None-Match" });
  }
  if (conditions.ifMatch !== undefined) {
    if (existing === undefined) throw new S3Error("NoSuchKey", undefined, { Key: key });
    if (!etagMatches(conditions.ifMatch, existing.etag)) {
      throw new S3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
    }
  }
}

/** Whether a header's list of ETags, quoted or not, names this one. */
export function etagMatches(header: string, etag: string): boolean {
  return header
    .split(",")
    .map((each) => each.trim().replace(/^W\//, ""))
    .some((each) => each === "*" || each.replaceAll('"', "") === etag.replaceAll('"', ""));
}

/** Compares by UTF-8 bytes, which is by code points; JavaScript's own order differs above U+FFFF. */
export function compareUtf8(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    const aSurrogate = a >= 0xd800 && a <= 0xdfff;
    const bSurrogate = b >= 0xd800 && b <= 0xdfff;
    // A surrogate stands for a code point above every other code unit.
    if (aSurrogate !== bSurrogate) return aSurrogate ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
