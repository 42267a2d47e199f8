import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  paginateScan,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { Emitter } from "@kinesis-connectors/core";
import { dynamoDbEmitter, type DynamoDbEmitterOptions } from "@kinesis-connectors/dynamodb";
import { type FaultRule, type LocalAws, startLocalAws } from "@kinesis-connectors/local";

export const TABLE = "orders";

/** What most tests write. `customer` is the key of an index, so it must be a text. */
export interface Order {
  readonly id: string;
  readonly customer?: unknown;
  readonly [attribute: string]: unknown;
}

/** A local DynamoDB with one table, and what tests ask of it. */
export interface LocalDynamoDb extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly client: DynamoDBClient;
  readonly connection: ReturnType<LocalAws["clientOptions"]>;
  /** An emitter into the table. */
  readonly emitter: (options?: object) => Emitter<Order>;
  /** All items, by `id`. */
  readonly items: () => Promise<ReadonlyMap<string, Readonly<Record<string, AttributeValue>>>>;
  /** One attribute of each item, by `id`; undefined where it is missing. */
  readonly column: (attribute: string) => Promise<Readonly<Record<string, string | undefined>>>;
  /** `Operation status` of each call since the table was made, in order. */
  readonly calls: (operation?: string) => readonly string[];
  /** Adds a fault to writes. */
  readonly fault: (effect: FaultRule["effect"], rule?: Partial<FaultRule>) => string;
}

export const WRITES = ["BatchWriteItem", "PutItem", "UpdateItem"];

/** Starts it; the table has the key `id`, and a sort key where asked. */
export async function startDynamoDb(sortKey?: { name: string; type: "S" | "N" }): Promise<LocalDynamoDb> {
  const aws = await startLocalAws({ kinesis: false, s3: false, dynamodb: { tableDelayMs: 0 } });
  const connection = aws.clientOptions("dynamodb");
  const client = new DynamoDBClient(connection);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "id", KeyType: "HASH" },
        ...(sortKey === undefined ? [] : [{ AttributeName: sortKey.name, KeyType: "RANGE" as const }]),
      ],
      AttributeDefinitions: [
        { AttributeName: "id", AttributeType: "S" },
        { AttributeName: "customer", AttributeType: "S" },
        ...(sortKey === undefined ? [] : [{ AttributeName: sortKey.name, AttributeType: sortKey.type }]),
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-customer",
          KeySchema: [{ AttributeName: "customer", KeyType: "HASH" }],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  await waitUntilTableExists(
    { client, minDelay: 0.005, maxDelay: 0.05, maxWaitTime: 10 },
    { TableName: TABLE },
  );
  const after = aws.journal.last();
  const emitters: Emitter<Order>[] = [];

  const items: LocalDynamoDb["items"] = async () => {
    const found = new Map<string, Readonly<Record<string, AttributeValue>>>();
    for await (const page of paginateScan({ client }, { TableName: TABLE, ConsistentRead: true })) {
      for (const item of page.Items ?? [])
        found.set([item["id"]?.S, sortKey && Object.values(item[sortKey.name] ?? {})[0]].join("/"), item);
    }
    return new Map([...found].map(([key, item]) => [sortKey === undefined ? key.slice(0, -1) : key, item]));
  };

  return {
    aws,
    client,
    connection,
    emitter: (options = {}) => {
      // The tests of options give what no mode knows, on purpose.
      const given = { ...connection, table: TABLE, ...options } as DynamoDbEmitterOptions<Order>;
      const emitter = dynamoDbEmitter<Order>(given);
      emitters.push(emitter);
      return emitter;
    },
    items,
    column: async (attribute) => {
      const all = await items();
      return Object.fromEntries(
        [...all].map(([id, item]) => {
          const value = item[attribute];
          return [id, value?.S ?? value?.N];
        }),
      );
    },
    calls: (operation) =>
      aws.journal
        .entries({ after, ...(operation === undefined ? {} : { operation }) })
        .filter((entry) => entry.operation !== "Scan")
        .map((entry) => `${entry.operation} ${entry.status}`),
    fault: (effect, rule = {}) => aws.faults.add({ server: "dynamodb", operation: WRITES, ...rule, effect }),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      client.destroy();
      await aws.close();
    },
  };
}
