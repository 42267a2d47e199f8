import { digitsOf } from "../exact-json.js";
import type { JsonObject } from "../json-values.js";
import { integer, long, object, text } from "./checked.js";
import { change, type Draft, invalid } from "./draft.js";
import { IcebergError } from "./errors.js";
import { sameId, type Snapshot, type SnapshotRef, type TableMetadata } from "./metadata.js";

const MAIN = "main";

/**
 * @throws {IcebergError} 400 when the id is taken; 409 when its sequence number is not above the table's: who sent it knew an older table
 */
export function addSnapshot(draft: Draft, given: JsonObject): void {
  const { metadata } = draft;
  const id = long(given, "snapshot-id");
  text(given, "manifest-list");
  text(object(given, "summary"), "operation");
  if (metadata.snapshots.some((one) => sameId(one["snapshot-id"], id)))
    throw invalid(`Snapshot already exists for id: ${digitsOf(id) ?? ""}`);
  const sequenceNumber = integer(given, "sequence-number");
  integer(given, "timestamp-ms");
  const last = metadata["last-sequence-number"];
  if (sequenceNumber <= last && digitsOf(given["parent-snapshot-id"]) !== undefined)
    throw new IcebergError(
      "CommitFailedException",
      `Cannot add snapshot with sequence number ${sequenceNumber} older than last sequence number ${last}`,
    );
  draft.addedSnapshots.add(digitsOf(id) ?? "");
  change(draft, {
    "last-sequence-number": sequenceNumber,
    snapshots: [...metadata.snapshots, given as unknown as Snapshot],
  });
}

export function setRef(draft: Draft, name: string, given: JsonObject, now: number): void {
  const { metadata } = draft;
  const id = long(given, "snapshot-id");
  const type = text(given, "type");
  const snapshot = metadata.snapshots.find((one) => sameId(one["snapshot-id"], id));
  if (snapshot === undefined) throw invalid(`Cannot set ${name} to unknown snapshot: ${digitsOf(id) ?? ""}`);
  if (type !== "branch" && (type !== "tag" || name === MAIN))
    throw invalid(`Cannot set ${name} to a ${type.slice(0, 100)}`);
  const { action: _action, "ref-name": _name, ...ref } = given;
  const before = Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
  change(draft, { refs: { ...metadata.refs, [name]: ref as unknown as SnapshotRef } });
  if (name !== MAIN || sameId(before?.["snapshot-id"], id)) return;
  const isAdded = draft.addedSnapshots.has(digitsOf(id) ?? "");
  const at = isAdded ? snapshot["timestamp-ms"] : now;
  change(draft, {
    "current-snapshot-id": id,
    "snapshot-log": [...metadata["snapshot-log"], { "timestamp-ms": at, "snapshot-id": id }],
  });
}

export function removeRef(draft: Draft, name: string): void {
  const { [name]: _removed, ...refs } = draft.metadata.refs;
  change(draft, { refs, ...(name === MAIN ? { "current-snapshot-id": -1 } : {}) });
}

/** Refs of a removed snapshot go with it, and its statistics. */
export function removeSnapshots(draft: Draft, ids: readonly unknown[]): void {
  const gone = new Set(ids.map(digitsOf));
  const isGone = (one: JsonObject): boolean => gone.has(digitsOf(one["snapshot-id"]));
  const { metadata } = draft;
  change(draft, {
    snapshots: metadata.snapshots.filter((one) => !isGone(one)),
    statistics: metadata.statistics.filter((one) => !isGone(one)),
    "partition-statistics": metadata["partition-statistics"].filter((one) => !isGone(one)),
  });
  for (const [name, ref] of Object.entries(metadata.refs)) if (isGone(ref)) removeRef(draft, name);
  change(draft, { "snapshot-log": withoutGaps(draft.metadata) });
}

/** History before a removed snapshot is dropped: what is left would claim that its predecessor was current in its time. */
function withoutGaps({ snapshots, "snapshot-log": log }: TableMetadata): TableMetadata["snapshot-log"] {
  const kept = new Set(snapshots.map((one) => digitsOf(one["snapshot-id"])));
  const lastGap = log.findLastIndex((entry) => !kept.has(digitsOf(entry["snapshot-id"])));
  return log.slice(lastGap + 1);
}

/** A table as `snapshots=refs` shows it: only the snapshots that a branch or a tag names. */
export function withRefsOnly(metadata: TableMetadata): TableMetadata {
  const named = new Set(Object.values(metadata.refs).map((ref) => digitsOf(ref["snapshot-id"])));
  return {
    ...metadata,
    snapshots: metadata.snapshots.filter((one) => named.has(digitsOf(one["snapshot-id"]))),
  };
}
