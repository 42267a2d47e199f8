import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  paginateScan,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { definePipeline, json, type Pipeline } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import type { AwsSetup } from "./protocol.js";

/** Visitors of whom the table keeps the last click. */
const VISITORS = 1_000;

interface Click {
  readonly id: number;
}

/** The last click of a visitor. */
interface Visitor {
  readonly visitor: string;
  readonly click: number;
}

/** The pipeline of the live connector and of the replay, both into a table of visitors. */
export function tablePipeline({
  dynamodb,
  table,
}: {
  readonly dynamodb: AwsSetup;
  readonly table: string;
}): Pipeline<Click, Visitor> {
  return definePipeline({
    transformer: json<Click>().to(({ id }) => ({ visitor: `visitor-${id % VISITORS}`, click: id })),
    buffer: { maxRecords: 1_000, maxAgeMs: 500 },
    emitter: dynamoDbEmitter<Visitor>({ ...dynamodb, table }),
  });
}

/** The tables of a local DynamoDB, as any client sees them. */
export class Tables {
  readonly #client: DynamoDBClient;

  constructor(dynamodb: AwsSetup) {
    this.#client = new DynamoDBClient(dynamodb);
  }

  /** Creates a table of visitors and waits for it. */
  async create(table: string): Promise<void> {
    await this.#client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "visitor", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "visitor", AttributeType: "S" }],
      }),
    );
    await waitUntilTableExists(
      { client: this.#client, minDelay: 0.05, maxDelay: 0.5, maxWaitTime: 30 },
      { TableName: table },
    );
  }

  /** All that is in a table, guards and all, by its visitors. */
  async items(table: string): Promise<ReadonlyMap<string, string>> {
    const items = new Map<string, string>();
    const pages = paginateScan({ client: this.#client }, { TableName: table, ConsistentRead: true });
    for await (const page of pages)
      for (const item of page.Items ?? []) items.set(item["visitor"]?.S ?? "", textOf(item));
    return items;
  }

  close(): void {
    this.#client.destroy();
  }
}

const textOf = (item: Readonly<Record<string, AttributeValue>>): string =>
  JSON.stringify(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Items of either that are not the same in the other. */
export function differing(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): number {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return [...keys].filter((key) => one.get(key) !== other.get(key)).length;
}
