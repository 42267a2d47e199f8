import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import type { ArchivedRecord } from "./records.js";

/** What is in the bucket, against what was put. */
export interface Comparison {
  readonly put: number;
  readonly landed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
}

/** Compares record by record; what was never put counts as duplicated: it landed once too often. */
export function compare(aws: LocalAws, bucket: string, sent: ReadonlySet<string>): Comparison {
  const times = new Map<string, number>();
  const furthest = new Map<string, ArchivedRecord>();
  let landed = 0;
  let outOfOrder = 0;
  for (const { shardId, records } of objectsInOrder(aws, bucket)) {
    for (const record of records) {
      landed += 1;
      times.set(record.id, (times.get(record.id) ?? 0) + 1);
      const before = furthest.get(shardId);
      if (before !== undefined && isBefore(record, before)) outOfOrder += 1;
      else furthest.set(shardId, record);
    }
  }
  const lost = [...sent].filter((id) => !times.has(id)).length;
  const known = [...times].filter(([id]) => sent.has(id)).length;
  return { put: sent.size, landed, lost, duplicated: landed - known, outOfOrder };
}

/** How many of the records that were put have landed. */
export function countLanded(aws: LocalAws, bucket: string): number {
  return new Set(objectsInOrder(aws, bucket).flatMap(({ records }) => records.map(({ id }) => id))).size;
}

interface Archived {
  readonly shardId: string;
  readonly records: readonly ArchivedRecord[];
}

/** The objects of each shard in the order of the ranges that their keys name; without the one that the emitter has tried the store with. */
function objectsInOrder(aws: LocalAws, bucket: string): readonly Archived[] {
  return [...aws.s3.objects(bucket)]
    .filter(({ key }) => !/(?:^|\/)_[^/]*$/.test(key))
    .map(({ key, body }) => {
      const [shardId = "", range = ""] = key.split("/").slice(-2);
      const records = body
        .toString()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as ArchivedRecord);
      return { shardId, first: /^\d+/.exec(range)?.[0] ?? "", records };
    })
    .toSorted((a, b) => compareSequenceNumbers(a.first, b.first) || compareFirst(a.records[0], b.records[0]));
}

function compareFirst(a: ArchivedRecord | undefined, b: ArchivedRecord | undefined): number {
  return (a?.subSequenceNumber ?? 0) - (b?.subSequenceNumber ?? 0);
}

function isBefore(a: ArchivedRecord, b: ArchivedRecord): boolean {
  const order = compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber);
  return order < 0 || (order === 0 && a.subSequenceNumber <= b.subSequenceNumber);
}
