import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { type Running, type SeededNumbers, seededNumbers } from "@kinesis-connectors/app-sample";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { setTimeout as wait } from "node:timers/promises";
import { Fleet, type FleetEvent } from "./fleet.js";
import { type LeaseServer, startLeaseServer } from "./lease-server.js";
import { type MisfortuneCounts, nextMisfortune } from "./misfortunes.js";
import { OpenShards } from "./open-shards.js";
import type { ChaosOptions } from "./options.js";
import { startSurplusProxy } from "./surplus-proxy.js";
import { type Comparison, compare, countLanded, leaseOverlaps, longestTakeoverMs } from "./verdict.js";

const STREAM = "chaos";
const BUCKET = "chaos-archive";
/** Short, so that a minute holds many takeovers. */
const FAILOVER_TIME_MS = 3_000;
/** After everything has been mended, records land until all have: what lands no more for so long hangs, on any machine. */
const DRAIN_TIMEOUT_MS = 120_000;
const PUT_EVERY_MS = 50;
const START_TIMEOUT_MS = 60_000;

/** What a run found; `--json` prints exactly this. */
export interface ChaosResult extends Comparison {
  readonly takeoverSecondsMax: number;
  readonly leaseOverlaps: number;
  readonly kills: number;
  readonly pauses: number;
  readonly reshards: number;
  readonly faults: number;
  /** Deaths of the server that has the leases. */
  readonly serverKills: number;
  /** Answers that came again. */
  readonly surplus: number;
}

/** Sets everything up, lets things go wrong for a while, drains, compares. */
export async function runChaos(options: ChaosOptions, running: Running): Promise<ChaosResult> {
  await using aws = await startLocalAws({ limits: "off", seed: options.seed, s3: { buckets: [BUCKET] } });
  const over = new AbortController();
  await using leases = await startLeaseServer(options["lease-table"]);
  await using between = await startBetween(aws, options, over.signal);
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: options.shards }));
  const events: FleetEvent[] = [];
  const fleet = new Fleet(
    {
      stream: STREAM,
      bucket: BUCKET,
      application: "chaos",
      failoverTimeMs: FAILOVER_TIME_MS,
      retrieval: options.retrieval,
      threads: options.threads,
      leaseStore: leases.store,
      leasesMode: options["leases-mode"],
      endpoints: between.endpoints,
      s3: aws.clientOptions("s3"),
    },
    (event) => events.push(event),
  );
  try {
    for (let started = 0; started < options.workers; started += 1) fleet.start();
    await untilAllShardsAreRead(events, options.shards, running.signal);
    const counts = await troubledTimes(aws, fleet, kinesis, leases, options, running);
    over.abort();
    await drain(aws, fleet, running);
    await fleet.stopAll();
    if (fleet.failures.length > 0) throw new Error(fleet.failures.join("\n"));
    return {
      ...compare(aws, STREAM, BUCKET),
      takeoverSecondsMax: Math.round(longestTakeoverMs(events, fleet.deaths)) / 1000,
      leaseOverlaps: leaseOverlaps(events),
      ...counts,
      serverKills: leases.kills(),
      surplus: between.repeated(),
    };
  } finally {
    fleet.killAll();
    kinesis.destroy();
  }
}

interface Between extends AsyncDisposable {
  readonly endpoints: { readonly kinesis: string; readonly dynamodb: string };
  readonly repeated: () => number;
}

