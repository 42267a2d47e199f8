import type { DynamoDBClient, TableDescription } from "@aws-sdk/client-dynamodb";
import {
  asError,
  type Clock,
  KinesisConnectorError,
  type Logger,
  type Random,
  sleep,
  checkOptions,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { Later } from "@kinesis-connectors/aws";
import type { Lease, LeaseTable, WriteOutcome } from "@kinesis-connectors/leases";
import { dynamoDbFleetTable } from "./dynamodb-fleet-table.js";
import { factsOf, updateOf } from "./lease-expressions.js";
import { ATTRIBUTE, type LeaseRow, newLeaseRow, parseLeaseRow } from "./lease-row.js";
import { TableCalls } from "./table-calls.js";
import { keptTableClient, tableClient } from "./table-client.js";
import { tableCause, tableError, tableFailure } from "./table-failures.js";

/** Options of `dynamoDbLeaseTable`. */
export interface DynamoDbLeaseTableOptions {
  /** The name of the table. */
  readonly tableName: string;
  /** The SDK's client; whoever made it closes it. */
  readonly client: DynamoDBClient;
  /** Tells the time, and waits between tries. */
  readonly clock: Clock;
  /** Spreads the waits between tries. */
  readonly random: Random;
  /** Told of a table that refuses or is created. */
  readonly logger: Logger;
  /** Whether a missing table is created, with on-demand billing. Default true; needs `dynamodb:CreateTable`. */
  readonly createTable?: boolean;
  /**
   * Time limit of one call that no lease waits for, in milliseconds: describing and creating the table, listing and making rows, the mode of the fleet and its reports. Reads and
   * writes of one row keep the client's own, which has to be short. Default: the client's own for all.
   */
  readonly controlTimeoutMs?: number;
  /** Whether `close` ends the client's connections. Default false: it is the caller's. */
  readonly ownsClient?: boolean;
  /** Names the tables `<application>-CoordinatorState` and `-WorkerMetricStats`, which KCL 3.0 to 3.4 make beside this one. Default: the table's name. */
  readonly application?: string;
}

const NAMES: OptionNames<DynamoDbLeaseTableOptions> = {
  tableName: "required",
  client: "required",
  clock: "required",
  random: "required",
  logger: "required",
  createTable: true,
  controlTimeoutMs: true,
  ownsClient: true,
  application: true,
};

// amazon-kinesis-client waits 600 s for a new table; we look more often than its 10 s, because a new table takes about 10.
const ACTIVE_WAIT_MS = 600_000;
const ACTIVE_POLL = { firstMs: 50, maxMs: 1_000 };

/**
 * Leases in a DynamoDB table that KCL workers can share: the default.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function dynamoDbLeaseTable(options: DynamoDbLeaseTableOptions): LeaseTable {
  checkOptions("dynamoDbLeaseTable", options, NAMES);
  const { client, ...others } = options;
  return leaseTableLater({
    ...others,
    client: { made: () => Promise.resolve(client), end: () => client.destroy() },
  });
}

/** Options of `dynamoDbLeaseTable`, with a client that is made with the first call. */
export interface LeaseTableLaterOptions extends Omit<DynamoDbLeaseTableOptions, "client"> {
  readonly client: Later<DynamoDBClient>;
}

/** The same over a client that is made with the first call. */
export function leaseTableLater(options: LeaseTableLaterOptions): LeaseTable {
  const { tableName, clock, logger, createTable = true, ownsClient = false } = options;
  const { controlTimeoutMs } = options;
  const controlMs =
    controlTimeoutMs === undefined
      ? undefined
      : wholeNumber("controlTimeoutMs", controlTimeoutMs, { min: 1 });
  const client = tableClient(options.client.made);
  const control = tableClient(options.client.made, controlMs);
  // Each lease is written every few seconds, and twice for each batch; at the start all of them are made and looked at in a moment.
  const rows = keptTableClient(options.client.made);
  const newRows = keptTableClient(options.client.made, controlMs);
  const reported = new Set<string>();
  const calls = new TableCalls(options);
  const { application = tableName } = options;
  const { mode, ...fleet } = dynamoDbFleetTable({
    ...options,
    client: control,
    urgent: client,
    application,
  });

  function leaseOf(row: LeaseRow): Lease | undefined {
    const parsed = parseLeaseRow(row);
    if (parsed.type === "lease") return parsed.lease;
    if (parsed.type === "unreadable" && !reported.has(parsed.key)) {
      reported.add(parsed.key);
      logger.warn(
        { table: tableName, leaseKey: parsed.key, reason: parsed.reason },
        "a row of the lease table is skipped",
      );
    }
    return undefined;
  }

  /** What DynamoDB said of a table that is not there. */
  let notThere: unknown;

  async function describeTable(): Promise<TableDescription | undefined> {
    return await calls.repeat("DescribeTable", async () => {
      try {
        return (await control.send((sdk) => sdk.DescribeTableCommand, { TableName: tableName })).Table;
      } catch (thrown) {
        if (tableFailure(thrown) !== "missing") throw thrown;
        notThere = thrown;
        return undefined;
      }
    });
  }

  async function create(): Promise<boolean> {
    return await calls.repeat("CreateTable", async () => {
      try {
        await control.send((sdk) => sdk.CreateTableCommand, {
          TableName: tableName,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: ATTRIBUTE.leaseKey, AttributeType: "S" }],
          KeySchema: [{ AttributeName: ATTRIBUTE.leaseKey, KeyType: "HASH" }],
        });
        return true;
      } catch (thrown) {
        // Another worker was quicker.
        if (asError(thrown).name === "ResourceInUseException") return false;
        throw thrown;
      }
    });
  }

  return {
    open: async (signal) => {
      calls.startsUnder(signal);
      const deadlineMs = clock.monotonicNow() + ACTIVE_WAIT_MS;
      let created = false;
      for (let pollMs = ACTIVE_POLL.firstMs; ; pollMs = Math.min(pollMs * 2, ACTIVE_POLL.maxMs)) {
        const table = await describeTable();
        if (table === undefined) {
          if (!createTable)
            throw new KinesisConnectorError(
              "KC_LEASE_TABLE",
              `the lease table ${tableName} does not exist; create it with the key leaseKey (S), or allow its creation`,
              { cause: tableCause(notThere) },
            );
          created = (await create()) || created;
        } else if (table.TableStatus === "ACTIVE" || table.TableStatus === "UPDATING") {
          requireKey(tableName, table);
          return { created };
        }
        if (signal?.aborted === true || clock.monotonicNow() >= deadlineMs)
          throw new KinesisConnectorError(
            "KC_LEASE_TABLE",
            `the lease table ${tableName} is still ${table?.TableStatus ?? "being created"}; start again once it is ACTIVE`,
          );
        await sleep(clock, pollMs, signal);
      }
    },

    list: async () => {
      const leases: Lease[] = [];
      let start: LeaseRow | undefined;
      do {
        const page = await calls.repeat("Scan", () =>
          control.send((sdk) => sdk.ScanCommand, {
            TableName: tableName,
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        );
        for (const row of page.Items ?? []) {
          const lease = leaseOf(row);
          if (lease !== undefined) leases.push(lease);
        }
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return leases;
    },

    get: async (leaseKey) => {
      const { Item } = await calls.repeat("GetItem", () =>
        rows.send((sdk) => sdk.GetItemCommand, {
          TableName: tableName,
          Key: { [ATTRIBUTE.leaseKey]: { S: leaseKey } },
          ConsistentRead: true,
        }),
      );
      return Item === undefined ? undefined : leaseOf(Item);
    },

    create: async (lease) =>
      await calls.isApplied("PutItem", () =>
        newRows.send((sdk) => sdk.PutItemCommand, {
          TableName: tableName,
          Item: newLeaseRow(lease),
          ConditionExpression: "attribute_not_exists(#key)",
          ExpressionAttributeNames: { "#key": ATTRIBUTE.leaseKey },
        }),
      ),

    update: async (seen, change): Promise<WriteOutcome> => {
      try {
        await calls.once("UpdateItem", () =>
          rows.send((sdk) => sdk.UpdateItemCommand, {
            TableName: tableName,
            Key: { [ATTRIBUTE.leaseKey]: { S: seen.leaseKey } },
            ...updateOf(seen, change),
          }),
        );
        return { type: "applied" };
      } catch (thrown) {
        const failure = calls.failureOf("UpdateItem", thrown);
        if (failure === "refused") return { type: "refused" };
        if (failure === "unknown") return { type: "unknown", cause: tableCause(thrown) };
        if (failure === "throttled" || failure === "no-credentials")
          return { type: "throttled", cause: tableCause(thrown) };
        throw tableError(tableName, "UpdateItem", thrown);
      }
    },

    describe: async (leaseKey, facts) =>
      await calls.isApplied("UpdateItem", () =>
        control.send((sdk) => sdk.UpdateItemCommand, {
          TableName: tableName,
          Key: { [ATTRIBUTE.leaseKey]: { S: leaseKey } },
          ...factsOf(facts),
        }),
      ),

    remove: async (leaseKey) => {
      await calls.repeat("DeleteItem", () =>
        control.send((sdk) => sdk.DeleteItemCommand, {
          TableName: tableName,
          Key: { [ATTRIBUTE.leaseKey]: { S: leaseKey } },
        }),
      );
    },

    fleetMode: mode,
    fleet,

    close: () => {
      if (ownsClient) options.client.end();
    },
  };
}

function requireKey(tableName: string, table: TableDescription): void {
  const [key, ...others] = table.KeySchema ?? [];
  const type = table.AttributeDefinitions?.find(
    ({ AttributeName }) => AttributeName === ATTRIBUTE.leaseKey,
  )?.AttributeType;
  if (key?.AttributeName === ATTRIBUTE.leaseKey && others.length === 0 && type === "S") return;
  throw new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the table ${tableName} is no lease table: its key must be leaseKey (S) alone; choose another application or table name`,
  );
}
