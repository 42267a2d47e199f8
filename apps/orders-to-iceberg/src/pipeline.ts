import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { icebergEmitter, type IcebergPlan, restCatalog } from "@kinesis-connectors/iceberg";
import type { LocalClientOptions } from "@kinesis-connectors/local";
import type { Order } from "./orders.js";

/** Where the table is. */
export interface Table {
  readonly catalogUri: string;
  readonly storage: LocalClientOptions;
}

export const NAMESPACE = "sales";
export const NAME = "orders";

/** Appends each order to the table, one partition for each day. */
export function ordersPipeline({ catalogUri, storage }: Table): Pipeline<Order, Order, IcebergPlan> {
  return definePipeline({
    transformer: json<Order>(),
    buffer: { maxRecords: 500, maxAgeMs: 500 },
    emitter: icebergEmitter<Order>({
      catalog: restCatalog({ uri: catalogUri }),
      storage,
      table: `${NAMESPACE}.${NAME}`,
      columns: {
        id: { required: "int64" },
        customer: "string",
        product: "string",
        quantity: "int32",
        total: { decimal: [12, 2] },
        placed_at: { required: "timestamp" },
      },
      createTable: true,
      partitionBy: [{ column: "placed_at", transform: "day" }],
      // Old metadata files are of no use to anybody here.
      properties: { "write.metadata.delete-after-commit.enabled": "true" },
    }),
  });
}