/** What the workers reach Kinesis and DynamoDB by. */
async function startBetween(
  aws: LocalAws,
  { proxy, seed }: ChaosOptions,
  over: AbortSignal,
): Promise<Between> {
  const { kinesis, dynamodb } = aws.endpoints;
  if (proxy === "none")
    return {
      endpoints: { kinesis, dynamodb },
      repeated: () => 0,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  // Numbers of their own, so that the schedule is the same with and without them.
  const [one, two] = await Promise.all([
    startSurplusProxy(kinesis, seededNumbers(seed + 1), over),
    startSurplusProxy(dynamodb, seededNumbers(seed + 2), over),
  ]);
  return {
    endpoints: { kinesis: one.endpoint, dynamodb: two.endpoint },
    repeated: () => one.repeated() + two.repeated(),
    [Symbol.asyncDispose]: async () => {
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
    },
  };
}

/** Things go wrong only once everything works: a worker that dies before it owns a shard proves nothing. */
async function untilAllShardsAreRead(
  events: readonly FleetEvent[],
  shards: number,
  signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now();
  const started = (): number =>
    new Set(events.filter((event) => event.type === "shard-start").map((event) => event.shardId)).size;
  while (started() < shards) {
    if (performance.now() - startMs > START_TIMEOUT_MS)
      throw new Error(`only ${started()} of ${shards} shards are read after ${START_TIMEOUT_MS / 1000} s`);
    await wait(50, undefined, { signal });
  }
}

/** Producers run and things go wrong, until the time is over; then everything is mended. */
async function troubledTimes(
  aws: LocalAws,
  fleet: Fleet,
  kinesis: KinesisClient,
  leases: LeaseServer,
  options: ChaosOptions,
  { signal, progress }: Running,
): Promise<MisfortuneCounts> {
  const next = seededNumbers(options.seed);
  const counts: MisfortuneCounts = { kills: 0, pauses: 0, reshards: 0, faults: 0 };
  const waiting = new Map<NodeJS.Timeout, () => void>();
  const later = (delayMs: number, action: () => void): void => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      action();
    }, delayMs);
    waiting.set(timer, action);
  };
  const context = {
    aws,
    fleet,
    shards: new OpenShards(aws, STREAM, options.shards * 2),
    next,
    counts,
    failoverTimeMs: FAILOVER_TIME_MS,
    later,
  };
  const over = new AbortController();
  const producing = produce(kinesis, options.rate, next, over.signal);
  // Numbers of its own, so that the schedule is the same with any store.
  const dying = leases.trouble(seededNumbers(options.seed + 3), over.signal);
  const startMs = performance.now();
  const spentMs = (): number => performance.now() - startMs;
  {
    using _watched = progress.watch(() => {
      const { kills, pauses, reshards, faults } = counts;
      return {
        share: spentMs() / options.seconds / 1000,
        text: `kills ${kills}  pauses ${pauses}  reshards ${reshards}  faults ${faults}  workers ${fleet.awake.length}`,
      };
    });
    while (spentMs() < options.seconds * 1000 && !signal.aborted) {
      await wait(100 + next() * 600);
      nextMisfortune(context);
    }
  }
  over.abort();
  await Promise.all([producing, dying]);
  signal.throwIfAborted();
  aws.faults.clear();
  // What was to happen later happens now: whoever was to be started or woken is.
  for (const [timer, action] of waiting) {
    clearTimeout(timer);
    action();
  }
  for (const worker of fleet.paused) fleet.resume(worker);
  while (fleet.awake.length < options.workers) fleet.start();
  return counts;
}

async function produce(
  kinesis: KinesisClient,
  rate: number,
  next: SeededNumbers,
  signal: AbortSignal,
): Promise<void> {
  let id = 0;
  while (!signal.aborted) {
    const records = Array.from({ length: Math.max(1, Math.round((rate * PUT_EVERY_MS) / 1000)) }, () => {
      id += 1;
      const words = Array.from({ length: 8 }, () => Math.floor(next() * 2 ** 32).toString(36)).join(" ");
      return {
        Data: Buffer.from(JSON.stringify({ id, words })),
        PartitionKey: `key-${Math.floor(next() * 1_000)}`,
      };
    });
    // Whatever the stream took counts; what it refused was never put.
    await kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records: records }));
    await wait(PUT_EVERY_MS);
  }
}

async function drain(aws: LocalAws, fleet: Fleet, { signal, progress }: Running): Promise<void> {
  let landedMs = performance.now();
  let put = 0;
  for (const _record of aws.kinesis.records(STREAM)) put += 1;
  let landed = 0;
  using _watched = progress.watch(() => ({
    share: landed / put,
    text: `draining: ${landed} of ${put} records landed`,
  }));
  while (landed < put && performance.now() - landedMs < DRAIN_TIMEOUT_MS) {
    if (fleet.failures.length > 0) throw new Error(fleet.failures.join("\n"));
    await wait(250, undefined, { signal });
    const now = countLanded(aws, BUCKET);
    if (now > landed) landedMs = performance.now();
    landed = now;
  }
}
