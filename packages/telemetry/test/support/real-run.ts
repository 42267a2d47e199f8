import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import {
  definePipeline,
  type Emitter,
  json,
  type Logger,
  sleep,
  systemClock,
} from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3DeadLetters, s3Emitter, type S3EmitterOptions } from "@kinesis-connectors/s3";
import { S3Client } from "@aws-sdk/client-s3";

import type { Metrics } from "../../src/index.js";

export const APPLICATION = "clicks-to-s3";
export const STREAM = "clicks";
const BUCKET = "archive";

/** What must never be seen anywhere but in Kinesis and in S3. */
export const CANARIES = {
  accessKeyId: "CANARYKEYID",
  secretAccessKey: "canary-secret",
  sessionToken: "canary-token",
  payload: "canary-payload",
  partitionKey: "canary-partition-key",
};

interface Click {
  readonly n: number;
  readonly note: string;
  readonly traceparent?: string;
}

type ClickEmitter = Emitter<Click, never>;

export interface RunOptions {
  readonly metrics?: Metrics;
  readonly records?: number;
  readonly shards?: number;
  /** Objects of the archive that S3 refuses for now. Default 4. */
  readonly failures?: number;
  readonly logger?: Logger;
  readonly client?: (client: S3Client) => void;
  readonly traceparentOf?: (n: number) => string | undefined;
  /** Wraps the S3 emitter. */
  readonly wrap?: <Plan>(emitter: Emitter<Click, Plan>) => Emitter<Click, Plan>;
  readonly emitter?: Partial<S3EmitterOptions<Click>>;
  readonly maxRecords?: number;
}

/** A connector that reads from a local Kinesis and writes to a local S3, with everything that happens to records: filtered, poison, retried. */
export interface RealRun extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly connector: Connector;
  /** How many records there are, and what must become of them. */
  readonly expected: { readonly read: number; readonly filtered: number; readonly deadLettered: number };
  /** Settles when everything is committed. */
  readonly settled: () => Promise<void>;
}

function isPoison(n: number): boolean {
  return n % 97 === 3;
}

function isFiltered(n: number): boolean {
  return n % 10 === 0;
}

export async function startRealRun(options: RunOptions = {}): Promise<RealRun> {
  const { metrics, records = 2_000, shards = 3, failures = 4, logger, wrap, maxRecords = 250 } = options;
  const aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  const { accessKeyId, secretAccessKey, sessionToken } = CANARIES;
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const connection = { ...aws.clientOptions("s3"), credentials };
  // Its own repetitions would hide what the engine has to repeat.
  const client = new S3Client({ ...connection, maxAttempts: 1 });
  options.client?.(client);
  aws.kinesis.createStream({ name: STREAM, shardCount: shards });
  const numbers = Array.from({ length: records }, (_, n) => n);
  aws.kinesis.putRecords(
    STREAM,
    numbers.map((n) => ({
      partitionKey: `${CANARIES.partitionKey}-${n}`,
      data: isPoison(n)
        ? `{"note": "${CANARIES.payload}"`
        : JSON.stringify({ n, note: CANARIES.payload, traceparent: options.traceparentOf?.(n) }),
    })),
  );
  if (failures > 0)
    aws.faults.add({
      server: "s3",
      operation: "PutObject",
      times: failures,
      // Objects of the archive alone, and not what the emitter tries the store with.
      predicate: ({ parameters }) => String(parameters["key"]).startsWith("clicks/2"),
      effect: { kind: "error", status: 503, code: "SlowDown" },
    });
  const s3 = s3Emitter<Click>({
    client,
    bucket: BUCKET,
    prefix: "clicks",
    format: ndjson(),
    ...options.emitter,
  });
  const emitter = (wrap === undefined ? s3 : wrap(s3)) as unknown as ClickEmitter;
  const pipeline = definePipeline({
    transformer: json<Click>(),
    filter: ({ n }) => !isFiltered(n),
    buffer: { maxRecords, maxAgeMs: 300 },
    emitter,
    deadLetters: s3DeadLetters({ client, bucket: BUCKET, prefix: "dead" }),
    retry: { baseDelayMs: 1, maxDelayMs: 5 },
    ...(logger === undefined ? {} : { logger }),
  });
  const connector = await startConnector({
    application: APPLICATION,
    stream: STREAM,
    pipeline,
    region: connection.region,
    credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
    leases: { bootstrapJitterMs: 0, failoverTimeMs: 30_000, takePeriodMs: 100, parentPollMs: 50 },
    retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 500 },
    ...(metrics === undefined ? {} : { observe: metrics.observe }),
  });
  metrics?.attach(connector);
  const deadLettered = numbers.filter(isPoison).length;
  const filtered = numbers.filter((n) => !isPoison(n) && isFiltered(n)).length;
  return {
    aws,
    connector,
    expected: { read: records, filtered, deadLettered },
    settled: async () => {
      for (;;) {
        const { recordsEmitted, recordsFiltered, deadLetters } = connector.progress().totals;
        if (recordsEmitted + recordsFiltered + deadLetters >= records) return;
        await Promise.race([connector.done, sleep(systemClock, 20)]);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await connector.stop();
      client.destroy();
      await aws.close();
    },
  };
}
