// A process that has just begun: <what it does> <endpoint of Kinesis> <endpoint of DynamoDB> <stream>. Prints its CPU time and its memory in one line when it has done
// it. Everything is imported late: what this file names above would be paid for by all of them.

const [mode = "", kinesis = "", dynamodb = "", stream = ""] = process.argv.slice(2);
const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
const common = { region: "eu-central-1", credentials };

/** Long enough for every shard to be polled several times. */
const IDLE_MS = 15_000;

const MODES: Readonly<Record<string, () => Promise<void>>> = {
  bare: () => Promise.resolve(),
  import: async () => {
    await import("@kinesis-connectors/core");
    await import("@kinesis-connectors/consumer");
    await import("@kinesis-connectors/s3");
  },
  "import-sdk": async () => {
    const { KinesisClient } = await import("@aws-sdk/client-kinesis");
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    const { S3Client } = await import("@aws-sdk/client-s3");
    for (const Client of [KinesisClient, DynamoDBClient, S3Client]) new Client(common).destroy();
  },
  "first-records": () => connect((type) => type === "page-read"),
  "first-records-sdk": async () => {
    const { KinesisClient, GetRecordsCommand, GetShardIteratorCommand } =
      await import("@aws-sdk/client-kinesis");
    const { DynamoDBClient, DescribeTableCommand } = await import("@aws-sdk/client-dynamodb");
    // What the bench's server answers to: no table has to be there.
    const table = new DynamoDBClient({ ...common, endpoint: kinesis });
    await table.send(new DescribeTableCommand({ TableName: "bench" }));
    const shards = new KinesisClient({ ...common, endpoint: kinesis });
    const { ShardIterator } = await shards.send(
      new GetShardIteratorCommand({
        StreamName: stream,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    await shards.send(new GetRecordsCommand({ ShardIterator }));
  },
  "idle-rss": () => {
    const begunMs = performance.now();
    return connect(() => performance.now() - begunMs > IDLE_MS);
  },
};

/** A connector with its leases in DynamoDB, until it told of what is waited for. */
async function connect(isEnough: (type: string) => boolean): Promise<void> {
  const { bytes, definePipeline } = await import("@kinesis-connectors/core");
  const { startConnector } = await import("@kinesis-connectors/consumer");
  const pipeline = definePipeline({
    transformer: bytes(),
    emitter: {
      capabilities: { duplicates: "possible", ordering: "shard" },
      emit: () => Promise.resolve({ failed: [] }),
    },
  });
  let told = (): void => undefined;
  const enough = new Promise<void>((resolve) => (told = resolve));
  const { done } = await startConnector({
    ...common,
    application: `cold-${process.pid}`,
    stream,
    pipeline,
    endpoints: { kinesis, dynamodb },
    leases: { bootstrapJitterMs: 0 },
    observe: ({ type }) => {
      if (isEnough(type)) told();
    },
  });
  await Promise.race([enough, done]);
}

const run = MODES[mode];
if (run === undefined) throw new Error(`there is no ${mode}`);
await run();
const { user, system } = process.cpuUsage();
const said = { cpuMs: (user + system) / 1000, peakRssMb: (process.resourceUsage().maxRSS * 1024) / 1e6 };
process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit(0));
