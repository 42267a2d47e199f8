import type { Batch, BufferEntry } from "./batch.js";
import { comparePositions, type Position } from "./record.js";

/**
 * The entries of a batch that lie past a position, in stream order: for emitters that keep the position of a shard beside its data, in one and the same
 * transaction. What lies at or before the position has been written, whoever wrote it and however its batches were cut. All entries of one position go
 * together, so a position never ends inside a record; the user records of an aggregated one have positions of their own.
 *
 * @param position what the destination holds of the shard; undefined when it holds nothing
 * @param batch as `emit` is given it, entries in stream order
 * @returns `batch.entries` itself where nothing is left out
 * @throws TypeError for an encoded batch, which cannot be cut
 *
 * @example
 * ```ts
 * const position = await readPosition(transaction, batch); // locks it until the transaction ends
 * await insert(transaction, entriesPast(position, batch));
 * await writePosition(transaction, batch.last);
 * ```
 */
export function entriesPast<Output>(
  position: Position | undefined,
  batch: Pick<Batch<Output>, "entries" | "encoded">,
): readonly BufferEntry<Output>[] {
  const { entries, encoded } = batch;
  if (encoded !== undefined)
    throw new TypeError("entriesPast was given an encoded batch: what is encoded cannot be cut");
  if (position === undefined) return entries;
  // The entries are in stream order: the first one past the position by halving, a few comparisons for thousands of entries.
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePositions((entries[middle] as BufferEntry<Output>).record, position) > 0) high = middle;
    else low = middle + 1;
  }
  return low === 0 ? entries : entries.slice(low);
}
