import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { archivePipeline } from "@kinesis-connectors/app-archive-to-s3";
import { ProgressBar, putLines } from "@kinesis-connectors/app-seed-stream";
import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { archiveModule } from "./archive-module.js";
import { DeliveryCheck } from "./check.js";
import { type DemoInput, demoInput } from "./input.js";
import type { DemoOptions } from "./options.js";
import { readBack } from "./read-back.js";
import { type DemoResult, reportText } from "./report.js";

const STREAM = "clicks";
const BUCKET = "clicks-archive";
/** The demo gives up when nothing lands for this long: something is wrong then, and waiting on would hide it. */
const STALLED_AFTER_MS = 60_000;

/** What a run found, as text for people and as figures. */
export interface DemoOutcome {
  readonly result: DemoResult;
  readonly text: string;
}

/** The whole demo: local AWS, a stream, a producer, a connector, and the comparison at the end. */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const input = await demoInput(options);
  // The service's own rates would hold four shards to 4,000 records a second; the demo shows what the code can do.
  await using aws = await startLocalAws({ limits: "off" });
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  const s3 = new S3Client(aws.clientOptions("s3"));
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: options.shards }));
  await waitUntilStreamExists(
    { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { StreamName: STREAM },
  );
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  const { threads } = options;
  const archive = {
    bucket: BUCKET,
    prefix: "archive",
    format: input.format,
    maxRecords: 5_000,
    maxAgeMs: 1_000,
    s3: aws.clientOptions("s3"),
  };
  const check = new DeliveryCheck();
  await using connector = await startConnector({
    application: "demo",
    stream: STREAM,
    ...(threads === undefined
      ? { pipeline: archivePipeline(archive) }
      : { pipeline: archiveModule(archive), threads }),
    region: aws.clientOptions("kinesis").region,
    credentials: aws.clientOptions("kinesis").credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  const startMs = performance.now();
  const progress = watch(connector, check, input);
  try {
    await putLines(input.lines, {
      client: kinesis,
      stream: STREAM,
      onPlaced: (records) => check.expect(records),
    });
    await progress.untilRead(check.records);
    // A stop flushes what was read and commits it, so the last objects need not wait for their age.
    await connector.stop();
    await connector.done;
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - startMs) / 1000;

  const found = await readBack(s3, BUCKET, options.keep);
  const { delivered, lost, duplicated, outOfOrder } = check.compare(found.lines);
  const result: DemoResult = {
    records: check.records,
    delivered,
    lost,
    duplicated,
    outOfOrder,
    objects: found.objects.length,
    bytes: found.bytes,
    seconds: Math.round(seconds * 1000) / 1000,
  };
  kinesis.destroy();
  s3.destroy();
  return { result, text: reportText(result, found, BUCKET) };
}

interface Watch {
  readonly untilRead: (records: number) => Promise<void>;
  readonly end: () => void;
}

/** Shows the progress while it waits, and notices when nothing moves any more. */
function watch(connector: Connector, check: DeliveryCheck, input: DemoInput): Watch {
  const bar = new ProgressBar();
  let movedMs = performance.now();
  let lastRead = 0;
  const figures = (): string => {
    const { recordsRead, recordsEmitted, shards } = connector.progress();
    const lag = shards.map((shard) => ((shard.millisBehindLatest ?? 0) / 1000).toFixed(1)).join(" ");
    return `put ${check.records}  read ${recordsRead}  in objects ${recordsEmitted}  lag/shard ${lag} s`;
  };
  const look = (): number => {
    const { recordsRead, recordsEmitted } = connector.progress();
    if (recordsRead !== lastRead) movedMs = performance.now();
    lastRead = recordsRead;
    bar.show(input.count === undefined ? undefined : recordsEmitted / input.count, figures());
    return recordsRead;
  };
  const ticking = setInterval(look, 100);
  let failed: unknown;
  connector.done.catch((thrown: unknown) => {
    failed = thrown;
  });
  return {
    untilRead: async (records) => {
      while (look() < records) {
        if (failed !== undefined) throw failed;
        if (performance.now() - movedMs > STALLED_AFTER_MS)
          throw new Error(`nothing has landed for ${STALLED_AFTER_MS / 1000} s; ${figures()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    end: () => {
      clearInterval(ticking);
      bar.finish(figures());
    },
  };
}
