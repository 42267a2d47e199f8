import {
  CreateTableCommand,
  DynamoDBClient,
  type AttributeValue,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, type Emitter, hasCode, json, text } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { memoryLeases } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { parquet } from "@kinesis-connectors/parquet";
import {
  delimited,
  type Format,
  gzip,
  ndjson,
  records,
  s3DeadLetters,
  s3Emitter,
  type S3EmitterOptions,
} from "@kinesis-connectors/s3";
import { failureFrom } from "@kinesis-connectors/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deadLetters, type ReplayEvent, s3Archive, startReplay } from "../src/index.js";
import { Place } from "./support/place.js";

const BUCKET = "orders";
const COUNT = 250;

interface Order {
  readonly id: string;
  readonly n: number;
  readonly total: number;
}
/** Some keys come again and again, so that which of their orders is the last one matters. */
const orderOf = (n: number): Order => ({ id: `order-${n % 90}`, n, total: n * 7 });

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, opensearch: false, redshift: false });
  aws.kinesis.createStream({ name: "orders", shardCount: 2 });
  for (let n = 0; n < COUNT; n += 50)
    aws.kinesis.putRecords(
      "orders",
      Array.from({ length: 50 }, (_, nth) => ({
        partitionKey: orderOf(n + nth).id,
        data: n + nth === 123 ? "damaged" : JSON.stringify(orderOf(n + nth)),
      })),
    );
});
afterAll(async () => {
  await aws.close();
});

const s3 = () => ({ ...aws.clientOptions("s3"), bucket: BUCKET });
const connection = () => {
  const { region, credentials } = aws.clientOptions("kinesis");
  const endpoints = { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb };
  return { region, credentials, endpoints };
};

/** Archives the stream below a prefix, as a live connector does. */
async function archive<Output>(
  prefix: string,
  options: Partial<S3EmitterOptions<Output>> & { readonly format: Format<Output> },
  to: (order: Order) => Output,
): Promise<void> {
  await using connector = await startConnector({
    ...connection(),
    application: prefix,
    stream: "orders",
    leaseTable: memoryLeases().connect(),
    pipeline: definePipeline({
      transformer: json<Order>().to(to),
      buffer: { maxRecords: 60 },
      emitter: s3Emitter<Output>({ ...s3(), prefix, ...options }),
      deadLetters: s3DeadLetters({ ...s3(), prefix }),
    }),
  });
  await expect.poll(() => connector.progress().recordsRead).toBe(COUNT);
  await connector.stop();
}

const live = async <Output>(
  prefix: string,
  format: Format<Output>,
  to: (order: Order) => Output,
): Promise<void> => await archive<Output>(prefix, { format, compression: gzip() }, to);

/** The lines that a replay of an archive lands, with the events on the way. */
async function replayed(
  source: ReturnType<typeof s3Archive>,
  application = "again",
): Promise<{ readonly lines: readonly string[]; readonly events: readonly ReplayEvent[] }> {
  const place = new Place();
  const events: ReplayEvent[] = [];
  const replay = await startReplay({
    application,
    pipeline: place.pipeline(25),
    source,
    leaseTable: memoryLeases().connect(),
    maxBytesPerSecond: 1_000_000_000,
    observe: (event) => events.push(event),
  });
  expect((await replay.done).isComplete).toBe(true);
  return { lines: place.landed, events };
}

/** Orders of JSON, in which CSV has texts for numbers. */
const ordersOf = (lines: readonly string[]): Order[] =>
  lines.map((line) => {
    const { id, n, total } = JSON.parse(line) as Readonly<Record<keyof Order, string | number>>;
    return { id: String(id), n: Number(n), total: Number(total) };
  });
const byNumber = (a: Order, b: Order): number => a.n - b.n;
const ALL: readonly Order[] = Array.from({ length: COUNT }, (_, n) => orderOf(n)).filter(
  ({ n }) => n !== 123,
);

