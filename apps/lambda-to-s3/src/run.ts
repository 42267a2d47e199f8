import { clicks, type Running, UNWATCHED } from "@kinesis-connectors/app-sample";
import { connectKinesis } from "@kinesis-connectors/consumer/kinesis";
import { type EventSource, eventSource, startFunctionProcess } from "@kinesis-connectors/lambda/testing";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { type Check, checkArchive } from "./check.js";

const STREAM = "clicks";
const BUCKET = "clicks-archive";
/** One line in so many is no JSON, and goes to the dead letters. */
const DAMAGED_EVERY = 500;

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  readonly batchSize: number;
  /** How many of the function's processes are killed in the middle of an invocation, and how many are given up, stopped and go on later. */
  readonly kills: number;
  readonly freezes: number;
}

/** The result of a run. */
export interface RunResult extends Check {
  readonly invocations: number;
  readonly processes: number;
  readonly kills: number;
  readonly freezes: number;
  readonly seconds: number;
}

/** Puts clicks into a stream, has a function of real processes archive them, some of which are killed, and compares. */
export async function run(
  options: RunOptions,
  { signal, progress }: Running = UNWATCHED,
): Promise<RunResult> {
  const { records, shards, seed, batchSize } = options;
  await using aws = await startLocalAws({ limits: "off", seed, s3: { buckets: [BUCKET] } });
  const put = lines(records, seed);
  aws.kinesis.createStream({ name: STREAM, shardCount: shards });
  for (let begin = 0; begin < put.length; begin += 500) {
    signal.throwIfAborted();
    aws.kinesis.putRecords(
      STREAM,
      put.slice(begin, begin + 500).map((line, index) => ({ partitionKey: `${begin + index}`, data: line })),
    );
  }
  const { region, credentials } = aws.clientOptions("kinesis");
  const kinesis = await connectKinesis({
    stream: { StreamName: STREAM },
    endpoint: aws.endpoints.kinesis,
    region,
    credentials,
  });
  const startMs = performance.now();
  const source: EventSource = eventSource({
    kinesis,
    batchSize,
    seed,
    handler: {
      coldStart: () =>
        startFunctionProcess({
          module: new URL("function.js", import.meta.url),
          env: environment(aws),
          mappings: () => [source.mapping],
        }),
    },
    timeoutMs: 120_000,
    // In the middle of an invocation: a warm one takes about as long.
    faults: { cutAnew: 0.2, withinMs: 150, thawMs: 2_000, misfortune: (number) => misfortune(number) },
  });
  const { counts } = source;
  const misfortune = misfortunes(options, Math.ceil(records / batchSize), () => counts);
  try {
    using _watched = progress.watch(() => ({
      share: counts.records / Math.max(1, records),
      text: `handed over ${counts.records}  invocations ${counts.invocations}  killed ${counts.killed}`,
    }));
    await source.run(signal);
    signal.throwIfAborted();
  } finally {
    kinesis.close();
  }
  return {
    ...checkArchive(put, aws.s3.objects(BUCKET), placeOf),
    invocations: counts.invocations,
    processes: counts.coldStarts,
    kills: counts.killed,
    freezes: counts.frozen,
    seconds: Math.round(performance.now() - startMs) / 1000,
  };
}

function lines(records: number, seed: number): readonly string[] {
  return [...clicks(records, seed)].map((line, index) =>
    index % DAMAGED_EVERY === DAMAGED_EVERY - 1 ? `damaged click ${index}` : line.toString(),
  );
}

/** What becomes of a line in the function. */
function placeOf(line: string): "archive" | "dead-letter" | "nowhere" {
  if (line.startsWith("damaged")) return "dead-letter";
  return (JSON.parse(line) as { page: string }).page === "/help" ? "nowhere" : "archive";
}

/** Spreads the kills and freezes over the invocations that are expected at least; one that came too late for its invocation strikes the next. */
function misfortunes(
  { kills, freezes }: RunOptions,
  invocations: number,
  counts: () => EventSource["counts"],
): (invocation: number) => "killed" | "frozen" | undefined {
  const all = kills + freezes;
  return (invocation) => {
    const { killed, frozen } = counts();
    if (killed + frozen >= Math.min(all, Math.ceil((invocation * (all + 1)) / Math.max(1, invocations))))
      return undefined;
    return killed < kills && (frozen >= freezes || killed <= frozen) ? "killed" : "frozen";
  };
}

function environment(aws: LocalAws): Readonly<Record<string, string>> {
  const { region, credentials } = aws.clientOptions("kinesis");
  const { kinesis, dynamodb, s3 } = aws.endpoints;
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_KINESIS: kinesis,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    BUCKET,
  };
}
