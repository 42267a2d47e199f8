/** What one answer shows at most, and where the next one goes on. */
const MAX_ENTRIES = 1_000;
const MAX_BYTES: number = 4 * 1024 * 1024;

/** A part of what a delivery stream or a queue holds. */
export interface HeldPage {
  /** How many there are in all. */
  readonly count: number;
  /** What to give as `after` to see the rest; absent where this is the end. */
  readonly next?: number;
  readonly entries: readonly object[];
}

/** An entry as it is shown, and about the bytes that it takes. */
export interface HeldEntry {
  readonly shown: object;
  readonly bytes: number;
}

/**
 * The entries behind the first `after` ones: at most 1,000 of them, and of 4 MiB, but one in any case.
 * @param after of the request's query; what is no number begins at the first
 */
export function heldPage<Item>(
  items: readonly Item[],
  after: string | null,
  entryOf: (item: Item) => HeldEntry,
): HeldPage {
  const from = /^\d{1,15}$/.test(after ?? "") ? Number(after) : 0;
  const entries: object[] = [];
  let left = MAX_BYTES;
  for (let index = from; index < items.length && entries.length < MAX_ENTRIES; index += 1) {
    const { shown, bytes } = entryOf(items[index] as Item);
    if (entries.length > 0 && bytes > left) break;
    left -= bytes;
    entries.push(shown);
  }
  const end = from + entries.length;
  return { count: items.length, ...(end < items.length ? { next: end } : {}), entries };
}
