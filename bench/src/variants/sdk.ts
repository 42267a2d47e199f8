import {
  GetRecordsCommand,
  KinesisClient,
  type KinesisClientConfig,
  PutRecordsCommand,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { kinesisProtocol } from "@kinesis-connectors/wire/protocol";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { streamName } from "../servers/answers.js";
import type { Order } from "../data/data-sets.js";
import { payloads } from "../data/expected.js";
import {
  CREDENTIALS,
  EMISSION_WARM_UPS,
  endpointOf,
  type Job,
  REGION,
  type Variant,
} from "../rows/variant.js";
import { deaggregated } from "./lifion.js";

const READING: Pick<Variant, "kind" | "unit" | "sets" | "transports" | "expected"> = {
  kind: "peer",
  unit: "record",
  sets: ["200b", "1kb", "aggregated", "single"],
  transports: ["clear", "tls"],
  expected: payloads,
};

/** The client as `new KinesisClient({})` makes it: an HTTP/2 session for each call. */
function asInstalled(job: Job, more: Partial<KinesisClientConfig> = {}): KinesisClient {
  return new KinesisClient({ endpoint: endpointOf(job), ...common, ...more });
}

/** The first cure that everybody finds: HTTP/1.1 with connections kept. */
function keptAlive(job: Job, more: Partial<KinesisClientConfig> = {}): KinesisClient {
  const agent = { keepAlive: true };
  const requestHandler = new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent });
  return new KinesisClient({ endpoint: endpointOf(job), ...common, requestHandler, ...more });
}

const common = { region: REGION, credentials: CREDENTIALS };

/** Asks for page after page and looks at every record. */
async function readPages(client: KinesisClient, { set, meter }: Job): Promise<void> {
  const name = streamName(set.name);
  let goesOn = true;
  while (goesOn) {
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator: name, Limit: 10_000 }));
    if (set.name === "aggregated") for (const { Data } of await deaggregated(Records)) meter.touch(Data);
    else for (const { Data } of Records) if (Data !== undefined) meter.touch(Data);
    goesOn = meter.page(set.userRecords.length);
  }
  client.destroy();
}

const installed: Variant = {
  ...READING,
  name: "sdk-default",
  label: "SDK as installed, decode only",
  run: (job) => readPages(asInstalled(job), job),
};

const kept: Variant = {
  ...READING,
  name: "sdk-keep-alive",
  label: "SDK, HTTP/1.1 keep-alive, decode only",
  run: (job) => readPages(keptAlive(job), job),
};

const parsing: Variant = {
  ...READING,
  name: "sdk-default-parse",
  label: "SDK as installed, JSON.parse of each record",
  sets: ["200b"],
  transports: ["clear"],
  run: async (job) => {
    const client = asInstalled(job);
    const ShardIterator = streamName(job.set.name);
    do {
      const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
      for (const { Data } of Records) {
        if (Data === undefined) continue;
        job.meter.touchValue(JSON.parse(Buffer.from(Data).toString("utf8")));
      }
    } while (job.meter.page(job.set.userRecords.length));
    client.destroy();
  },
};

/** Our protocol on a client of one's own, in the same loop as the SDK's: what the protocol alone is worth. */
function protocolAlone(wireFormat: "cbor" | "json"): Variant {
  return {
    ...READING,
    name: `protocol-${wireFormat}`,
    label: `our protocol on the SDK's client, ${wireFormat.toUpperCase()}, decode only`,
    kind: "ours",
    sets: ["200b", "1kb", "single"],
    run: async (job) => {
      const fast = kinesisProtocol({ wireFormat });
      // Without `info`: the SDK's logging step walks over every record only to have something to pass to it.
      const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const logger = quiet as unknown as NonNullable<KinesisClientConfig["logger"]>;
      const client = keptAlive(job, { protocol: fast.protocol, logger });
      fast.attach(client);
      await readPages(client, job);
    },
  };
}

const fanOut: Variant = {
  ...READING,
  name: "sdk-fan-out",
  label: "SDK, SubscribeToShard, decode only",
  sets: ["200b"],
  run: async (job) => {
    const client = asInstalled(job);
    const { EventStream } = await client.send(
      new SubscribeToShardCommand({
        ConsumerARN: `${streamName(job.set.name)}/consumer/bench:1`,
        ShardId: "shardId-000000000000",
        StartingPosition: { Type: "TRIM_HORIZON" },
      }),
    );
    for await (const { SubscribeToShardEvent } of EventStream ?? []) {
      if (SubscribeToShardEvent === undefined) continue;
      for (const { Data } of SubscribeToShardEvent.Records ?? [])
        if (Data !== undefined) job.meter.touch(Data);
      if (!job.meter.page(job.set.userRecords.length)) break;
    }
    client.destroy();
  },
};

const RECORDS_PER_PUT = 500;
const ITEMS_PER_WRITE = 25;

const putRecords: Variant = {
  name: "sdk-put-records",
  label: "SDK as installed, PutRecords x 500",
  kind: "peer",
  unit: "record",
  sets: ["200b"],
  transports: ["clear"],
  warmUps: EMISSION_WARM_UPS,
  run: async (job) => {
    const client = asInstalled(job);
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

function orderOf(data: Buffer): Order {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(data.toString("utf8")) as Order;
}

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

const batchWrite: Variant = {
  name: "sdk-batch-write",
  label: "SDK, BatchWriteItem x 25, marshalled items",
  kind: "peer",
  unit: "record",
  sets: ["200b"],
  transports: ["clear"],
  warmUps: EMISSION_WARM_UPS,
  run: async (job) => {
    const client = new DynamoDBClient({ endpoint: endpointOf(job), ...common });
    const orders = job.set.userRecords.map(orderOf);
    let at = 0;
    let goesOn = true;
    while (goesOn) {
      const puts = orders
        .slice(at, at + ITEMS_PER_WRITE)
        .map((order) => ({ PutRequest: { Item: itemOf(order) } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { bench: puts } }));
      at = (at + ITEMS_PER_WRITE) % orders.length;
      goesOn = job.meter.page(puts.length);
    }
    client.destroy();
  },
};

/** What it takes to write an item only where there is none yet, or an older one. */
const putItem: Variant = {
  ...batchWrite,
  name: "sdk-put-item",
  label: "SDK, PutItem with a condition, marshalled items",
  run: async (job) => {
    const client = new DynamoDBClient({ endpoint: endpointOf(job), ...common });
    const orders = job.set.userRecords.map(orderOf);
    let at = 0;
    let goesOn = true;
    while (goesOn) {
      const puts = orders.slice(at, at + ITEMS_PER_WRITE).map((order) =>
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
      await Promise.all(puts);
      at = (at + ITEMS_PER_WRITE) % orders.length;
      goesOn = job.meter.page(puts.length);
    }
    client.destroy();
  },
};

/** A poll that finds nothing, which is what an idle shard costs. */
const idlePoll: Variant = {
  name: "sdk-idle-poll",
  label: "SDK as installed, poll of an idle shard",
  kind: "peer",
  unit: "poll",
  sets: ["idle"],
  transports: ["tls"],
  run: async (job) => {
    const client = asInstalled(job);
    const ShardIterator = streamName(job.set.name);
    do await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
    while (job.meter.page(1));
    client.destroy();
  },
};

export const sdk: readonly Variant[] = [
  installed,
  kept,
  parsing,
  protocolAlone("cbor"),
  protocolAlone("json"),
  fanOut,
  putRecords,
  batchWrite,
  putItem,
  idlePoll,
];
