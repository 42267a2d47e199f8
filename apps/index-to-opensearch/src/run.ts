import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { clicks, putLines, untilSettled } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { checkIndex, type IndexCheck } from "./check.js";
import { indexPipeline } from "./pipeline.js";

const STREAM = "clicks";

/** What a run does. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** Refuses 2 % of the documents for a while, and loses 5 % of the replies. */
  readonly faults: boolean;
}

/** What a run found. */
export interface RunResult extends IndexCheck {
  readonly records: number;
  readonly indices: readonly string[];
  /** Bulk requests that met a fault. */
  readonly faults: number;
  readonly seconds: number;
}

/** The whole sample: local AWS, a stream, a producer, a connector, and the comparison at the end. */
export async function run({ records, shards, seed, faults }: RunOptions): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", seed, s3: false });
  const settings = aws.clientOptions("kinesis");
  const kinesis = new KinesisClient(settings);
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shards }));
  await waitUntilStreamExists(
    { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { StreamName: STREAM },
  );
  if (faults) {
    const always = { server: "opensearch", operation: "Bulk", times: "always" } as const;
    aws.faults.add({
      ...always,
      id: "throttled documents",
      effect: { kind: "partial-failure", share: 0.02 },
    });
    aws.faults.add({ ...always, id: "lost replies", probability: 0.05, effect: { kind: "reply-lost" } });
  }
  const startMs = performance.now();
  const ids: string[] = [];
  await using connector = await startConnector({
    application: "index-to-opensearch",
    stream: STREAM,
    pipeline: indexPipeline(aws.endpoints.opensearch, "clicks-{yyyy.MM.dd}"),
    region: settings.region,
    credentials: settings.credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  await putLines(clicks(records, seed), {
    client: kinesis,
    stream: STREAM,
    onPlaced: (placed) => {
      for (const { shardId, sequenceNumber } of placed) ids.push(`${shardId}-${sequenceNumber}.0`);
    },
  });
  await untilSettled(connector, records);
  const seconds = Math.round(performance.now() - startMs) / 1000;
  kinesis.destroy();
  const met = aws.journal.entries({ server: "opensearch", operation: "Bulk" });
  return {
    records: ids.length,
    ...(await checkIndex(aws.endpoints.opensearch, "clicks-*", ids)),
    indices: aws.opensearch.indices(),
    faults: met.filter((entry) => entry.faults !== undefined).length,
    seconds,
  };
}
