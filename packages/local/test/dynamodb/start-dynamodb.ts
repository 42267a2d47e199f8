import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { seededRandom, systemClock, type Clock } from "../../src/clock.js";
import { startDynamoDbServer, type DynamoDbServer } from "../../src/dynamodb/dynamodb-server.js";
import { createFaults, type Faults } from "../../src/faults.js";
import { createJournal, type Journal } from "../../src/journal.js";

/** A local DynamoDB and a client with default settings but for the address. */
export interface RunningDynamoDb {
  readonly server: DynamoDbServer;
  readonly client: DynamoDBClient;
  /** A client that never retries, to see each answer. */
  readonly once: DynamoDBClient;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Makes an on-demand table with a string key `id` and waits for it. */
  readonly createTable: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startDynamoDb(clock: Clock = systemClock): Promise<RunningDynamoDb> {
  const random = seededRandom(1);
  const journal = createJournal({ clock });
  const faults = createFaults({ clock, random });
  const server = await startDynamoDbServer({
    clock,
    random,
    journal,
    faults,
    region: "us-east-1",
    accountId: "123456789012",
  });
  const config = {
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const client = new DynamoDBClient(config);
  const once = new DynamoDBClient({ ...config, maxAttempts: 1 });
  return {
    server,
    client,
    once,
    journal,
    faults,
    createTable: async (TableName) => {
      await client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
      await waitUntilTableExists({ client, minDelay: 0.01, maxDelay: 0.05, maxWaitTime: 10 }, { TableName });
    },
    stop: async () => {
      client.destroy();
      once.destroy();
      await server.close();
    },
  };
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("the call did not fail");
}
