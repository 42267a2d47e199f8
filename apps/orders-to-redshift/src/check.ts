import type { Order } from "./orders.js";

/** What a table, or a stream, comes to: enough to notice a row that is missing, twice, or not what was put. */
export interface Totals {
  readonly rows: number;
  readonly ids: number;
  readonly idSum: number;
  readonly quantities: number;
  readonly cents: number;
  readonly textCharacters: number;
}

/** How a table compares with what was put into the stream. */
export interface TableCheck {
  readonly put: Totals;
  readonly landed: Totals;
}

/** The totals of the orders that were put. */
export function totalsOf(orders: Iterable<Order>): Totals {
  let rows = 0;
  let idSum = 0;
  let quantities = 0;
  let cents = 0;
  let textCharacters = 0;
  for (const order of orders) {
    rows += 1;
    idSum += order.id;
    quantities += order.quantity * order.id;
    cents += order.total_cents;
    textCharacters += order.customer.length + order.product.length;
  }
  return { rows, ids: rows, idSum, quantities, cents, textCharacters };
}

/** The same totals as SQL. */
export const TOTALS_SQL: string =
  "SELECT COUNT(*) AS rows, COUNT(DISTINCT id) AS ids, SUM(id) AS id_sum, SUM(quantity * id) AS quantities, " +
  "SUM(total_cents) AS cents, SUM(LEN(customer) + LEN(product)) AS text_characters FROM orders";

/** Reads the row of `TOTALS_SQL`. */
export function totalsFrom(row: Readonly<Record<string, string | null>> | undefined): Totals {
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    rows: number("rows"),
    ids: number("ids"),
    idSum: number("id_sum"),
    quantities: number("quantities"),
    cents: number("cents"),
    textCharacters: number("text_characters"),
  };
}

/** Whether the table holds what was put, each order once. */
export function isRight({ put, landed }: TableCheck): boolean {
  return (
    landed.rows === put.rows &&
    landed.ids === put.ids &&
    landed.idSum === put.idSum &&
    landed.quantities === put.quantities &&
    landed.cents === put.cents &&
    landed.textCharacters === put.textCharacters
  );
}
