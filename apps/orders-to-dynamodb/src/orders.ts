import { pick, seededNumbers } from "@kinesis-connectors/app-sample";

/** One version of an order, as it travels in the stream and as it stands in the table. */
export interface Order {
  readonly id: string;
  /** 1 for the first. */
  readonly version: number;
  readonly status: "placed" | "paid" | "packed" | "shipped" | "delivered";
  readonly customer: string;
  readonly total: number;
  readonly lines: readonly { readonly product: string; readonly quantity: number }[];
}

const STATUSES = ["placed", "paid", "packed", "shipped", "delivered"] as const;
const PRODUCTS = ["lamp", "chair", "table", "shelf", "rug"];

/** Generates orders and their later versions, mixed as a shop would send them; the same seed gives the same. */
export function* orderVersions(orders: number, seed: number): Generator<Order, void> {
  const next = seededNumbers(seed);
  const open: Order[] = [];
  let placed = 0;
  while (placed < orders || open.length > 0) {
    const isNew = placed < orders && (open.length === 0 || next() < 0.4);
    const index = isNew ? open.length : Math.floor(next() * open.length);
    const before = open[index];
    const order: Order =
      before === undefined
        ? newOrder(placed++, next)
        : {
            ...before,
            version: before.version + 1,
            status: STATUSES[before.version] ?? "delivered",
            total: Math.round(before.total * 100 + 50) / 100,
          };
    yield order;
    open[index] = order;
    // Some orders never come to their end.
    if (order.version === STATUSES.length || next() < 0.1) open.splice(index, 1);
  }
}

function newOrder(number: number, next: () => number): Order {
  const lines = Array.from({ length: 1 + Math.floor(next() * 3) }, () => ({
    product: pick(next, PRODUCTS) ?? "lamp",
    quantity: 1 + Math.floor(next() * 4),
  }));
  return {
    id: `order-${String(number).padStart(7, "0")}`,
    version: 1,
    status: "placed",
    customer: `customer-${Math.floor(next() * 5_000)}`,
    total: Math.round(next() * 50_000) / 100,
    lines,
  };
}
