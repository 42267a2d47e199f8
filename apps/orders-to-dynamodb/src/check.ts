import type { Order } from "./orders.js";

/** How a table compares with what was put into the stream. */
export interface TableCheck {
  /** Orders that were put, each once however many versions it has. */
  readonly orders: number;
  readonly items: number;
  /** Orders without an item. */
  readonly missing: number;
  /** Items that are not the last version of their order. */
  readonly stale: number;
  /** Items of which no order is known. */
  readonly unexpected: number;
}

/** An order's content as a text. `kcPosition` and the sequence of attributes do not belong to it. */
function contentOf({ id, version, status, customer, total, lines }: Order): string {
  const texts = lines.map(({ product, quantity }) => `${product} ${quantity}`);
  return JSON.stringify([id, version, status, customer, total, texts]);
}

/** Compares the last version of each order with the items of the table. */
export function checkTable(versions: Iterable<Order>, items: readonly Order[]): TableCheck {
  const last = new Map<string, string>();
  for (const order of versions) last.set(order.id, contentOf(order));
  const found = new Set<string>();
  let stale = 0;
  let unexpected = 0;
  for (const item of items) {
    const expected = last.get(item.id);
    if (expected === undefined) unexpected += 1;
    else if (expected !== contentOf(item)) stale += 1;
    found.add(item.id);
  }
  const missing = [...last.keys()].filter((id) => !found.has(id)).length;
  return { orders: last.size, items: items.length, missing, stale, unexpected };
}

/** Whether the table is what the stream says. */
export function isRight({ orders, items, missing, stale, unexpected }: TableCheck): boolean {
  return orders === items && missing === 0 && stale === 0 && unexpected === 0;
}
