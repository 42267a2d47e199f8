import { readFileSync } from "node:fs";

import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { connectKinesis } from "@kinesis-connectors/consumer/kinesis";
import { definePipeline, json, type Logger } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { afterAll, beforeAll, expect, test } from "vitest";

import { kinesisHandler } from "../src/index.js";
import { type EventSource, eventSource } from "../src/testing/index.js";

const policy = JSON.parse(readFileSync(new URL("../iam/function-policy.json", import.meta.url), "utf8")) as {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
};

interface Order {
  readonly id: string;
  readonly total: number;
}

const quiet = (): void => undefined;
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws({ limits: "off", s3: { buckets: ["orders"] } });
});
afterAll(async () => await aws.close());

/** The options by which a function reaches AWS on this machine. */
function connection() {
  const { region, credentials } = aws.clientOptions("kinesis");
  const { kinesis, dynamodb } = aws.endpoints;
  return { region, credentials, endpoints: { kinesis, dynamodb } };
}

async function put(stream: string, count: number): Promise<EventSourceParts> {
  aws.kinesis.createStream({ name: stream, shardCount: 2 });
  const lines = Array.from({ length: count }, (_, index) =>
    index % 50 === 49 ? `damaged ${index}` : JSON.stringify({ id: `o-${index}`, total: index }),
  );
  aws.kinesis.putRecords(
    stream,
    lines.map((data, index) => ({ partitionKey: `${index}`, data })),
  );
  const { region, credentials, endpoints } = connection();
  const kinesis = await connectKinesis({
    stream: { StreamName: stream },
    region,
    credentials,
    endpoint: endpoints.kinesis,
  });
  return { kinesis, lines };
}

interface EventSourceParts {
  readonly kinesis: Awaited<ReturnType<typeof connectKinesis>>;
  readonly lines: readonly string[];
}

test("S3, dead letters and rows in DynamoDB: each line lands once, though answers are lost and batches cut anew", async () => {
  const { kinesis, lines } = await put("to-s3", 400);
  const place = { ...aws.clientOptions("s3"), bucket: "orders" };
  const source: EventSource = eventSource({
    kinesis,
    batchSize: 60,
    seed: 4,
    faults: { cutAnew: 0.5, replyLost: 0.3 },
    handler: kinesisHandler({
      ...connection(),
      application: "orders-to-s3",
      listMappings: () => Promise.resolve([source.mapping]),
      pipeline: definePipeline({
        transformer: json<Order>().original(),
        buffer: { maxRecords: 25 },
        emitter: s3Emitter({ ...place, prefix: "orders", format: ndjson() }),
        deadLetters: s3DeadLetters({ ...place, prefix: "dead" }),
      }),
      logger,
    }),
  });
  await source.run();
  kinesis.close();
  const landed: string[] = [];
  for (const { key, body } of aws.s3.objects("orders")) {
    if (/(?:^|\/)_[^/]*$/.test(key)) continue;
    for (const line of body.toString().trimEnd().split("\n"))
      landed.push(
        key.startsWith("dead/")
          ? Buffer.from((JSON.parse(line) as { data: string }).data, "base64").toString()
          : line,
      );
  }
  expect(landed.toSorted()).toEqual(lines.toSorted());
  expect(source.counts.repliesLost).toBeGreaterThan(0);
  const allowed = policy.Statement.flatMap(({ Action }) => Action);
  const called = new Set(
    aws.journal.entries({ server: "dynamodb" }).map(({ operation }) => `dynamodb:${operation}`),
  );
  expect([...called].toSorted()).toEqual(
    allowed.filter((action) => action.startsWith("dynamodb:")).toSorted(),
  );
});

test("DynamoDB without rows: what comes again changes nothing", async () => {
  const { kinesis, lines } = await put("to-dynamodb", 49);
  const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
  await client.send(
    new CreateTableCommand({
      TableName: "orders",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  const source: EventSource = eventSource({
    kinesis,
    batchSize: 20,
    faults: { replyLost: 0.3 },
    handler: kinesisHandler({
      application: "orders-to-dynamodb",
      leaseTable: false,
      listMappings: () => Promise.resolve([source.mapping]),
      pipeline: definePipeline({
        transformer: json<Order>().to((order) => ({ ...order })),
        emitter: dynamoDbEmitter<Order>({ ...aws.clientOptions("dynamodb"), table: "orders" }),
      }),
      logger,
    }),
  });
  await source.run();
  kinesis.close();
  const { Count } = await client.send(new ScanCommand({ TableName: "orders", Select: "COUNT" }));
  client.destroy();
  expect(Count).toBe(lines.length);
});
