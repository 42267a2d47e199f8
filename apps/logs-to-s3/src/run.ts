import { gunzipSync } from "node:zlib";
import { deliver, deliverThroughKills, type Running } from "@kinesis-connectors/app-sample";
import type { LogEvent } from "@kinesis-connectors/aws-records";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { checkLogs, type LogsCheck } from "./check.js";
import { logsPipeline } from "./pipeline.js";
import { type Subscribed, subscriptionRecords } from "./subscription.js";

const BUCKET = "logs";

/** Options of a run. */
export interface RunOptions {
  readonly events: number;
  readonly shards: number;
  readonly seed: number;
  /** How often the worker is killed; it is a process of its own then. Default 0. */
  readonly kills?: number;
}

/** The result of a run. */
export interface RunResult extends LogsCheck {
  readonly records: number;
  readonly controlMessages: number;
  readonly damaged: number;
  readonly deadLetters: number;
  readonly objects: number;
  readonly kills: number;
  /** Batches that a killed worker had begun, and the next one ended. */
  readonly takenOver: number;
  readonly seconds: number;
}

/** Starts AWS on loopback, puts records of a subscription while a connector archives each log event, and compares. */
export async function run(
  { events, shards, seed, kills = 0 }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] }, seed });
  // On loopback a batch is on its way for a moment only; a kill should meet it there, written and not.
  for (const phase of kills === 0 ? [] : (["before", "after"] as const))
    aws.faults.add({
      server: "s3",
      operation: "PutObject",
      times: "always",
      probability: 0.5,
      phase,
      effect: { kind: "delay", delayMs: 200 },
    });
  const put: Subscribed = { ids: [], controlMessages: 0, damaged: 0 };
  const archive = { connection: aws.clientOptions("s3"), bucket: BUCKET };
  const delivery = {
    stream: "logs",
    shards,
    records: subscriptionRecords(events, seed, put),
    count: undefined,
  };
  const application = "logs-to-s3";
  const { records, seconds, takenOver } = await (kills === 0
    ? deliver(
        aws,
        {
          ...delivery,
          start: (local) => startConnector({ ...local, application, pipeline: logsPipeline(archive) }),
        },
        running,
      ).then((delivered) => ({ ...delivered, takenOver: 0 }))
    : deliverThroughKills(
        aws,
        {
          ...delivery,
          application,
          worker: new URL("worker.js", import.meta.url),
          setup: archive,
          kills,
          seed,
        },
        running,
      ));
  const archived = linesBelow(aws, "events/").map((line) => (JSON.parse(line) as LogEvent).id);
  return {
    ...checkLogs(put.ids, archived),
    records,
    controlMessages: put.controlMessages,
    damaged: put.damaged,
    deadLetters: linesBelow(aws, "dead-letters/").length,
    objects: objectsBelow(aws, "events/").length,
    kills,
    takenOver,
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
