import type { BulkDocument } from "./documents.js";

/** The documents of a batch that are still to be sent, grouped by what they are versions of. */
export interface Versions<Output> {
  /** What is to be sent now: the latest version of each document that is not settled. */
  readonly latest: () => readonly BulkDocument<Output>[];
  /** The version was taken, or has to wait, and the earlier ones with it. Returns all of them, in stream order. */
  readonly settle: (document: BulkDocument<Output>) => readonly BulkDocument<Output>[];
  /** The version will never be taken: the one before it is the latest now. */
  readonly drop: (document: BulkDocument<Output>) => BulkDocument<Output>;
}

/**
 * Collects versions. Only the last one of a batch is sent, because a later one leaves nothing of those before it; they are written with it.
 * `each`: every document is sent, for operations under which the first version stays.
 */
export function latestVersions<Output>(
  documents: readonly BulkDocument<Output>[],
  each: boolean,
): Versions<Output> {
  const open = new Map<string | BulkDocument<Output>, BulkDocument<Output>[]>();
  const keyOf = (document: BulkDocument<Output>): string | BulkDocument<Output> =>
    each ? document : document.key;
  for (const document of documents) {
    const key = keyOf(document);
    const versions = open.get(key);
    if (versions === undefined) open.set(key, [document]);
    else versions.push(document);
  }
  // What comes last in the stream is the latest, unless the records have versions of their own.
  for (const versions of open.values())
    if (versions.length > 1 && versions[0]?.rank !== undefined)
      versions.sort(({ rank: one = "" }, { rank: other = "" }) => (one < other ? -1 : one === other ? 0 : 1));
  return {
    latest: () => [...open.values()].map((versions) => versions.at(-1) as BulkDocument<Output>),
    settle: (document) => {
      const versions = open.get(keyOf(document)) ?? [];
      open.delete(keyOf(document));
      return versions;
    },
    drop: (document) => {
      const versions = open.get(keyOf(document));
      versions?.pop();
      if (versions?.length === 0) open.delete(keyOf(document));
      return document;
    },
  };
}
