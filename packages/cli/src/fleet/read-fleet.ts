import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type AwsConnection } from "@kinesis-connectors/aws";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { asError, silentLogger } from "@kinesis-connectors/core";
import type { Lease, LeaseTable } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { toDynamoDb } from "../connection/aws.js";
import type { GivenStore } from "../connection/from-file.js";
import { dynamoDbSdk } from "../connection/load-sdk.js";
import { type Cost, countingCost, type Row } from "./cost.js";
import { type ForeignRow, foreignRowsOf } from "./foreign-rows.js";
import { isLeaseKey, keyOf, LEASE_KEY } from "./lease-tables.js";
import type { Target } from "../connection/target.js";
import { streamNameIn } from "../connection/stream-name.js";

/** What one look at the lease table found. */
export interface Fleet {
  readonly application: string;
  readonly tableName: string;
  /** Name of the stream, where rows or configuration say it. */
  readonly stream: string | undefined;
  readonly leases: readonly Lease[];
  readonly rows: readonly Row[];
  readonly foreign: readonly ForeignRow[];
  /** `cv` of the row `Migration3.0`; undefined for the algorithms of KCL 2.x. */
  readonly mode: string | undefined;
  /** When the look began, in epoch milliseconds. */
  readonly nowMs: number;
  readonly cost: Cost;
}

/** A lease table that is only looked at, or steered by conditional writes: it is never created here. */
export interface OpenFleet {
  readonly table: LeaseTable;
  readonly target: Target;
  /**
   * One look: a scan, and the mode of the fleet.
   * @throws CliError `KC_NOT_FOUND` where there is no such table
   */
  readonly look: () => Promise<Fleet>;
  readonly close: () => void;
}

/** The leases of an application, without creating anything: a missing table is an error. */
export async function openFleet(context: CliContext, target: Target): Promise<OpenFleet> {
  if (target.store !== undefined) return await openStoredFleet(context, target, target.store);
  const connection = toDynamoDb(target);
  await connection.checkEndpoint();
  const client = await connection.made();
  const tally = countingCost(client);
  const { clock, random } = context;
  const { tableName } = target;
  const table = dynamoDbLeaseTable({
    tableName,
    client,
    clock,
    random,
    logger: silentLogger,
  });
  const look = async (): Promise<Fleet> => {
    const nowMs = clock.now();
    const leases = await found(context, connection, target, () => untilStopped(context, table.list()));
    const rows = tally.rows();
    requireLeases(target, leases, rows);
    const mode = await found(context, connection, target, () => untilStopped(context, table.fleetMode()));
    const sorted = leases.toSorted((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
    return {
      application: target.application,
      tableName,
      stream: streamOf(sorted) ?? target.stream,
      leases: sorted,
      rows,
      foreign: foreignRowsOf(rows, leases),
      mode,
      nowMs,
      cost: tally.cost(),
    };
  };
  return { table, target, look, close: () => connection.close() };
}

/** The same in another store than DynamoDB: what a look costs there nobody counts, and KCL workers share none of them. */
async function openStoredFleet(
  context: CliContext,
  target: Target,
  { url, table: name, beside }: GivenStore,
): Promise<OpenFleet> {
  const { application, tableName } = target;
  const { leaseTableAt } = await import("@kinesis-connectors/config");
  const table = await leaseTableAt({ url, table: name, application }, beside);
  let looks = 0;
  const look = async (): Promise<Fleet> => {
    const nowMs = context.clock.now();
    const leases = await untilStopped(context, table.list());
    looks += 1;
    const sorted = leases.toSorted((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
    return {
      application,
      tableName,
      stream: streamOf(sorted) ?? target.stream,
      leases: sorted,
      rows: sorted.map(({ leaseKey }) => ({ [LEASE_KEY]: { S: leaseKey } })),
      foreign: [],
      mode: undefined,
      nowMs,
      cost: { calls: { query: looks }, readUnits: 0 },
    };
  };
  return { table, target, look, close: () => table.close?.() };
}

/** One look at the leases of an application. */
export async function readFleet(context: CliContext, target: Target): Promise<Fleet> {
  const fleet = await openFleet(context, target);
  try {
    return await fleet.look();
  } finally {
    fleet.close();
  }
}

/** The name of the stream that rows of ours say they belong to. */
function streamOf(leases: readonly Lease[]): string | undefined {
  const arn = leases.find(({ stream }) => stream !== undefined)?.stream?.streamArn;
  return arn === undefined ? undefined : streamNameIn(arn);
}

/** Ctrl-C waits for no answer: a look changes nothing. */
async function untilStopped<Answer>({ signal }: CliContext, answer: Promise<Answer>): Promise<Answer> {
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(asError(signal.reason));
    signal.addEventListener("abort", () => reject(asError(signal.reason)), { signal: over.signal });
  });
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    over.abort();
    // Whoever stops waiting hears no more of it.
    answer.catch(() => undefined);
  }
}

async function found<Answer>(
  context: CliContext,
  connection: AwsConnection<DynamoDBClient>,
  { tableName, application }: Target,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (thrown) {
    context.signal.throwIfAborted();
    const client = await connection.made();
    const { DescribeTableCommand } = await dynamoDbSdk();
    const described = await client.send(new DescribeTableCommand({ TableName: tableName })).then(
      ({ Table }) => keyOf(Table),
      (error: unknown) =>
        error instanceof Error && error.name === "ResourceNotFoundException" ? ("missing" as const) : [],
    );
    context.signal.throwIfAborted();
    if (described !== "missing") {
      if (described.length === 0 || isLeaseKey(described)) throw thrown;
      throw new CliError(
        "KC_NOT_FOUND",
        `the table ${tableName} is no lease table: its key is ${described.join(", ")}, and that of one is ${LEASE_KEY}; check APP and --lease-table`,
        { cause: thrown },
      );
    }
    throw new CliError(
      "KC_NOT_FOUND",
      `there is no lease table ${tableName} in ${await client.config.region()}: no worker of application ${application} has started there. ` +
        "Check APP, --lease-table, --region and --endpoint-dynamodb; nothing was created",
      { cause: thrown },
    );
  }
}

function requireLeases({ tableName }: Target, leases: readonly Lease[], rows: readonly Row[]): void {
  if (leases.length > 0 || rows.length === 0 || rows.some(({ leaseKey }) => leaseKey !== undefined)) return;
  throw new CliError(
    "KC_NOT_FOUND",
    `the table ${tableName} is no lease table: none of its rows has a leaseKey; check APP and --lease-table`,
  );
}
