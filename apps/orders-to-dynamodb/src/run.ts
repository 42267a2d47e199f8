import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { untilSettled } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkTable, type TableCheck } from "./check.js";
import { type Order, orderVersions } from "./orders.js";
import { putOrders } from "./put-orders.js";
import { createTable, readOrders } from "./table.js";

const STREAM = "orders";
const TABLE = "orders";

/** What a run is told. */
export interface RunOptions {
  readonly orders: number;
  readonly shards: number;
  readonly seed: number;
  /** Throttles writes and loses replies while the connector works. */
  readonly faults: boolean;
}

/** What a run found. */
export interface RunResult extends TableCheck {
  /** Records in the stream: all versions of all orders. */
  readonly records: number;
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Starts AWS on loopback, puts orders into a stream while a connector keeps a table of them, and compares. */
export async function run({ orders, shards, seed, faults }: RunOptions): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: false, seed });
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  const dynamodb = new DynamoDBClient(aws.clientOptions("dynamodb"));
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shards }));
  await waitUntilStreamExists(
    { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { StreamName: STREAM },
  );
  await createTable(dynamodb, TABLE);
  if (faults) addFaults(aws);

  const pipeline = definePipeline({
    transformer: json<Order>().to((order) => order),
    filter: (order) => order.total >= 0,
    buffer: { maxRecords: 2_000, maxAgeMs: 500 },
    emitter: dynamoDbEmitter<Order>({ table: TABLE, ...aws.clientOptions("dynamodb") }),
  });
  const startMs = performance.now();
  await using connector = await startConnector({
    application: "orders-to-dynamodb",
    stream: STREAM,
    pipeline,
    region: aws.clientOptions("kinesis").region,
    credentials: aws.clientOptions("kinesis").credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  const records = await putOrders(kinesis, STREAM, orderVersions(orders, seed));
  await untilSettled(connector, records);
  const seconds = Math.round(performance.now() - startMs) / 1000;

  const check = checkTable(orderVersions(orders, seed), await readOrders(dynamodb, TABLE));
  const fired = aws.faults.list().reduce((sum, rule) => sum + rule.fired, 0);
  kinesis.destroy();
  dynamodb.destroy();
  return { records, ...check, seconds, faults: fired };
}

function addFaults(aws: LocalAws): void {
  const rule = { server: "dynamodb", operation: "PutItem", times: "always" } as const;
  aws.faults.add({
    ...rule,
    probability: 0.02,
    effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
  });
  aws.faults.add({ ...rule, probability: 0.01, effect: { kind: "reply-lost" } });
}
