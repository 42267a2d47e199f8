import { compareUtf8 } from "../store/object-store.js";

/** What ListObjectsV2 selects by. */
export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** Keys after this one. */
  readonly startAfter: string;
  /** Keys and common prefixes in one page. */
  readonly maxKeys: number;
}

/** One page of keys. */
export interface ListPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page: where the next page starts after. */
  readonly last: string;
}

/**
 * Cuts one page out of sorted keys.
 *
 * A common prefix counts as one entry and is told once over all pages: a page that starts after a common prefix
 * skips every key under it.
 *
 * @param sortedKeys in the order of their UTF-8 bytes
 */
export function listPage(sortedKeys: readonly string[], query: ListQuery): ListPage {
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = query.startAfter;
  const start = firstAtOrAfter(
    sortedKeys,
    compareUtf8(query.startAfter, query.prefix) > 0 ? query.startAfter : query.prefix,
  );
  for (let index = start; index < sortedKeys.length; index += 1) {
    const key = sortedKeys[index] ?? "";
    if (!key.startsWith(query.prefix)) break;
    if (key === query.startAfter) continue;
    const common = commonPrefixOf(key, query);
    if (common !== undefined && (common === last || common === query.startAfter)) continue;
    if (keys.length + commonPrefixes.length === query.maxKeys) {
      // With max-keys=0 S3 answers an empty page that is not truncated.
      return { keys, commonPrefixes, truncated: query.maxKeys > 0, last };
    }
    if (common === undefined) keys.push(key);
    else commonPrefixes.push(common);
    last = common ?? key;
  }
  return { keys, commonPrefixes, truncated: false, last };
}

function commonPrefixOf(key: string, query: ListQuery): string | undefined {
  if (query.delimiter === "") return undefined;
  const at = key.indexOf(query.delimiter, query.prefix.length);
  return at === -1 ? undefined : key.slice(0, at + query.delimiter.length);
}

function firstAtOrAfter(sortedKeys: readonly string[], text: string): number {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(sortedKeys[middle] ?? "", text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
