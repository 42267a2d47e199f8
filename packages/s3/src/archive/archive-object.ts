import type { Position } from "@kinesis-connectors/core";
import { BATCH_ID, FACTS } from "../objects/object-metadata.js";

/** The range of a shard that the batch of an object was made of. Both ends were read for it. */
export interface ArchivedRange {
  readonly shardId: string;
  readonly first: Position;
  readonly last: Position;
  /** True where it holds some records of the range only: dead letters that came again. Absent otherwise. */
  readonly isPicked?: boolean;
}

/** An object of an archive, as it is listed. */
export interface ArchiveObject {
  readonly key: string;
  /** Length as it is stored, in bytes. */
  readonly bytes: number;
  /** When it was written, in epoch milliseconds. */
  readonly lastModifiedMs: number;
  /** The range that its key names. Undefined where its name is of another making: its metadata say it then. */
  readonly range: ArchivedRange | undefined;
}

/** The facts that an object says about itself in its metadata. */
export interface ArchiveFacts extends ArchivedRange {
  readonly stream: string;
  /** The id of its batch: `batchIdOf` with the application that wrote it. */
  readonly batchId: string;
  /** Outputs in it. */
  readonly recordCount: number;
  /** SHA-256 over the positions of its outputs, in hex. */
  readonly idsSha256: string;
  /** When its first record arrived, in epoch milliseconds; undefined of objects that were written before this was noted. */
  readonly firstArrivalMs: number | undefined;
  readonly etag: string | undefined;
  /** Length as it is stored, in bytes. */
  readonly bytes: number;
  readonly contentEncoding: string | undefined;
}

/** `<first>-<last>`, perhaps behind a shard's id; whether its records were picked, and the number of an object that shares folder and range with others. */
const NAME = /^(?:(.+)-)?(\d+)(?:\.(\d+))?-(\d+)(?:\.(\d+))?(-picked)?(?:_\d+)?$/;
/** An extension begins behind a dot that no digit follows: `.7` is a sub-sequence number. */
const EXTENSION = /\.(?!\d).*$/;

/** The range that a key of ours names; undefined where it is of another making. */
export function rangeInKey(key: string): ArchivedRange | undefined {
  const folders = key.split("/");
  const name = (folders.at(-1) ?? "").replace(EXTENSION, "");
  const [, shard, first, firstSub = "0", last, lastSub = "0", picked] = NAME.exec(name) ?? [];
  const shardId = shard ?? folders.at(-2);
  if (first === undefined || last === undefined || shardId === undefined) return undefined;
  const range = { shardId, first: positionOf(first, firstSub), last: positionOf(last, lastSub) };
  return picked === undefined ? range : { ...range, isPicked: true };
}

/** The extension of a key: everything behind the name of its range. */
export function extensionOf(key: string): string {
  return EXTENSION.exec(key.slice(key.lastIndexOf("/") + 1))?.[0] ?? "";
}

/** Archived objects are hidden from nobody: plans and the object that a store was tried with are not of the archive. */
export function isHidden(key: string): boolean {
  return key.split("/").some((segment) => segment === "_plans" || segment.startsWith("_kinesis-connectors"));
}

/**
 * What the metadata of an object say.
 * @throws Error naming what is missing: the object is none of ours
 */
export function factsOf(answer: {
  readonly Metadata?: Record<string, string> | undefined;
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly ContentEncoding?: string | undefined;
}): ArchiveFacts {
  const metadata = answer.Metadata ?? {};
  const text = (name: string): string => {
    const value = metadata[name];
    if (value === undefined) throw foreign(`its metadata lack ${name}`);
    return value;
  };
  const recordCount = Number(text(FACTS.recordCount));
  if (!Number.isSafeInteger(recordCount))
    throw foreign(`its metadata hold no number as ${FACTS.recordCount}`);
  const arrival = Number(metadata[FACTS.firstArrivalMs] ?? Number.NaN);
  return {
    stream: text(FACTS.stream),
    batchId: text(BATCH_ID),
    shardId: text(FACTS.shardId),
    first: endOf(text(FACTS.first)),
    last: endOf(text(FACTS.last)),
    ...(metadata[FACTS.isPicked] === "true" ? { isPicked: true } : {}),
    recordCount,
    idsSha256: text(FACTS.idsSha256),
    firstArrivalMs: Number.isFinite(arrival) ? arrival : undefined,
    etag: answer.ETag,
    bytes: answer.ContentLength ?? 0,
    contentEncoding: answer.ContentEncoding,
  };
}

function foreign(what: string): Error {
  return new Error(
    `${what}, so that the S3 emitter did not write it: move it elsewhere, or give a prefix below which there are archived objects alone`,
  );
}

function endOf(text: string): Position {
  const [, sequenceNumber, subSequenceNumber] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  if (sequenceNumber === undefined || subSequenceNumber === undefined)
    throw foreign("its metadata hold no position");
  return positionOf(sequenceNumber, subSequenceNumber);
}

function positionOf(sequenceNumber: string, subSequenceNumber: string): Position {
  return { sequenceNumber, subSequenceNumber: Number(subSequenceNumber) };
}
