import {
  type AttributeValue,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import type { FleetTable, LeaderLock, LeaseTable } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { seededRandom } from "@kinesis-connectors/testkit";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";

type Row = Record<string, AttributeValue>;

/** A lease table, and the rows of its fleet. */
export interface NamedTable {
  readonly table: LeaseTable;
  readonly fleet: FleetTable;
  readonly name: string;
}

export function fleetOf(table: LeaseTable): FleetTable {
  if (table.fleet === undefined) throw new Error("the table has no rows of a fleet");
  return table.fleet;
}

export function lock(version: string, more: Partial<LeaderLock> = {}): LeaderLock {
  return { ownerId: "a:1", version, leaseMs: 30_000, isReleased: false, ...more };
}

/** Lease tables of fleets, on a DynamoDB of their own. */
export class FleetTables {
  readonly local: LocalAws;
  readonly client: DynamoDBClient;
  #count = 0;

  private constructor(local: LocalAws) {
    this.local = local;
    this.client = new DynamoDBClient({ ...local.clientOptions("dynamodb"), maxAttempts: 1 });
  }

  static async start(): Promise<FleetTables> {
    return new FleetTables(await startLocalAws({ kinesis: false, s3: false }));
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.local.close();
  }

  async fresh(): Promise<NamedTable> {
    const name = `fleet-${this.#count++}`;
    const table = dynamoDbLeaseTable({
      tableName: name,
      client: this.client,
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger,
    });
    await table.open();
    return { table, fleet: fleetOf(table), name };
  }

  /** With the two tables that KCL 3.0 to 3.4 make beside the one of leases. */
  async withTablesOfOldKcl(): Promise<NamedTable> {
    const made = await this.fresh();
    await this.createTable(`${made.name}-CoordinatorState`, "key");
    await this.createTable(`${made.name}-WorkerMetricStats`, "wid");
    return made;
  }

  async createTable(name: string, key: string): Promise<void> {
    await this.client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
        KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
      }),
    );
    const describing = new DescribeTableCommand({ TableName: name });
    const status = async () => (await this.client.send(describing)).Table?.TableStatus;
    while ((await status()) !== "ACTIVE") await sleep(systemClock, 20);
  }

  async put(table: string, row: Row): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: table, Item: row }));
  }

  async rowIn(table: string, key: string, value: string): Promise<Row | undefined> {
    const answer = await this.client.send(
      new GetItemCommand({ TableName: table, Key: { [key]: { S: value } }, ConsistentRead: true }),
    );
    return answer.Item;
  }
}
