import {
  type AttributeValue,
  CreateTableCommand,
  type DynamoDBClient,
  paginateScan,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { Order } from "./orders.js";

/** Creates the table and waits for it. */
export async function createTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    }),
  );
  await waitUntilTableExists(
    { client, minDelay: 0.05, maxDelay: 0.5, maxWaitTime: 30 },
    { TableName: table },
  );
}

/** Reads the whole table back, as any reader of it would. */
export async function readOrders(client: DynamoDBClient, table: string): Promise<Order[]> {
  const orders: Order[] = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
    for (const item of page.Items ?? []) orders.push(orderOf(item));
  return orders;
}

function orderOf(item: Readonly<Record<string, AttributeValue>>): Order {
  const text = (name: string): string => item[name]?.S ?? "";
  const status = text("status");
  return {
    id: text("id"),
    version: Number(item["version"]?.N),
    // What is no status is compared with one, and found to differ.
    status: status as Order["status"],
    customer: text("customer"),
    total: Number(item["total"]?.N),
    lines: (item["lines"]?.L ?? []).map(({ M }) => ({
      product: M?.["product"]?.S ?? "",
      quantity: Number(M?.["quantity"]?.N),
    })),
  };
}
