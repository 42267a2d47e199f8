import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { deliver, faultsMet, type RecordOfStream, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkTable, type TableCheck } from "./check.js";
import { type Order, orderVersions } from "./orders.js";
import { createTable, readOrders } from "./table.js";

const STREAM = "orders";
const TABLE = "orders";

/** Options of a run. */
export interface RunOptions {
  readonly orders: number;
  readonly shards: number;
  readonly seed: number;
  /** Throttles writes and loses replies while the connector works. */
  readonly faults: boolean;
}

/** The result of a run. */
export interface RunResult extends TableCheck {
  /** Records in the stream: all versions of all orders. */
  readonly records: number;
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Starts AWS on loopback, puts orders into a stream while a connector keeps a table of them, and compares. */
export async function run(
  { orders, shards, seed, faults }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: false, seed });
  const dynamodb = new DynamoDBClient(aws.clientOptions("dynamodb"));
  await createTable(dynamodb, TABLE);
  if (faults) addFaults(aws);
  const { records, seconds } = await deliver(
    aws,
    {
      stream: STREAM,
      shards,
      records: recordsOf(orderVersions(orders, seed)),
      count: undefined,
      start: (local) =>
        startConnector({
          ...local,
          application: "orders-to-dynamodb",
          pipeline: definePipeline({
            transformer: json<Order>().to((order) => order),
            filter: (order) => order.total >= 0,
            buffer: { maxRecords: 2_000, maxAgeMs: 500 },
            emitter: dynamoDbEmitter<Order>({ table: TABLE, ...aws.clientOptions("dynamodb") }),
          }),
        }),
    },
    running,
  );
  const check = checkTable(orderVersions(orders, seed), await readOrders(dynamodb, TABLE));
  dynamodb.destroy();
  return { records, ...check, seconds, faults: faultsMet(aws) };
}

/** All versions of an order go to the same shard, because its id is the partition key. */
function* recordsOf(orders: Iterable<Order>): Generator<RecordOfStream, void> {
  for (const order of orders) yield { partitionKey: order.id, data: JSON.stringify(order) };
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
