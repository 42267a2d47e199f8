import { asError, silentLogger } from "@kinesis-connectors/core";

import { type ConnectorSettings, connectorSettings } from "./connector-settings.js";
import { kinesisAccess } from "./kinesis/kinesis-access.js";
import { checkStream } from "./kinesis/stream-check.js";
import { ownLeaseTable } from "./lease-table/own-lease-table.js";
import { isTableMissing } from "./lease-table/table-failures.js";
import type { ConnectorOptions } from "./options.js";

/** What a start would end with, and what it is about. */
export interface StartFault {
  readonly part: "stream" | "leaseTable";
  readonly error: Error;
}

/**
 * Asks the stream and the lease table in DynamoDB what a start asks them, and changes nothing: a lease table that is not there yet stays so, and is no fault. One
 * that is given as an object is not asked, because asking may mean creating it.
 *
 * @param options those of `startConnector`
 * @param signal ends the asking
 * @returns none where both can be used, and at most one of each
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where an option is not one; the reason of `signal`
 */
export async function startFaults<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  signal: AbortSignal,
): Promise<readonly StartFault[]> {
  const settings = connectorSettings(options);
  signal.throwIfAborted();
  const asked = [
    faultOf("stream", async () => await askStream(options, settings, signal)),
    faultOf("leaseTable", async () => await askLeaseTable(options, settings, signal)),
  ];
  const faults = (await Promise.all(asked)).filter((fault) => fault !== undefined);
  signal.throwIfAborted();
  return faults;
}

async function faultOf(part: StartFault["part"], ask: () => Promise<void>): Promise<StartFault | undefined> {
  try {
    await ask();
    return undefined;
  } catch (thrown) {
    return { part, error: asError(thrown) };
  }
}

async function askStream<Model, Output, Plan, DeadLetterPlan>(
  { kinesisApi, clients }: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  { kinesis, streamName, streamTarget, clock, random }: ConnectorSettings,
  signal: AbortSignal,
): Promise<void> {
  const { api, checkEndpoint } = kinesisAccess({
    api: kinesisApi,
    client: clients?.kinesis,
    connection: kinesis,
    streamTarget,
    logger: silentLogger,
    onWireFallback: () => undefined,
  });
  try {
    await checkEndpoint?.();
    await checkStream({ api, stream: streamName, clock, random, signal });
  } finally {
    api.close();
  }
}

async function askLeaseTable<Model, Output, Plan, DeadLetterPlan>(
  { clients }: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  { leaseTable, dynamodb, clock, random }: ConnectorSettings,
  signal: AbortSignal,
): Promise<void> {
  if (typeof leaseTable === "object") return;
  const { table, checkEndpoint } = ownLeaseTable({
    ...dynamodb,
    tableName: leaseTable,
    client: clients?.dynamodb,
    createTable: false,
    clock,
    random,
  });
  try {
    await checkEndpoint();
    await table.open(signal);
    // What a start reads first: the mode of its fleet.
    await table.fleetMode();
  } catch (error) {
    if (!isTableMissing(error)) throw error;
  } finally {
    table.close?.();
  }
}
