import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startAdmin } from "@kinesis-connectors/admin";
import { dynamoDbLeaseTable, startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { metricsTally } from "@kinesis-connectors/telemetry";

/** What the check gives to a connector that runs in a process of its own. */
export interface ConnectorSetup {
  readonly application: string;
  readonly stream: string;
  readonly bucket: string;
  readonly failoverTimeMs: number;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoints: { readonly kinesis: string; readonly dynamodb: string; readonly s3: string };
}

/** What it tells its parent once it runs. */
export interface ConnectorStarted {
  readonly url: string;
  readonly ownerId: string;
}

/** One worker of the fleet, a process of its own, with its admin server: killed without a word when the check wants it. */
const setup = JSON.parse(process.argv[2] ?? "") as ConnectorSetup;
const { application, stream, bucket, failoverTimeMs, region, credentials, endpoints } = setup;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.once("disconnect", () => process.exit(0));

const metrics = metricsTally({ application });
const buffer = { maxRecords: 5_000, maxAgeMs: 1_000 };
const connector = await startConnector({
  application,
  stream,
  region,
  credentials,
  endpoints: { kinesis: endpoints.kinesis, dynamodb: endpoints.dynamodb },
  leases: { failoverTimeMs, takePeriodMs: 500, bootstrapJitterMs: 0, parentPollMs: 200 },
  pipeline: definePipeline({
    transformer: json(),
    buffer,
    emitter: s3Emitter({
      bucket,
      prefix: "archive",
      format: ndjson(),
      region,
      credentials,
      endpoint: endpoints.s3,
    }),
  }),
  observe: metrics.observe,
  signal: stop.signal,
});
metrics.attach(connector);
const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
const table = dynamoDbLeaseTable({
  tableName: application,
  client,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
});
const admin = await startAdmin(connector, {
  port: 0,
  metrics,
  steering: { table },
  config: { application, source: { stream, region }, buffer, emitter: { type: "s3", bucket, credentials } },
});
const started: ConnectorStarted = { url: admin.url, ownerId: connector.progress().ownerId };
process.send?.(started);
await connector.done;
process.disconnect?.();
