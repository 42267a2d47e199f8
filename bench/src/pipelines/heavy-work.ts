import type { SetName } from "../data/data-sets.js";
import type { Order } from "../data/documents.js";
import { type Invoice, transform } from "../data/expected.js";

/** The set of the heavy work: an answer is a batch. */
export const HEAVY_SET: SetName = "1kb";

/**
 * How often a document is written and parsed on its way. Once, it would take little more than serving it does, and a server on one of two
 * cores would decide what two threads are worth.
 */
const TIMES = 10;

/** What is made of each document, once it has been parsed for the first time. */
export function heavy(order: Order): Invoice {
  let document = order;
  // The documents were written by JSON.stringify: each time, the text is that of the record.
  for (let time = 1; time < TIMES; time += 1) document = JSON.parse(JSON.stringify(document));
  return transform(document);
}