describe("a replay of an archive", () => {
  it("of records(): a guarded table that is live keeps every item as it is, and an empty one becomes the same", async () => {
    await live("archive", records(), (order) => order);
    const tables = ["live", "new"] as const;
    const client = new DynamoDBClient({ ...connection(), endpoint: aws.endpoints.dynamodb });
    for (const TableName of tables)
      await client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    const pipelineInto = (table: string, by = "live") =>
      definePipeline({
        transformer: json<Order>().to((order) => order),
        buffer: { maxAgeMs: 500 },
        emitter: dynamoDbEmitter<Order>({ ...connectionOfTable(), table }),
        deadLetters: s3DeadLetters({ ...s3(), prefix: `dead-of-${by}` }),
      });
    const connectionOfTable = () => aws.clientOptions("dynamodb");
    const itemsOf = async (TableName: string): Promise<Map<string, string>> => {
      const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return new Map(Items.map((item) => [nameOf(item), JSON.stringify(sorted(item))]));
    };
    await using connector = await startConnector({
      ...connection(),
      application: "orders-to-dynamodb",
      stream: "orders",
      leaseTable: memoryLeases().connect(),
      pipeline: pipelineInto("live"),
    });
    await expect.poll(() => connector.progress().recordsEmitted).toBe(COUNT - 1);
    const before = await itemsOf("live");
    expect(before.size).toBe(90);

    for (const table of tables) {
      const replay = await startReplay({
        application: `replay-into-${table}`,
        pipeline: pipelineInto(table, `replay-into-${table}`),
        source: s3Archive({ ...s3(), prefix: "archive" }),
        leaseTable: memoryLeases().connect(),
        maxBytesPerSecond: 1_000_000_000,
      });
      expect((await replay.done).recordsEmitted).toBe(COUNT - 1);
    }
    const after = await itemsOf("live");
    const changed = [...after].filter(([id, item]) => before.get(id) !== item).length;
    expect({ changed, items: after.size }).toEqual({ changed: 0, items: 90 });
    // Guards and all: the positions are those of the stream.
    expect(await itemsOf("new")).toEqual(before);
    client.destroy();
  });

  it("of records() in many objects of a batch puts each shard in its order again, and of several outputs has one", async () => {
    await archive<Order>(
      "partitioned",
      { format: records(), partition: ({ n }) => ({ last: n % 10 }) },
      (order) => order,
    );
    const { lines, events } = await replayed(s3Archive({ ...s3(), prefix: "partitioned" }));
    expect(ordersOf(lines).toSorted(byNumber)).toEqual(ALL);
    for (const id of new Set(ALL.map((order) => order.id))) {
      const numbers = ordersOf(lines).flatMap((order) => (order.id === id ? [order.n] : []));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(events.filter(({ type }) => type === "shard-stop")).toHaveLength(2);
  });

  it.each([
    ["ndjson", () => live("lines", ndjson(), (order) => order), {}],
    [
      "parquet",
      () => archive<Order>("columns", { format: parquet<Order>({ infer: true }) }, (order) => order),
      { formats: [parquet({ infer: true })], prefix: "columns" },
    ],
    [
      "csv in folders",
      () =>
        archive<Order>(
          "csv",
          {
            format: delimited<Order>({ columns: ["id", "n", "total"] }),
            partition: ({ n }) => ({ last: n % 10 }),
          },
          (order) => order,
        ),
      { formats: [delimited<Order>({ columns: ["id", "n", "total"] })], prefix: "csv" },
    ],
  ])("of %s gives every record once, under names that are the same each time", async (_, write, options) => {
    await write();
    const [once, twice] = [
      await placed(s3Archive({ ...s3(), prefix: "lines", ...options })),
      await placed(s3Archive({ ...s3(), prefix: "lines", ...options })),
    ];
    const orders = ordersOf(once.map(({ line }) => line));
    expect(orders.toSorted(byNumber)).toEqual(ALL);
    expect(new Set(once.map(({ position }) => position)).size).toBe(ALL.length);
    expect(twice).toEqual(once);
  });

  it("goes on where it was stopped", async () => {
    const leases = memoryLeases();
    const place = new Place();
    let runs = 0;
    for (let isComplete = false; !isComplete; runs += 1) {
      const stop = new AbortController();
      const replay = await startReplay({
        application: "again",
        pipeline: place.pipeline(25),
        source: s3Archive({ ...s3(), prefix: "archive" }),
        leaseTable: leases.connect(),
        maxBytesPerSecond: 1_000_000_000,
        signal: stop.signal,
        observe: ({ type }) => {
          if (type === "checkpoint-commit") stop.abort();
        },
      });
      ({ isComplete } = await replay.done);
    }
    expect(runs).toBeGreaterThan(3);
    expect(ordersOf(place.landed).toSorted(byNumber)).toEqual(ALL);
  });

  it("into the place of the live connector is refused, and into another prefix it is not", async () => {
    const into = (prefix: string) =>
      startReplay({
        application: "again",
        pipeline: definePipeline({
          transformer: text(),
          emitter: s3Emitter({ ...s3(), prefix, format: ndjson() }),
        }),
        source: s3Archive({ ...s3(), prefix: "archive" }),
        leaseTable: memoryLeases().connect(),
      });
    const refused = await failureFrom(into("archive"));
    expect(hasCode(refused, "KC_STEERING_REFUSED")).toBe(true);
    expect(refused.message).toContain(`${BUCKET}/archive/`);
    await (await into("elsewhere")).stop();
    // A page of the listing, of somebody else's objects, before those of the stream.
    const others = Array.from({ length: 1001 }, (_, nth) => `aaa/${String(nth).padStart(4, "0")}`);
    const client = new S3Client({ ...aws.clientOptions("s3"), forcePathStyle: true });
    await Promise.all(
      others.map((Key) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "x" }))),
    );
    const behind = await failureFrom(into(""));
    await Promise.all(others.map((Key) => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }))));
    client.destroy();
    expect(hasCode(behind, "KC_STEERING_REFUSED")).toBe(true);
  });

  it("that is not there is told", async () => {
    const refused = await failureFrom(replayed(s3Archive({ ...s3(), prefix: "nothing" })));
    expect(hasCode(refused, "KC_READ_REFUSED")).toBe(true);
    expect(refused.message).toContain(`${BUCKET}/nothing`);
  });
});

