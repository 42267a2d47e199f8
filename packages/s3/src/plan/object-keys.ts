import type { Batch } from "@kinesis-connectors/core";
import { defaultNameOf, objectKey, ownNameOf, shardRangeNameOf } from "../requests.js";
import type { EmitterSettings } from "../settings.js";
import type { ObjectBatching } from "./object-batching.js";

/** The keys of a batch's objects: a function that gives each partition its own. Several share a folder only where the format keeps groups apart. */
export function keysOf<Output>(
  batch: Batch<Output>,
  { folderOf, hasFolders }: ObjectBatching<Output>,
  { key, prefix, extension }: EmitterSettings<Output>,
): (partition: string) => string {
  const counts = new Map<string, number>();
  const nameIn = (folder: string): string => {
    if (hasFolders) return `${folder}/${shardRangeNameOf(batch)}`;
    return key === undefined ? defaultNameOf(batch) : ownNameOf(batch, key);
  };
  return (partition) => {
    const folder = folderOf(partition);
    const nth = (counts.get(folder) ?? 0) + 1;
    counts.set(folder, nth);
    return objectKey(prefix, `${nameIn(folder)}${nth === 1 ? "" : `_${nth}`}`, extension);
  };
}
