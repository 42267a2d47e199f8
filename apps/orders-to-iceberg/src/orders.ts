import { pick, type RecordOfStream, seededNumbers } from "@kinesis-connectors/app-sample";

/** One order, as it travels in the stream and as it stands in the table. */
export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly product: string;
  readonly quantity: number;
  readonly total: string;
  readonly placed_at: string;
}

const PRODUCTS = ["lamp", "chair", "table", "shelf", "rug"];
const FIRST_ORDER_MS = Date.UTC(2026, 0, 1);
/** Twenty thousand orders are of three days. */
const MS_BETWEEN_ORDERS = 13_000;

/** Generates orders with the ids 0, 1, 2 ...; the same seed gives the same. */
export function* ordersOf(count: number, seed: number): Generator<RecordOfStream, void> {
  const next = seededNumbers(seed);
  for (let id = 0; id < count; id += 1) {
    const quantity = 1 + Math.floor(next() * 4);
    const order: Order = {
      id,
      customer: `customer-${Math.floor(next() * 5_000)}`,
      product: pick(next, PRODUCTS) ?? "lamp",
      quantity,
      total: (quantity * next() * 100).toFixed(2),
      placed_at: new Date(FIRST_ORDER_MS + id * MS_BETWEEN_ORDERS).toISOString(),
    };
    yield { partitionKey: String(id), data: JSON.stringify(order) };
  }
}
