import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { clicks, localTo, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { readArchive } from "@kinesis-connectors/s3";
import { archivePipeline } from "./archive.js";
import { movableClock, putHistory } from "./history.js";
import { LagMeter } from "./lag.js";
import type { AwsSetup, RangeSetup } from "./protocol.js";
import { runToItsEnd } from "./replay-runs.js";

/** What the sample is run with. */
export interface Scenario {
  readonly shards: number;
  readonly seed: number;
  /** How long ago, in milliseconds. */
  readonly from: number;
  readonly until: number;
  readonly records: number;
  readonly kills: number;
  readonly format: "records" | "ndjson";
  readonly "max-bytes-per-second": number;
  readonly "live-seconds": number;
}

/** What it came to. */
export interface ReplayResult {
  readonly putInWindow: number;
  readonly landed: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Landed, and not of the window. */
  readonly outside: number;
  readonly kills: number;
  readonly replaySeconds: number;
  readonly liveLagAloneMs: number;
  readonly liveLagBesideMs: number;
  /** Records that the live connector read meanwhile. */
  readonly liveRecords: number;
}

const STREAM = "clicks";
const BUCKET = "clicks";
const LIVE_RECORDS_A_TURN = 10;
const LIVE_TURN_MS = 50;

/** Runs a replay beside a live connector, and compares what it landed with what was put. */
export async function replayBesideLive(
  scenario: Scenario,
  { signal, progress }: Running,
): Promise<ReplayResult> {
  const clock = movableClock();
  await using aws = await startLocalAws({
    clock,
    s3: { buckets: [BUCKET] },
    opensearch: false,
    seed: scenario.seed,
  });
  const nowMs = clock.now();
  const fromMs = nowMs - scenario.from;
  const untilMs = nowMs - scenario.until;
  const { records: count, seed, format } = scenario;
  const wanted = putHistory(aws, clock, {
    stream: STREAM,
    shards: scenario.shards,
    count,
    seed,
    fromMs,
    untilMs,
  });
  const s3 = setupOf(aws, "s3");

  const lag = new LagMeter();
  await using live = await startConnector({
    application: "clicks-live",
    ...localTo(aws, STREAM, signal),
    pipeline: archivePipeline({ s3, bucket: BUCKET, prefix: "live", format }, (arrivalMs) =>
      lag.note(arrivalMs, clock.now()),
    ),
  });
  const leaseFolder = mkdtempSync(join(tmpdir(), "replay-rows-"));
  let phase = "the live connector delivers the hour";
  using _watched = progress.watch(() => {
    const { recordsEmitted } = live.progress();
    return { share: undefined, text: `${phase}; live delivered ${recordsEmitted}` };
  });
  try {
    while (live.progress().recordsEmitted < count) await wait(20, undefined, { signal });
    const producing = new AbortController();
    const produced = produce(aws, AbortSignal.any([signal, producing.signal]));
    phase = "live alone";
    lag.take();
    await wait(scenario["live-seconds"] * 1000, undefined, { signal });
    const alone = lag.take();

    const setup: RangeSetup = {
      type: "range",
      stream: STREAM,
      application: "clicks-again",
      fromMs,
      untilMs,
      maxBytesPerSecond: scenario["max-bytes-per-second"],
      leaseFolder,
      kinesis: setupOf(aws, "kinesis"),
      s3,
      bucket: BUCKET,
      prefix: "again",
      format,
    };
    const startMs = performance.now();
    const kills = await runToItsEnd(setup, scenario.kills, signal, (text) => {
      phase = text;
    });
    const replaySeconds = Math.round(performance.now() - startMs) / 1000;
    const beside = lag.take();
    producing.abort();
    await produced;
    phase = "comparing";
    const landed = await landedIds(s3);
    const once = new Set(landed);
    const missing = [...wanted].filter((id) => !once.has(id)).length;
    return {
      putInWindow: wanted.size,
      landed: landed.length,
      lost: missing,
      duplicated: landed.length - once.size,
      outside: [...once].filter((id) => !wanted.has(id)).length,
      kills,
      replaySeconds,
      liveLagAloneMs: Math.round(alone.p95Ms),
      liveLagBesideMs: Math.round(beside.p95Ms),
      liveRecords: beside.records,
    };
  } finally {
    rmSync(leaseFolder, { recursive: true, force: true });
  }
}

/** Puts records on and on, as producers do. */
async function produce(aws: LocalAws, signal: AbortSignal): Promise<void> {
  for (const [id, data] of [...clicks(10_000, 7)].entries()) {
    if (signal.aborted) return;
    const records = Array.from({ length: LIVE_RECORDS_A_TURN }, (_, nth) => ({
      partitionKey: `now-${id}-${nth}`,
      data,
    }));
    aws.kinesis.putRecords(STREAM, records);
    // The end is no failure of it.
    await wait(LIVE_TURN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The ids of all that the replay landed, as often as it did. */
async function landedIds(s3: AwsSetup): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const { data } of readArchive({ ...s3, bucket: BUCKET, prefix: "again" }))
    ids.push((JSON.parse(Buffer.from(data).toString("utf8")) as { readonly id: number }).id);
  return ids;
}

/** The way to one of the local services, as JSON. */
export function setupOf(aws: LocalAws, service: "kinesis" | "s3" | "dynamodb"): AwsSetup {
  const { region, credentials } = aws.clientOptions(service);
  return { endpoint: aws.endpoints[service], region, credentials };
}
