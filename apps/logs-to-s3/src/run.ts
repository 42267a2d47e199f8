import { gunzipSync } from "node:zlib";
import { deliver, type Running } from "@kinesis-connectors/app-sample";
import { cloudWatchLogs, type LogEvent } from "@kinesis-connectors/aws-records";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { gzip, ndjson, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { checkLogs, type LogsCheck } from "./check.js";
import { type Subscribed, subscriptionRecords } from "./subscription.js";

const BUCKET = "logs";

/** Options of a run. */
export interface RunOptions {
  readonly events: number;
  readonly shards: number;
  readonly seed: number;
}

/** The result of a run. */
export interface RunResult extends LogsCheck {
  readonly records: number;
  readonly controlMessages: number;
  readonly damaged: number;
  readonly deadLetters: number;
  readonly objects: number;
  readonly seconds: number;
}

/** Starts AWS on loopback, puts records of a subscription while a connector archives each log event, and compares. */
export async function run({ events, shards, seed }: RunOptions, running?: Running): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, seed });
  const put: Subscribed = { ids: [], controlMessages: 0, damaged: 0 };
  const connection = { ...aws.clientOptions("s3"), bucket: BUCKET };
  const { records, seconds } = await deliver(
    aws,
    {
      stream: "logs",
      shards,
      records: subscriptionRecords(events, seed, put),
      count: undefined,
      start: (local) =>
        startConnector({
          ...local,
          application: "logs-to-s3",
          pipeline: definePipeline({
            transformer: cloudWatchLogs(),
            buffer: { maxRecords: 5_000, maxAgeMs: 500 },
            emitter: s3Emitter<LogEvent>({
              ...connection,
              prefix: "events",
              format: ndjson(),
              compression: gzip(),
            }),
            deadLetters: s3DeadLetters({ ...connection, prefix: "dead-letters" }),
          }),
        }),
    },
    running,
  );
  const archived = linesBelow(aws, "events/").map((line) => (JSON.parse(line) as LogEvent).id);
  return {
    ...checkLogs(put.ids, archived),
    records,
    controlMessages: put.controlMessages,
    damaged: put.damaged,
    deadLetters: linesBelow(aws, "dead-letters/").length,
    objects: objectsBelow(aws, "events/").length,
    seconds,
  };
}

/** All but those that emitters tried the store with. */
function objectsBelow(aws: LocalAws, prefix: string) {
  return [...aws.s3.objects(BUCKET)].filter(
    ({ key }) => key.startsWith(prefix) && !/(?:^|\/)_[^/]*$/.test(key),
  );
}

function linesBelow(aws: LocalAws, prefix: string): string[] {
  return objectsBelow(aws, prefix).flatMap(({ key, body }) => {
    const bytes = key.endsWith(".gz") ? gunzipSync(body) : body;
    return bytes.toString("utf8").trimEnd().split("\n");
  });
}
