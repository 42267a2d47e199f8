import { type Batch, type BufferEntry, KinesisConnectorError } from "@kinesis-connectors/core";
import type { EncodedObjects } from "../encoding/encoded-objects.js";
import { codeIndexes, readIndexes } from "./object-indexes.js";
import { idsSha256Of, type S3PlannedObject, type S3Plan } from "../requests.js";

/** An object of a batch: what was planned, and the entries that it holds. */
export interface PlannedObject<Output> {
  readonly planned: S3PlannedObject;
  readonly entries: readonly BufferEntry<Output>[];
}

/** Which entries go into one object: equal names share one. */
type PartitionOf<Output> = (entry: BufferEntry<Output>) => string;

/**
 * Plans one object per partition, in the order in which partitions appear. With several objects the object of each entry is planned as well: the next owner
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
  const places: S3PlannedObject[] = [];
  for (const [partition, { entries }] of lists) places.push(plannedObjectOf(keyOf(partition), entries));
  return places.length > 1 ? { places, routes: codeIndexes(indexes) } : { places };
}

/** The same plan for outputs that were encoded: they are in their objects already. */
export function planEncoded(
  { objects, indexes }: EncodedObjects,
  keyOf: (partition: string) => string,
): S3Plan {
  const places = objects.map(({ partition, recordCount, idsSha256 }): S3PlannedObject => {
    return { key: keyOf(partition), recordCount, idsSha256 };
  });
  return places.length > 1 ? { places, routes: indexes } : { places };
}

/**
 * The objects of a planned batch that have entries.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the batch has other entries than were planned
 */
export function objectsOf<Output>(plan: S3Plan, batch: Batch<Output>): readonly PlannedObject<Output>[] {
  const { places, routes } = plan;
  const [only] = places;
  // The one object takes whatever the batch has: a next owner whose filter says otherwise by now writes what is left.
  if (routes === undefined) return only === undefined ? [] : [{ planned: only, entries: batch.entries }];
  const lists: BufferEntry<Output>[][] = places.map(() => []);
  indexesOf(routes, places.length, batch).forEach((index, at) => {
    lists[index]?.push(batch.entries[at] as BufferEntry<Output>);
  });
  return places.flatMap((planned, index) => {
    const entries = lists[index] ?? [];
    return entries.length === 0 ? [] : [{ planned, entries }];
  });
}

/** The same objects without the entries that are not in `kept`. Objects keep their keys, also when nothing is left for them. */
export function planWithout<Output>(
  plan: S3Plan,
  batch: Batch<Output>,
  kept: ReadonlySet<BufferEntry<Output>>,
): S3Plan {
  const { places, routes } = plan;
  if (routes === undefined) return plan;
  const lists: BufferEntry<Output>[][] = places.map(() => []);
  const indexes: number[] = [];
  indexesOf(routes, places.length, batch).forEach((index, at) => {
    const entry = batch.entries[at] as BufferEntry<Output>;
    if (!kept.has(entry)) return;
    indexes.push(index);
    lists[index]?.push(entry);
  });
  return {
    places: places.map(({ key }, index) => plannedObjectOf(key, lists[index] ?? [])),
    routes: codeIndexes(indexes),
  };
}

function plannedObjectOf(key: string, entries: readonly BufferEntry<unknown>[]): S3PlannedObject {
  return { key, recordCount: entries.length, idsSha256: idsSha256Of(entries) };
}

/** The object of each entry of the batch, by its index. */
function indexesOf(routes: string, objectCount: number, batch: Batch<unknown>): readonly number[] {
  const planned = readIndexes(routes, objectCount);
  const { length } = batch.entries;
  // Retention takes records from the start of a range: what is left are the last ones.
  if (planned.length === length || (batch.gap && planned.length > length))
    return planned.slice(planned.length - length);
  throw new KinesisConnectorError(
    "KC_REPLAY_DIFFERS",
    `${batch.shardId}: the batch was planned with ${planned.length} entries and now has ${length}: run the pipeline that prepared it once more`,
  );
}
