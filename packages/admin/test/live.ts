import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  type Connector,
  type ConnectorOptions,
  dynamoDbLeaseTable,
  sdkKinesis,
  startConnector,
} from "@kinesis-connectors/consumer";
import {
  definePipeline,
  json,
  type Pipeline,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3DeadLetters, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";
import { type Metrics, metricsTally } from "@kinesis-connectors/telemetry";
import type { KinesisApi } from "@kinesis-connectors/consumer";

export const STREAM = "clicks";
const BUCKET = "clicks-archive";
export const APPLICATION = "clicks-to-s3";

/** AWS on loopback with a stream and a bucket, and what reaches them. */
export interface Live extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly metrics: Metrics;
  /** The lease table of the application, as an operator opens it beside the connector. */
  readonly table: LeaseTable;
  readonly kinesis: KinesisApi;
  readonly start: (more?: Partial<ConnectorOptions<unknown, unknown>>) => Promise<Connector>;
  /** Puts clicks numbered from `first` to `last`. */
  readonly put: (first: number, last: number) => void;
  /** The numbers of the clicks in the bucket, in order. */
  readonly landed: () => readonly number[];
}

interface Click {
  readonly n: number;
}

export async function live({ shards = 2 }: { readonly shards?: number } = {}): Promise<Live> {
  const aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  aws.kinesis.createStream({ name: STREAM, shardCount: shards });
  const dynamodb = new DynamoDBClient(aws.clientOptions("dynamodb"));
  const client = new KinesisClient(aws.clientOptions("kinesis"));
  const { region, credentials } = aws.clientOptions("kinesis");
  const s3 = aws.clientOptions("s3");
  const pipeline: Pipeline<Click, Click, S3Plan, S3Plan> = definePipeline({
    transformer: json<Click>(),
    filter: ({ n }) => n >= 0,
    buffer: { maxRecords: 1_000, maxAgeMs: 100 },
    retry: { baseDelayMs: 50, maxDelayMs: 100 },
    emitter: s3Emitter<Click>({ ...s3, bucket: BUCKET, prefix: "archive", format: ndjson() }),
    deadLetters: s3DeadLetters({ ...s3, bucket: BUCKET, prefix: "dead" }),
  });
  const metrics = metricsTally({ application: APPLICATION });
  const connectors: Connector[] = [];
  return {
    aws,
    metrics,
    kinesis: sdkKinesis(client, { StreamName: STREAM }),
    table: dynamoDbLeaseTable({
      tableName: APPLICATION,
      client: dynamodb,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    }),
    start: async (more = {}) => {
      const connector = await startConnector({
        application: APPLICATION,
        stream: STREAM,
        pipeline,
        region,
        credentials,
        endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
        // Far longer than a busy machine keeps a renewal waiting.
        leases: { bootstrapJitterMs: 0, failoverTimeMs: 30_000, takePeriodMs: 100, parentPollMs: 50 },
        retrieval: { type: "polling", idlePollMs: 200 },
        observe: metrics.observe,
        ...more,
      } as ConnectorOptions<Click, Click, S3Plan, S3Plan>);
      metrics.attach(connector);
      connectors.push(connector);
      return connector;
    },
    put: (first, last) => {
      aws.kinesis.putRecords(
        STREAM,
        Array.from({ length: last - first + 1 }, (_, index) => ({
          partitionKey: `key-${(first + index) % 17}`,
          data: JSON.stringify({ n: first + index }),
        })),
      );
    },
    landed: () =>
      [...aws.s3.objects(BUCKET)]
        .filter(({ key }) => key.startsWith("archive/") && key.endsWith(".ndjson"))
        .flatMap(({ body }) => body.toString().trim().split("\n"))
        .map((line) => (JSON.parse(line) as Click).n)
        .toSorted((a, b) => a - b),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(connectors.map((connector) => connector.stop()));
      dynamodb.destroy();
      client.destroy();
      await aws.close();
    },
  };
}

/** Whole numbers from `first` to `last`. */
export const numbers = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
