import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { startConnector } from "@kinesis-connectors/consumer";
import {
  definePipeline,
  type Emitter,
  silentLogger,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { startLocalAws } from "@kinesis-connectors/local";
import { batchOfEntries, deliverStubbornly, entryOf } from "@kinesis-connectors/testkit";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** What came of reading from an emulator with everything at its default. */
export interface Verdict {
  readonly put: number;
  readonly read: number;
  readonly duplicated: number;
  /** What the connector spoke in the end. */
  readonly format: "CBOR" | "JSON";
  /** How often a shard's end was doubted. */
  readonly doubts: number;
  readonly seconds: number;
}

const STREAM = "emulated";
const REACH = { region: "eu-central-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

/** Puts half of the records, splits a shard, puts the rest, and reads all of them with everything at its default. */
export async function check(
  endpoint: string,
  options: {
    readonly records: number;
    readonly keepsCbor: boolean;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<Verdict> {
  const { records, keepsCbor, timeoutMs, signal } = options;
  const wireFormat = keepsCbor ? "auto" : "json";
  const startedMs = systemClock.monotonicNow();
  const client = new KinesisClient({ ...REACH, endpoint, requestHandler: new NodeHttpHandler() });
  await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 2 }));
  await untilActive(client);
  const half = Math.floor(records / 2);
  await put(endpoint, wireFormat, 0, half);
  await split(client);
  await put(endpoint, wireFormat, half, records);

  await using aws = await startLocalAws({ kinesis: false, s3: false, limits: "off" });
  const seen = new Map<string, number>();
  const emitter: Emitter<string> = {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: (batch) => {
      for (const { output } of batch.entries) seen.set(output, (seen.get(output) ?? 0) + 1);
      return Promise.resolve({ failed: [] });
    },
  };
  const connector = await startConnector({
    signal,
    application: "emulators",
    stream: STREAM,
    pipeline: definePipeline({
      transformer: text(),
      emitter,
      buffer: { maxAgeMs: 200 },
      logger: silentLogger,
    }),
    ...REACH,
    endpoints: { kinesis: endpoint, dynamodb: aws.endpoints.dynamodb },
  });
  let format: Verdict["format"] = "CBOR";
  let doubts = 0;
  const watching = (async () => {
    for await (const event of connector) {
      if (event.type === "wire-fallback") format = "JSON";
      if (event.type === "shard-end-doubt") doubts += 1;
    }
  })();
  // A connector that fails ends the waiting, and is thrown below.
  const running = { hasEnded: false };
  const ended = watching.finally(() => {
    running.hasEnded = true;
  });
  ended.catch(() => undefined);
  const deadlineMs = systemClock.monotonicNow() + timeoutMs;
  while (seen.size < records && !running.hasEnded && systemClock.monotonicNow() < deadlineMs)
    await sleep(systemClock, 50);
  await connector.stop();
  await ended;
  client.destroy();
  let duplicated = 0;
  for (const times of seen.values()) duplicated += times - 1;
  const seconds = Math.round((systemClock.monotonicNow() - startedMs) / 100) / 10;
  return { put: records, read: seen.size, duplicated, format, doubts, seconds };
}

async function put(endpoint: string, wireFormat: "auto" | "json", from: number, to: number): Promise<void> {
  const emitter = kinesisEmitter<string>({
    stream: STREAM,
    ...REACH,
    endpoint,
    wireFormat,
    partitionKey: (output) => output,
  });
  for (let start = from; start < to; start += 100) {
    const entries = Array.from({ length: Math.min(100, to - start) }, (_, index) =>
      entryOf(start + index, `Grüße ${start + index}`),
    );
    const { result } = await deliverStubbornly(emitter, batchOfEntries(entries), 10);
    if (result.failed.length > 0) throw new Error(`${result.failed.length} records were not taken`);
  }
  await emitter.close?.();
}

async function split(client: KinesisClient): Promise<void> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: STREAM }));
  const { ShardId: shardId = "", HashKeyRange: range } = shards[0] ?? {};
  const [low, high] = [BigInt(range?.StartingHashKey ?? 0), BigInt(range?.EndingHashKey ?? 0)];
  const middle = String((low + high) / 2n + 1n);
  await client.send(
    new SplitShardCommand({ StreamName: STREAM, ShardToSplit: shardId, NewStartingHashKey: middle }),
  );
  await untilActive(client);
}

async function untilActive(client: KinesisClient): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: STREAM }),
    );
    if (summary?.StreamStatus === "ACTIVE") return;
    await sleep(systemClock, 50);
  }
}
