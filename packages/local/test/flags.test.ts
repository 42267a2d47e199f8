import { expect, test } from "vitest";
import { FlagError, readFlags } from "../src/flags.js";
import { startAsked } from "../src/start-asked.js";

test("flags become the options of startLocalAws", () => {
  const { streams, shardCount, aws } = readFlags(
    "--port 4567 --stream a --stream b --shards 3 --bucket c --limits off --seed 9 --region us-east-1".split(
      " ",
    ),
  );
  expect({ streams, shardCount, aws }).toEqual({
    streams: ["a", "b"],
    shardCount: 3,
    aws: {
      kinesis: { port: 4567 },
      s3: { buckets: ["c"] },
      dynamodb: {},
      opensearch: {},
      limits: "off",
      seed: 9,
      region: "us-east-1",
    },
  });
});

test.each([
  ["--redshift", {}],
  ["--redshift-port 5555", { port: 5555 }],
  ["--redshift-url postgres://h/d", { connectionString: "postgres://h/d" }],
])("Redshift runs when a flag names it: %s", (line, redshift) => {
  expect(readFlags(line.split(" ")).aws.redshift).toEqual(redshift);
});

test.each([
  ["--bogus", "--bogus"],
  ["--port x", '--port takes a whole number from 0 to 65535, not "x"'],
  ["--shards 0", '--shards takes a whole number from 1 to 10000, not "0"'],
  ["--limits some", '--limits takes aws or off, not "some"'],
  ["stray", "stray"],
])("a bad flag is one sentence: %s", (line, sentence) => {
  const read = () => readFlags(line.split(" "));
  expect(read).toThrow(FlagError);
  expect(read).toThrow(sentence);
  expect(read).not.toThrow("\n");
});

test.each([
  ["--firehose orders --firehose other", { firehose: { deliveryStreams: ["orders", "other"] } }, []],
  ["--firehose-port 5555", { firehose: { port: 5555, deliveryStreams: [] } }, []],
  ["--sqs orders --sqs orders.fifo", { sqs: {} }, ["orders", "orders.fifo"]],
  ["--sqs orders --sqs-port 5555", { sqs: { port: 5555 } }, ["orders"]],
])("Firehose and SQS run when a flag names them: %s", (line, servers, queues) => {
  const read = readFlags(line.split(" "));
  expect(read.aws).toMatchObject(servers);
  expect(Object.keys(read.aws)).toEqual(expect.arrayContaining(Object.keys(servers)));
  expect(read.queues).toEqual(queues);
});

test("neither runs without", () => {
  const { aws, queues } = readFlags([]);
  expect([aws.firehose, aws.sqs, queues]).toEqual([undefined, undefined, []]);
});

test.each([
  ["--iceberg", {}],
  ["--iceberg-port 5555", { port: 5555 }],
])("the Iceberg catalog runs when a flag names it: %s", (line, iceberg) => {
  expect(readFlags(line.split(" ")).aws.iceberg).toEqual(iceberg);
});

test("what flags name is there, and a name that is none leaves no server running", async () => {
  const { local, queueUrls } = await startAsked(
    readFlags("--stream orders --firehose large --sqs orders.fifo --sqs orders.fifo".split(" ")),
  );
  expect(queueUrls).toEqual([`${local.endpoints.sqs}/000000000000/orders.fifo`]);
  expect(local.firehose.records("large")).toEqual([]);
  expect(Object.keys(local.env)).toEqual(
    expect.arrayContaining(["AWS_ENDPOINT_URL_FIREHOSE", "AWS_ENDPOINT_URL_SQS"]),
  );
  const port = new URL(local.endpoints.kinesis).port;
  await local.close();
  for (const wrong of [
    ["--stream", "no name"],
    ["--sqs", "no name"],
    ["--firehose", "no name"],
  ])
    await expect(startAsked(readFlags(["--port", port, ...wrong]))).rejects.toThrow("no name");
  // Its port is free again.
  const { local: again } = await startAsked(readFlags(["--port", port]));
  await again.close();
});
