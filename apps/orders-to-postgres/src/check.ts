import { isTaken, type Order } from "./orders.js";

/** How the tables compare with what was put into the stream. */
export interface TableCheck {
  readonly put: number;
  /** Rows in the table. */
  readonly landed: number;
  /** Orders that are neither a row nor, where the table does not take them, a dead letter. */
  readonly lost: number;
  /** Rows and dead letters beyond the first of an order. */
  readonly duplicated: number;
  /** Rows that are not what was put, or of an order that never was. */
  readonly wrong: number;
  readonly deadLetters: number;
}

/**
 * Compares what was put with the rows of both tables.
 *
 * @param letters ids of the orders among the dead letters
 */
export function checkTables(
  orders: Iterable<Order>,
  rows: readonly Order[],
  letters: readonly number[],
): TableCheck {
  const byId = new Map<number, Order>();
  for (const order of orders) byId.set(order.id, order);
  const found = new Set<number>();
  let duplicated = 0;
  let wrong = 0;
  const find = (id: number): void => {
    if (found.has(id)) duplicated += 1;
    found.add(id);
  };
  for (const row of rows) {
    const order = byId.get(row.id);
    if (order === undefined || !isTaken(order) || contentOf(order) !== contentOf(row)) wrong += 1;
    find(row.id);
  }
  for (const id of letters) {
    const order = byId.get(id);
    if (order === undefined || isTaken(order)) wrong += 1;
    find(id);
  }
  const lost = [...byId.keys()].filter((id) => !found.has(id)).length;
  return { put: byId.size, landed: rows.length, lost, duplicated, wrong, deadLetters: letters.length };
}

/** Whether every order is there once, as it was put. */
export function isRight({ lost, duplicated, wrong }: TableCheck): boolean {
  return lost === 0 && duplicated === 0 && wrong === 0;
}

function contentOf({ id, customer, product, quantity, total, placedAt }: Order): string {
  return JSON.stringify([id, customer, product, quantity, total, placedAt]);
}
