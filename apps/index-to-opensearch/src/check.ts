import { askOpenSearch } from "@kinesis-connectors/app-sample";

/** Ids asked for in one search: a result window holds 10,000. */
const IDS_PER_SEARCH = 5_000;

/** How an index compares with what was put into the stream. */
export interface IndexCheck {
  /** What `_count` says. */
  readonly count: number;
  /** Records of which no document has the id. */
  readonly missing: number;
}

/** Asks the indices for the number of documents, and for each id that should be there. */
export async function checkIndex(node: string, indices: string, ids: readonly string[]): Promise<IndexCheck> {
  await askOpenSearch(`${node}/${indices}/_refresh`, {});
  const { count } = (await askOpenSearch(`${node}/${indices}/_count`, {})) as { readonly count: number };
  const missing = new Set(ids);
  for (let at = 0; at < ids.length; at += IDS_PER_SEARCH) {
    const values = ids.slice(at, at + IDS_PER_SEARCH);
    const found = (await askOpenSearch(`${node}/${indices}/_search`, {
      query: { ids: { values } },
      size: values.length,
      _source: false,
    })) as { readonly hits: { readonly hits: readonly { readonly _id: string }[] } };
    for (const { _id } of found.hits.hits) missing.delete(_id);
  }
  return { count, missing: missing.size };
}
