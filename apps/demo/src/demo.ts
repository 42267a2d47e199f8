import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { archivePipeline } from "@kinesis-connectors/app-archive-to-s3";
import {
  clicks,
  figuresOf,
  localTo,
  putLines,
  type Running,
  type SeenProgress,
  type SettlingConnector,
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
import type { ConnectorCpu } from "./messages.js";
import { startInOwnProcess } from "./own-process.js";
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
  const cpu = await connectAndPut(aws, options, input, check, running);
  const seconds = (performance.now() - startMs) / 1000;

  const s3 = new S3Client(aws.clientOptions("s3"));
  const found = await readBack(s3, BUCKET, options.keep);
  s3.destroy();
  const result: DemoResult = {
    records: check.records,
    ...check.compare(found.lines),
    objects: found.objects.length,
    bytes: found.bytes,
    seconds: rounded(seconds),
    connector:
      cpu === undefined
        ? null
        : {
            startCpuSeconds: rounded(cpu.startCpuSeconds),
            cpuSeconds: rounded(cpu.cpuSeconds),
            recordsPerCpuSecond: Math.round(check.records / cpu.cpuSeconds),
          },
  };
  return { result, tree: treeText(found, BUCKET) };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/**
 * Puts the lines as any producer would, by requests, while a connector archives them: in a process of its own, and in this one where somebody looks on, for
 * that goes by the connector itself. Gives what it cost where it was alone.
 */
async function connectAndPut(
  aws: LocalAws,
  options: DemoOptions,
  input: DemoInput,
  check: DeliveryCheck,
  running: Running,
): Promise<ConnectorCpu | undefined> {
  const { threads, admin, console: isShown } = options;
  const archive = {
    bucket: BUCKET,
    prefix: "archive",
    format: input.format,
    maxRecords: 5_000,
    maxAgeMs: 1_000,
    s3: aws.clientOptions("s3"),
  };
  const { signal = running.signal, ...local } = localTo(aws, STREAM, running.signal);
  if (admin === undefined && !isShown) {
    await using connector = startInOwnProcess({
      options: { ...local, application: APPLICATION },
      archive,
      threads,
    });
    await putAndWait(aws, input, check, connector, running);
    return connector.cpu();
  }
  const metrics = metricsTally({ application: APPLICATION });
  await using connector = await startConnector({
    ...local,
    // Where somebody looks on, Ctrl-C ends the putting: what has been put is still delivered and compared.
    signal: isShown ? UNWATCHED.signal : signal,
    application: APPLICATION,
    observe: metrics.observe,
    ...(threads === undefined
      ? { pipeline: archivePipeline(archive) }
      : { pipeline: archiveModule(archive), threads }),
  });
  await using watched = await watch(connector, {
    port: admin ?? 0,
    metrics,
    dynamodb: aws.clientOptions("dynamodb"),
  });
  await using _console = isShown ? await shownInBrowser(APPLICATION, watched) : undefined;
  await putAndWait(aws, input, check, connector, running, isShown ? options.seed + 1 : undefined);
  return undefined;
}

/**
 * Puts the lines, and waits until the connector has delivered them.
 * @param more seed of the clicks that are put one by one when the lines are, until the demo is stopped; undefined: none are
 */
async function putAndWait(
  aws: LocalAws,
  { lines, count }: DemoInput,
  check: DeliveryCheck,
  connector: SettlingConnector & { readonly progress: () => SeenProgress },
  { signal, progress }: Running,
  more?: number,
): Promise<void> {
  using _watched = progress.watch(() => figuresOf(connector, check.records, count));
  const client = new KinesisClient(aws.clientOptions("kinesis"));
  const onWritten = (written: readonly WrittenRecord[]): void => check.expect(written);
  await putLines(lines, { client, stream: STREAM, signal, onWritten });
  if (more !== undefined) {
    const trickling = clicks(Number.MAX_SAFE_INTEGER, more)[Symbol.iterator]();
    await trickle(trickling, (some) => putLines(some, { client, stream: STREAM, onWritten }), signal);
  }
  client.destroy();
  await untilSettled(connector, check.records, more === undefined ? signal : undefined);
}
