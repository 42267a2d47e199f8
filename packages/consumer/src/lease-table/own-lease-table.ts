import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { checkClientEndpoint } from "@kinesis-connectors/aws";
import {
  type Clock,
  invalidOption,
  type Logger,
  type Random,
  checkOptions,
  type OptionNames,
  silentLogger,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";

import type { AwsClientOptions } from "../kinesis/clients/client-options.js";
import { createDynamoDbClient } from "../kinesis/clients/dynamodb-client.js";
import { leaseTableLater } from "./dynamodb-lease-table.js";

/** Options of `ownLeaseTable`. */
export interface OwnLeaseTableOptions extends AwsClientOptions {
  /** 3 to 255 letters, digits, '_', '.' or '-'. */
  readonly tableName: string;
  /** Names the tables beside it, as `DynamoDbLeaseTableOptions` says. Default: the table's name. */
  readonly application?: string;
  /** A client of the caller's own, which stays open. Default: one made of the other options, which `close` of the table ends. */
  readonly client?: DynamoDBClient | undefined;
  /**
   * Time limit of one read or write of a row, in milliseconds: a third of the failover time leaves time to read a lost answer back. At most 10,000. Default: a third of 10 seconds.
   */
  readonly requestTimeoutMs?: number;
  /** Whether a missing table is created. Default true; needs `dynamodb:CreateTable`. */
  readonly createTable?: boolean;
  /** Default: none. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
}

const NAMES: OptionNames<OwnLeaseTableOptions> = {
  tableName: "required",
  application: true,
  client: true,
  requestTimeoutMs: true,
  createTable: true,
  logger: true,
  clock: true,
  random: true,
  region: true,
  endpoint: true,
  credentials: true,
  allowInsecure: true,
  proxy: true,
};

/** A lease table with a way to look where it leads. */
export interface OwnLeaseTable {
  readonly table: LeaseTable;
  /**
   * Checks the client's endpoint, before anything is sent.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` for one that is not encrypted and not on this machine
   */
  readonly checkEndpoint: () => Promise<unknown>;
}

// CreateTable, TableName: 3 to 255 characters of [a-zA-Z0-9_.-].
const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/;

/** Whether a DynamoDB table may be called so: 3 to 255 letters, digits, '_', '.' or '-'. */
export function isTableName(name: string): boolean {
  return TABLE_NAME.test(name);
}

// No lease waits for these calls, and a table that has just been made, or has not been used for long, may take its time. Longer than the longest of the others.
const CONTROL_CALL_MS = 15_000;

// More than 10 s helps nobody.
const MAX_LEASE_CALL_MS = 10_000;

/**
 * The lease table of that name in DynamoDB, over a client that gives a call up while its lease still holds and leaves repetition to the table, which
 * knows what a lost answer means.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function ownLeaseTable(options: OwnLeaseTableOptions): OwnLeaseTable {
  checkOptions("ownLeaseTable", options, NAMES);
  const { tableName, application = tableName, client: own, createTable = true, ...connection } = options;
  const { logger = silentLogger, clock = systemClock, random = systemRandom } = options;
  if (typeof tableName !== "string" || !isTableName(tableName))
    throw invalidOption("tableName must be 3 to 255 letters, digits, '_', '.' or '-'");
  const requestTimeoutMs = wholeNumber("requestTimeoutMs", options.requestTimeoutMs ?? 3_334, {
    min: 1,
    max: MAX_LEASE_CALL_MS,
  });
  const client =
    own === undefined
      ? createDynamoDbClient(connection, logger, requestTimeoutMs)
      : { made: () => Promise.resolve(own), end: () => undefined };
  const table = leaseTableLater({
    tableName,
    client,
    clock,
    random,
    logger,
    createTable,
    ownsClient: own === undefined,
    application,
    ...(own === undefined ? { controlTimeoutMs: CONTROL_CALL_MS } : {}),
  });
  const allowInsecure = options.allowInsecure === true;
  return {
    table,
    checkEndpoint: async () =>
      checkClientEndpoint(await client.made(), {
        allowInsecure,
        isOwn: own !== undefined,
        service: "DYNAMODB",
      }),
  };
}
