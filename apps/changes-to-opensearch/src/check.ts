import { askOpenSearch } from "@kinesis-connectors/app-sample";
import type { Order } from "./changes.js";
import type { OrderDocument } from "./pipeline.js";

/** Ids asked for in one search: a result window holds 10,000. */
const IDS_PER_SEARCH = 5_000;

/** How an index compares with the table. */
export interface ChangesCheck {
  /** Orders of the table that are not in the index, or not in their last version. */
  readonly wrong: number;
  /** Documents that do not say that they were removed, of orders that the table does not hold. */
  readonly unexpected: number;
}

/** Asks the index for every order that ever was. */
export async function checkChanges(
  node: string,
  index: string,
  ids: readonly string[],
  table: ReadonlyMap<string, Order>,
): Promise<ChangesCheck> {
  await askOpenSearch(`${node}/${index}/_refresh`, {});
  const found = new Map<string, OrderDocument>();
  for (let at = 0; at < ids.length; at += IDS_PER_SEARCH) {
    const values = ids.slice(at, at + IDS_PER_SEARCH);
    const answer = (await askOpenSearch(`${node}/${index}/_search`, {
      query: { ids: { values } },
      size: values.length,
    })) as {
      readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: OrderDocument }[] };
    };
    for (const { _id, _source } of answer.hits.hits) found.set(_id, _source);
  }
  let wrong = 0;
  let unexpected = 0;
  for (const id of ids) {
    const order = table.get(id);
    const document = found.get(id);
    if (order === undefined) unexpected += document?.isRemoved === true ? 0 : 1;
    else if (
      document?.isRemoved !== false ||
      document.revision !== order.revision ||
      document.total !== order.total
    )
      wrong += 1;
  }
  return { wrong, unexpected };
}
