import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import type { FleetEvent } from "./fleet.js";
import type { LandedRecord } from "./protocol.js";

/** What is in the bucket, against what is in the stream. */
export interface Comparison {
  readonly put: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
}

/** Compares record by record, by shard and sequence number. A record that was never put counts as duplicated: it landed once too often. */
export function compare(aws: LocalAws, stream: string, bucket: string): Comparison {
  const landed = new Map<string, number>();
  const furthest = new Map<string, string>();
  let delivered = 0;
  let outOfOrder = 0;
  for (const { shardId, record } of landedRecords(aws, bucket)) {
    delivered += 1;
    const place = `${shardId} ${record.sequenceNumber} ${record.id}`;
    landed.set(place, (landed.get(place) ?? 0) + 1);
    const before = furthest.get(shardId);
    if (before !== undefined && compareSequenceNumbers(record.sequenceNumber, before) < 0) outOfOrder += 1;
    else furthest.set(shardId, record.sequenceNumber);
  }
  let put = 0;
  let lost = 0;
  for (const { shardId, sequenceNumber, data } of aws.kinesis.records(stream)) {
    put += 1;
    const { id } = JSON.parse(data.toString()) as { id: number };
    const place = `${shardId} ${sequenceNumber} ${id}`;
    const times = landed.get(place) ?? 0;
    if (times === 0) lost += 1;
    else landed.set(place, times - 1);
  }
  let duplicated = 0;
  for (const times of landed.values()) duplicated += times;
  return { put, delivered, lost, duplicated, outOfOrder };
}

/** Every line of every object, shard by shard, objects in the order of the ranges that their keys name. */
function* landedRecords(
  aws: LocalAws,
  bucket: string,
): Generator<{ shardId: string; record: LandedRecord }, void> {
  const objects = objectsOf(aws, bucket).map(({ key, body }) => {
    const [shardId = "", range = ""] = key.split("/").slice(-2);
    return { shardId, first: /^\d+/.exec(range)?.[0] ?? "", body };
  });
  objects.sort((a, b) => compareSequenceNumbers(a.first, b.first));
  for (const { shardId, body } of objects) {
    for (const line of body.toString().split("\n")) {
      if (line !== "") yield { shardId, record: JSON.parse(line) as LandedRecord };
    }
  }
}

/** All but the one that the emitter tried the store with, whose name begins with an underscore. */
function objectsOf(aws: LocalAws, bucket: string) {
  return [...aws.s3.objects(bucket)].filter(({ key }) => !/(?:^|\/)_[^/]*$/.test(key));
}

/** Distinct records in the bucket, for waiting until all have landed. */
export function countLanded(aws: LocalAws, bucket: string): number {
  let count = 0;
  for (const { body } of objectsOf(aws, bucket)) count += body.toString().split("\n").length - 1;
  return count;
}

/**
 * Commits by a worker that was no longer the owner: in the order of the checkpoints of a shard, a worker's commit after another
 * worker's one, without having started the shard again in between. None must ever happen.
 */
export function leaseOverlaps(events: readonly FleetEvent[]): number {
  const shards = new Map<string, FleetEvent[]>();
  for (const event of events) {
    const known = shards.get(event.shardId);
    if (known === undefined) shards.set(event.shardId, [event]);
    else known.push(event);
  }
  let overlaps = 0;
  for (const heard of shards.values()) {
    const starts = (worker: number, beforeMs: number): number =>
      heard.filter(
        (event) => event.type === "shard-start" && event.worker === worker && event.atMs <= beforeMs,
      ).length;
    const commits = heard.filter((event) => event.type === "checkpoint-commit");
    commits.sort((a, b) => compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber));
    const epochs = new Map<number, number>();
    let owner: number | undefined;
    for (const { worker, atMs } of commits) {
      const epoch = starts(worker, atMs);
      if (owner !== undefined && owner !== worker && epochs.get(worker) === epoch) overlaps += 1;
      epochs.set(worker, epoch);
      owner = worker;
    }
  }
  return overlaps;
}

/** The longest time between a worker's death and another one's start on a shard that the dead one had. */
export function longestTakeoverMs(
  events: readonly FleetEvent[],
  deaths: readonly { worker: number; atMs: number }[],
): number {
  let longest = 0;
  for (const death of deaths) {
    const held = new Set<string>();
    for (const event of events) {
      if (event.worker !== death.worker) continue;
      if (event.type === "shard-start") held.add(event.shardId);
      if (event.type === "shard-stop" || event.type === "shard-end") held.delete(event.shardId);
    }
    for (const shardId of held) {
      const next = events.find(
        (event) => event.type === "shard-start" && event.shardId === shardId && event.atMs > death.atMs,
      );
      if (next !== undefined) longest = Math.max(longest, next.atMs - death.atMs);
    }
  }
  return longest;
}
