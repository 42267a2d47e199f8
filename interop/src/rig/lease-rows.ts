import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  DeleteItemCommand,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";

/** The key of the row that tells the mode of a fleet of KCL 3, as `cv`. */
export const MIGRATION_ROW = "Migration3.0";

/** A row as DynamoDB has it. */
export type Row = Readonly<Record<string, AttributeValue>>;

/** A lease, as far as a run looks at it. */
export interface LeaseSeen {
  readonly shard: string;
  /** The worker's name: what stands in front of the first colon of the owner. */
  readonly owner: string | undefined;
  /** The old owner of a lease that is being handed over. */
  readonly checkpointOwner: string | undefined;
  readonly checkpoint: string;
  /** The checkpoint's sub-sequence number. */
  readonly sub: number;
  readonly counter: number;
}

/** The tables of a run, read and written as an operator would. */
export class LeaseRows {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All rows, leases and others, in order of their key; none while there is no table. */
  async all(): Promise<readonly Row[]> {
    try {
      const { Items = [] } = await this.#client.send(
        new ScanCommand({ TableName: this.#table, ConsistentRead: true }),
      );
      return Items.toSorted((a, b) => textOf(a["leaseKey"]).localeCompare(textOf(b["leaseKey"])));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  }

  /** The rows that are leases. */
  async leases(): Promise<readonly LeaseSeen[]> {
    const rows = await this.all();
    return rows.filter((row) => row["leaseCounter"] !== undefined).map(leaseOf);
  }

  /** The names of all tables. */
  async tables(): Promise<readonly string[]> {
    return (await this.#client.send(new ListTablesCommand({}))).TableNames ?? [];
  }

  /** Makes the table as the KCL does, and waits for it. */
  async create(): Promise<void> {
    await this.#client.send(
      new CreateTableCommand({
        TableName: this.#table,
        KeySchema: [{ AttributeName: "leaseKey", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "leaseKey", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await waitUntilTableExists(
      { client: this.#client, minDelay: 0.01, maxDelay: 0.1, maxWaitTime: 30 },
      { TableName: this.#table },
    );
  }

  async put(row: Row): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item: row }));
  }

  async delete(leaseKey: string): Promise<void> {
    await this.#client.send(
      new DeleteItemCommand({ TableName: this.#table, Key: { leaseKey: { S: leaseKey } } }),
    );
  }

  /** Sets attributes of a row. */
  async set(leaseKey: string, attributes: Row): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { leaseKey: { S: leaseKey } },
        AttributeUpdates: Object.fromEntries(
          Object.entries(attributes).map(([name, Value]) => [name, { Action: "PUT", Value }]),
        ),
      }),
    );
  }
}

function leaseOf(row: Row): LeaseSeen {
  return {
    shard: textOf(row["leaseKey"]),
    owner: row["leaseOwner"] === undefined ? undefined : nameOf(textOf(row["leaseOwner"])),
    checkpointOwner:
      row["checkpointOwner"] === undefined ? undefined : nameOf(textOf(row["checkpointOwner"])),
    checkpoint: textOf(row["checkpoint"]),
    sub: Number(row["checkpointSubSequenceNumber"]?.N ?? 0),
    counter: Number(row["leaseCounter"]?.N ?? 0),
  };
}

/** A worker of ours adds a unique part to its name at every start. */
function nameOf(owner: string): string {
  return owner.split(":")[0] ?? owner;
}

function textOf(value: AttributeValue | undefined): string {
  return value?.S ?? "";
}
