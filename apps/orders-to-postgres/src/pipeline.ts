import { type DeadLetter, definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { postgresEmitter, type PostgresPlan } from "@kinesis-connectors/postgres";
import type { Order } from "./orders.js";

/** The database that orders go to. */
export interface OrderDatabase {
  /** `postgres://user:password@host:5432/database` */
  readonly url: string;
  /** One where all connections share one session, as PGlite's do. */
  readonly maxConnections: number;
}

/** An order as a row: fields have the names of columns. */
interface OrderRow extends Omit<Order, "placedAt"> {
  readonly placed_at: string;
}

/** Each order is a row; what the table does not take is a row of another one, with the reason. */
export function ordersPipeline({
  url,
  maxConnections,
}: OrderDatabase): Pipeline<Order, OrderRow, PostgresPlan, PostgresPlan> {
  const database = { connection: url, maxConnections };
  return definePipeline({
    transformer: json<Order>().to(({ placedAt, ...order }) => ({ ...order, placed_at: placedAt })),
    buffer: { maxRecords: 5_000, maxAgeMs: 500 },
    emitter: postgresEmitter<OrderRow>({
      ...database,
      table: "orders",
      columns: {
        id: "bigint",
        customer: "text",
        product: "text",
        quantity: "integer",
        total: "numeric",
        placed_at: "timestamptz",
      },
    }),
    deadLetters: postgresEmitter<DeadLetter>({
      ...database,
      table: "dead_letters",
      columns: {
        shardId: "text",
        sequenceNumber: "numeric",
        errorCode: "text",
        errorMessage: "text",
        data: "text",
      },
    }),
  });
}
