import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { archivePipeline } from "@kinesis-connectors/app-archive-to-s3";
import {
  clicks,
  figuresOf,
  localTo,
  putLines,
  type Running,
  untilSettled,
  UNWATCHED,
  watch,
  type WrittenRecord,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { metricsTally } from "@kinesis-connectors/telemetry";
import { archiveModule } from "./archive-module.js";
import { DeliveryCheck } from "./check.js";
import { type DemoInput, demoInput } from "./input.js";
import type { DemoOptions } from "./options.js";
import { readBack } from "./read-back.js";
import { shownInBrowser, trickle } from "./shown.js";
import { type DemoResult, treeText } from "./report.js";

const APPLICATION = "demo";
const STREAM = "clicks";
const BUCKET = "clicks-archive";

/** What a run found: figures, and the objects as a tree. */
export interface DemoOutcome {
  readonly result: DemoResult;
  readonly tree: string;
}

/** The whole demo: local AWS, a stream, a producer, a connector, and the comparison at the end. */
export async function runDemo(options: DemoOptions, running: Running = UNWATCHED): Promise<DemoOutcome> {
  const input = await demoInput(options);
  // The service's own rates would hold four shards to 4,000 records a second; the demo shows what the code can do.
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  aws.kinesis.createStream({ name: STREAM, shardCount: options.shards });
  const check = new DeliveryCheck();
  const startMs = performance.now();
  await connectAndPut(aws, options, input, check, running);
  const seconds = (performance.now() - startMs) / 1000;

  const s3 = new S3Client(aws.clientOptions("s3"));
  const found = await readBack(s3, BUCKET, options.keep);
  s3.destroy();
  const result: DemoResult = {
    records: check.records,
    ...check.compare(found.lines),
    objects: found.objects.length,
    bytes: found.bytes,
    seconds: Math.round(seconds * 1000) / 1000,
  };
  return { result, tree: treeText(found, BUCKET) };
}

/** Puts the lines as any producer would, by requests, while a connector archives them. */
async function connectAndPut(
  aws: LocalAws,
  { threads, admin, seed, console: isShown }: DemoOptions,
  { lines, count, format }: DemoInput,
  check: DeliveryCheck,
  { signal, progress }: Running,
): Promise<void> {
  const archive = {
    bucket: BUCKET,
    prefix: "archive",
    format,
    maxRecords: 5_000,
    maxAgeMs: 1_000,
    s3: aws.clientOptions("s3"),
  };
  const metrics = metricsTally({ application: APPLICATION });
  await using connector = await startConnector({
    // Where somebody looks on, Ctrl-C ends the putting: what has been put is still delivered and compared.
    ...localTo(aws, STREAM, isShown ? UNWATCHED.signal : signal),
    application: APPLICATION,
    observe: metrics.observe,
    ...(threads === undefined
      ? { pipeline: archivePipeline(archive) }
      : { pipeline: archiveModule(archive), threads }),
  });
  await using watched = await watch(connector, {
    port: admin ?? (isShown ? 0 : undefined),
    metrics,
    dynamodb: aws.clientOptions("dynamodb"),
  });
  await using _console = isShown ? await shownInBrowser(APPLICATION, watched) : undefined;
  using _watched = progress.watch(() => figuresOf(connector, check.records, count));
  const client = new KinesisClient(aws.clientOptions("kinesis"));
  const onWritten = (written: readonly WrittenRecord[]): void => check.expect(written);
  await putLines(lines, { client, stream: STREAM, signal, onWritten });
  if (isShown) {
    const more = clicks(Number.MAX_SAFE_INTEGER, seed + 1)[Symbol.iterator]();
    await trickle(more, (some) => putLines(some, { client, stream: STREAM, onWritten }), signal);
  }
  client.destroy();
  await untilSettled(connector, check.records, isShown ? undefined : signal);
}