describe("dead letters", () => {
  it("run through the mended pipeline with the positions that they had, and stay where they are", async () => {
    const place = new Place();
    const seen: string[] = [];
    const before = [...aws.s3.objects(BUCKET)].length;
    const run = async (wanted: { readonly codes?: readonly string[] }, filter: (line: string) => boolean) => {
      const replay = await startReplay({
        application: `redrive-${seen.push("")}`,
        pipeline: place.pipeline(10, undefined, filter),
        source: deadLetters({ ...s3(), prefix: "archive", ...wanted }),
        leaseTable: memoryLeases().connect(),
      });
      return await replay.done;
    };
    expect(await run({ codes: ["KC_TRANSFORM_TIMEOUT"] }, () => true)).toMatchObject({
      recordsEmitted: 0,
      isComplete: true,
    });
    const failing = await run({}, () => {
      throw new Error("not mended yet");
    });
    expect(failing).toMatchObject({ recordsEmitted: 0, deadLetters: 1, isComplete: true });
    expect(place.landed).toEqual([]);
    expect(await run({}, () => true)).toMatchObject({ recordsEmitted: 1, isComplete: true });
    expect(place.landed).toEqual(["damaged"]);
    expect([...aws.s3.objects(BUCKET)]).toHaveLength(before);
  });
});

/** The lines of an archive, with the positions under which they come. */
async function placed(
  source: ReturnType<typeof s3Archive>,
): Promise<readonly { readonly position: string; readonly line: string }[]> {
  const found: { position: string; line: string }[] = [];
  const emitter: Emitter<string> = {
    capabilities: { duplicates: "none", ordering: "shard" },
    emit: ({ shardId, entries }) => {
      for (const { output, record } of entries)
        found.push({
          position: `${shardId} ${record.sequenceNumber}.${record.subSequenceNumber}`,
          line: output,
        });
      return Promise.resolve({ failed: [] });
    },
  };
  const replay = await startReplay({
    application: "again",
    pipeline: definePipeline({ transformer: text(), emitter }),
    source,
    leaseTable: memoryLeases().connect(),
    maxBytesPerSecond: 1_000_000_000,
    into: "other",
  });
  await replay.done;
  return found.toSorted((a, b) => (a.position < b.position ? -1 : 1));
}

const nameOf = ({ id }: Record<string, AttributeValue>): string => id?.S ?? "";
const sorted = (item: Record<string, AttributeValue>): unknown =>
  Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1));
