import { type Batch, type BufferEntry, KinesisConnectorError } from "@kinesis-connectors/core";
import type { GatheredObjects } from "../encoding/gathered-objects.js";
import { codeRoutes, readRoutes } from "./place-routes.js";
import { idsSha256Of, type S3Place, type S3Plan } from "../requests.js";

/** An object of a batch: its place, and the entries that it holds. */
export interface PlannedObject<Output> {
  readonly place: S3Place;
  readonly entries: readonly BufferEntry<Output>[];
}

/** Which entries go into one object: equal names share one. */
type PartitionOf<Output> = (entry: BufferEntry<Output>) => string;

/**
 * Plans one object per partition, in the order in which partitions appear. With several objects the place of each entry is planned as well: an heir
 * obeys it, and computes no partition again.
 */
export function planObjects<Output>(
  batch: Batch<Output>,
  partitionOf: PartitionOf<Output>,
  keyOf: (partition: string) => string,
): S3Plan {
  const lists = new Map<string, { readonly index: number; readonly entries: BufferEntry<Output>[] }>();
  const indexes: number[] = [];
  for (const entry of batch.entries) {
    const partition = partitionOf(entry);
    let list = lists.get(partition);
    if (list === undefined) {
      list = { index: lists.size, entries: [] };
      lists.set(partition, list);
    }
    list.entries.push(entry);
    indexes.push(list.index);
  }
  const places: S3Place[] = [];
  for (const [partition, { entries }] of lists) places.push(placeOf(keyOf(partition), entries));
  return places.length > 1 ? { places, routes: codeRoutes(indexes) } : { places };
}

/** The same plan for outputs that were gathered: they are in their objects already. */
export function planGathered(
  { objects, routes }: GatheredObjects,
  keyOf: (partition: string) => string,
): S3Plan {
  const places = objects.map(({ partition, recordCount, idsSha256 }): S3Place => {
    return { key: keyOf(partition), recordCount, idsSha256 };
  });
  return places.length > 1 ? { places, routes } : { places };
}

/**
 * The objects of a planned batch that have entries.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the batch has other entries than were planned
 */
export function objectsOf<Output>(plan: S3Plan, batch: Batch<Output>): readonly PlannedObject<Output>[] {
  const { places, routes } = plan;
  const [only] = places;
  // The one place takes whatever the batch has: an heir whose filter says otherwise by now writes what is left.
  if (routes === undefined) return only === undefined ? [] : [{ place: only, entries: batch.entries }];
  const lists: BufferEntry<Output>[][] = places.map(() => []);
  routed(routes, places.length, batch).forEach((index, at) => {
    lists[index]?.push(batch.entries[at] as BufferEntry<Output>);
  });
  return places.flatMap((place, index) => {
    const entries = lists[index] ?? [];
    return entries.length === 0 ? [] : [{ place, entries }];
  });
}

/** The same places without the entries that are not in `kept`. Places stay where they are, also when nothing is left for them. */
export function planWithout<Output>(
  plan: S3Plan,
  batch: Batch<Output>,
  kept: ReadonlySet<BufferEntry<Output>>,
): S3Plan {
  const { places, routes } = plan;
  if (routes === undefined) return plan;
  const lists: BufferEntry<Output>[][] = places.map(() => []);
  const indexes: number[] = [];
  routed(routes, places.length, batch).forEach((index, at) => {
    const entry = batch.entries[at] as BufferEntry<Output>;
    if (!kept.has(entry)) return;
    indexes.push(index);
    lists[index]?.push(entry);
  });
  return {
    places: places.map(({ key }, index) => placeOf(key, lists[index] ?? [])),
    routes: codeRoutes(indexes),
  };
}

function placeOf(key: string, entries: readonly BufferEntry<unknown>[]): S3Place {
  return { key, recordCount: entries.length, idsSha256: idsSha256Of(entries) };
}

/** The place of each entry of the batch. */
function routed(routes: string, placeCount: number, batch: Batch<unknown>): readonly number[] {
  const planned = readRoutes(routes, placeCount);
  const { length } = batch.entries;
  // Retention takes records from the start of a range: what is left are the last ones.
  if (planned.length === length || (batch.gap && planned.length > length))
    return planned.slice(planned.length - length);
  throw new KinesisConnectorError(
    "KC_REPLAY_DIFFERS",
    `${batch.shardId}: the batch was planned with ${planned.length} entries and now has ${length}: run the pipeline that prepared it once more`,
  );
}
