import { pick, seededNumbers } from "@kinesis-connectors/app-sample";

/** One order, as it travels in the stream and as it stands in the table. */
export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly product: string;
  readonly quantity: number;
  readonly total: number;
  readonly placedAt: string;
}

const PRODUCTS = ["lamp", 'chair "Oslo"', "table {oak}", "shelf, white", "rug\\mat"];
const FIRST_ORDER_MS = Date.UTC(2026, 0, 1);
/** One order in so many is of nothing, which the table does not take. */
const REFUSED_EVERY = 500;

/** Whether the table takes an order. */
export function isTaken({ quantity }: Order): boolean {
  return quantity > 0;
}

/** Generates orders with the ids 1, 2, 3 ...; the same seed gives the same. */
export function* ordersOf(count: number, seed: number): Generator<Order, void> {
  const next = seededNumbers(seed);
  for (let id = 1; id <= count; id += 1) {
    const quantity = id % REFUSED_EVERY === 0 ? 0 : 1 + Math.floor(next() * 4);
    yield {
      id,
      customer: `customer-${Math.floor(next() * 5_000)}`,
      product: pick(next, PRODUCTS) ?? "lamp",
      quantity,
      total: (quantity * Math.floor(next() * 10_000)) / 100,
      placedAt: new Date(FIRST_ORDER_MS + id * 1_000).toISOString(),
    };
  }
}
