import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Order } from "../data/documents.js";
import { parsed } from "../data/expected.js";
import { OBJECT } from "../data/ready-batches.js";
import { CREDENTIALS, endpointOf, REGION, REQUESTS_WARM_UP_MS, type Variant } from "../rows/variant.js";

const common = { region: REGION, credentials: CREDENTIALS };

/** Connections kept, over HTTP/1.1: what the clients of DynamoDB and S3 do by themselves. */
function kept(): { readonly requestHandler: NodeHttpHandler } {
  const agent = { keepAlive: true };
  return { requestHandler: new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent }) };
}

const RECORDS_PER_PUT = 500;
const ITEMS_PER_WRITE = 25;

const putRecords: Variant = {
  name: "sdk-put-records",
  label: "SDK, connections kept, PutRecords x 500",
  section: "writing",
  kind: "peer",
  unit: "record",
  sets: ["uniform"],
  transports: ["clear"],
  warmUpCpuMs: REQUESTS_WARM_UP_MS,
  run: async (job) => {
    const client = new KinesisClient({ ...common, endpoint: endpointOf(job), ...kept() });
    const records = job.set.stored.map(({ data, partitionKey }) => ({
      Data: data,
      PartitionKey: partitionKey,
    }));
    let at = 0;
    let goesOn = true;
    while (goesOn) {
      const Records = records.slice(at, at + RECORDS_PER_PUT);
      const { Records: results = [] } = await client.send(
        new PutRecordsCommand({ StreamName: "target", Records }),
      );
      at = (at + RECORDS_PER_PUT) % records.length;
      goesOn = job.meter.page(results.length);
    }
    client.destroy();
  },
};

/** Marshalled by hand, which is the fastest way to a request of the SDK. */
function itemOf({ id, status, customer, total, note }: Order): Record<string, AttributeValue> {
  return {
    id: { N: String(id) },
    status: { S: status },
    customer: { S: customer },
    total: { N: String(total) },
    note: { S: note },
  };
}

/** Writes the set's orders, 25 at a time and from the beginning again, as `write` does it. */
function writing(
  write: (client: DynamoDBClient, orders: readonly Order[]) => Promise<unknown>,
): Variant["run"] {
  return async (job) => {
    const client = new DynamoDBClient({ endpoint: endpointOf(job), ...common });
    const all = job.set.userRecords.map(parsed);
    let at = 0;
    let goesOn = true;
    while (goesOn) {
      const orders = all.slice(at, at + ITEMS_PER_WRITE);
      await write(client, orders);
      at = (at + ITEMS_PER_WRITE) % all.length;
      goesOn = job.meter.page(orders.length);
    }
    client.destroy();
  };
}

const batchWrite: Variant = {
  name: "sdk-batch-write",
  label: "SDK, BatchWriteItem x 25, marshalled items",
  section: "writing",
  kind: "peer",
  unit: "record",
  sets: ["uniform"],
  transports: ["clear"],
  warmUpCpuMs: REQUESTS_WARM_UP_MS,
  run: writing((client, orders) => {
    const puts = orders.map((order) => ({ PutRequest: { Item: itemOf(order) } }));
    return client.send(new BatchWriteItemCommand({ RequestItems: { bench: puts } }));
  }),
};

/** What it takes to write an item only where there is none yet, or an older one. */
const putItem: Variant = {
  ...batchWrite,
  name: "sdk-put-item",
  label: "SDK, PutItem with a condition, marshalled items",
  run: writing((client, orders) => {
    const puts = orders.map((order) =>
      client.send(
        new PutItemCommand({
          TableName: "bench",
          Item: { ...itemOf(order), position: { S: String(order.id) } },
          ConditionExpression: "attribute_not_exists(#position) OR #position < :position",
          ExpressionAttributeNames: { "#position": "position" },
          ExpressionAttributeValues: { ":position": { S: String(order.id) } },
        }),
      ),
    );
    return Promise.all(puts);
  }),
};

/** The least that a program does that puts an object. */
const putObject: Variant = {
  ...batchWrite,
  name: "sdk-put-object",
  label: "SDK, PutObject, 64 KiB",
  section: "objects",
  unit: "object",
  run: async (job) => {
    const client = new S3Client({ ...common, endpoint: endpointOf(job), forcePathStyle: true });
    let nth = 0;
    do {
      nth += 1;
      await client.send(new PutObjectCommand({ Bucket: "bench", Key: `sdk/${nth}`, Body: OBJECT }));
    } while (job.meter.page(1));
    client.destroy();
  },
};

export const variants: readonly Variant[] = [putRecords, batchWrite, putItem, putObject];
