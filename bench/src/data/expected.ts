import type { DataSet } from "./data-sets.js";
import type { Order } from "./documents.js";

/** What a full transform makes of an order. */
export interface Invoice {
  readonly pk: string;
  readonly cents: number;
  readonly customer: string;
  readonly note: string;
}

/** The map step of every full transform. */
export function transform(order: Order): Invoice {
  return {
    pk: `order#${order.id}`,
    cents: Math.round(order.total * 100),
    customer: order.customer,
    note: order.note,
  };
}

/** What must pass when records are read: their bytes, one behind the other. Plain code, far from any of the fast paths. */
export function payloads(set: DataSet): Buffer {
  return Buffer.concat(set.userRecords);
}

/** What must pass as NDJSON when records pass through. */
export function lines(set: DataSet): Buffer {
  return Buffer.concat(set.userRecords.flatMap((record) => [record, Buffer.from("\n")]));
}

/** The same for the filter, which keeps what is paid. */
export function filtered(set: DataSet): Buffer {
  const kept = set.userRecords.filter((record) => parsed(record).status === "paid");
  return lines({ ...set, userRecords: kept });
}

/** The same for the full transform, whose filter keeps everything. */
export function transformed(set: DataSet): Buffer {
  return Buffer.from(
    set.userRecords.map((record) => `${JSON.stringify(transform(parsed(record)))}\n`).join(""),
  );
}

/** The document in a record. */
export function parsed(record: Buffer): Order {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(record.toString("utf8")) as Order;
}
