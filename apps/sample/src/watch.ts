import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { startAdmin } from "@kinesis-connectors/admin";
import { type Connector, dynamoDbLeaseTable, type LeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { Metrics } from "@kinesis-connectors/telemetry";
import { type Flag, optional, wholeNumber } from "./flags.js";

/** The flag `--admin PORT`; 0 takes a free port. Default: nobody watches. */
export const adminPort: Flag<number | undefined> = optional(wholeNumber(9464, { min: 0, max: 65_535 }));

/** What a sample is watched with. */
export interface WatchOptions {
  /** Of `adminPort`; undefined for no server. */
  readonly port: number | undefined;
  readonly metrics: Metrics;
  /** How DynamoDB is reached, for pause and reset. Default: the usual AWS variables. */
  readonly dynamodb?: DynamoDBClientConfig;
}

/** The HTTP of a sample, or none. */
export interface Watch extends AsyncDisposable {
  readonly url: string | undefined;
  /** The leases of the sample, for who steers them besides; undefined without a server. */
  readonly table: LeaseTable | undefined;
}

/** Starts the HTTP of a sample where its flag asks for it, and prints where that is. */
export async function watch(
  connector: Connector,
  { port, metrics, dynamodb = {} }: WatchOptions,
): Promise<Watch> {
  metrics.attach(connector);
  if (port === undefined)
    return { url: undefined, table: undefined, [Symbol.asyncDispose]: async () => undefined };
  const client = new DynamoDBClient(dynamodb);
  const table = dynamoDbLeaseTable({
    tableName: connector.progress().application,
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  try {
    const admin = await startAdmin(connector, { port, metrics, steering: { table } });
    process.stderr.write(`watch it: curl ${admin.url}/api/v1/status\n`);
    return {
      url: admin.url,
      table,
      [Symbol.asyncDispose]: async () => {
        await admin.close();
        client.destroy();
      },
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}
