import type { Slot } from "../fleet.js";
import type { CallMoment } from "../world/network.js";
import { type EmitterName, isS3, type Scenario } from "./scenario.js";
import { breakProduct } from "./broken.js";
import type { RunOptions, RunResult } from "../run.js";
import { Simulation } from "../simulation.js";

/**
 * What happens to the process that takes a step.
 * - `before`: it crashes, and the request never leaves. `sent`: it crashes with the request under way. `late`: as `sent`, and the
 *   request arrives long after the next owner has committed.
 * - `applied`: it crashes before the answer comes. `answered`: it crashes with the answer in hand.
 * - `zombie`: it is paused for five times the failover time, the request arrives at the end of that, and it goes on.
 */
type Blow = "before" | "sent" | "late" | "applied" | "answered" | "zombie";

const BLOWS: readonly Blow[] = ["before", "sent", "late", "applied", "answered", "zombie"];

/** A step of the protocol and what happens there. */
interface CrashPoint {
  readonly step: string;
  readonly blow: Blow;
  /** Which time the step is taken, from 1; later ones find a shard in the middle of its work. */
  readonly time: number;
}

/** Steps of every batch, and how many of them pass before the first blow. */
const STEPS: readonly (readonly [step: string, time: number])[] = [
  ["create", 1],
  ["take", 1],
  ["get", 2],
  ["renew", 2],
  ["GetShardIterator", 1],
  ["GetRecords", 2],
  ["prepare", 2],
  ["commit", 2],
  ["shard-end", 1],
  ["evict", 1],
];
const SINGLE_PUT: readonly (readonly [string, number])[] = [
  ["PutObject", 2],
  ["PutObject dead", 1],
];
const MULTIPART: readonly (readonly [string, number])[] = [
  ["CreateMultipartUpload", 2],
  ["UploadPart", 2],
  ["CompleteMultipartUpload", 2],
  ["CompleteMultipartUpload dead", 1],
];

/** The same for what else is written to: the rows of `crashSchedules` beside those of every batch. */
const WRITES: Readonly<Record<Exclude<EmitterName, "s3" | "s3-partitioned">, typeof STEPS>> = {
  dynamodb: [
    ["PutItem", 4],
    ["UpdateItem", 4],
    ["BatchWriteItem", 2],
  ],
  kinesis: [["PutRecords", 2]],
  firehose: [["PutRecordBatch", 2]],
  sqs: [["SendMessageBatch", 2]],
  opensearch: [["bulk", 2]],
  postgres: [
    ["lock-position", 2],
    ["insert-rows", 2],
    ["commit-rows", 2],
  ],
  redshift: [
    ["PutObject", 2],
    ["BatchExecuteStatement", 2],
    ["DescribeStatement", 3],
    ["GetStatementResult", 2],
  ],
  iceberg: [
    ["PutObject", 6],
    ["LoadTable", 3],
    ["UpdateTable", 3],
  ],
};
const DEAD_LETTERS: typeof STEPS = [["PutObject dead", 1]];

const FAILOVER_MS = 2_000;
const LATE_REQUEST_MS = 8_000;
const STORM_MS = 7_000;

/** One schedule: one crash point, or two in this order. */
export interface CrashSchedule {
  readonly points: readonly CrashPoint[];
  readonly multipart: boolean;
}

/** All single crash points and all ordered pairs of different ones, for objects put at once and in parts. */
export function crashSchedules(emitter: EmitterName = "s3"): readonly CrashSchedule[] {
  const schedules: CrashSchedule[] = [];
  const isObjects = emitter === "s3" || emitter === "s3-partitioned";
  for (const multipart of isObjects ? [false, true] : [false]) {
    const points: CrashPoint[] = [];
    const writes = isObjects ? (multipart ? MULTIPART : SINGLE_PUT) : [...WRITES[emitter], ...DEAD_LETTERS];
    for (const [step, time] of [...STEPS, ...writes])
      for (const blow of BLOWS) points.push({ step, blow, time });
    for (const first of points) {
      schedules.push({ points: [first], multipart });
      for (const second of points)
        if (second !== first) schedules.push({ points: [first, second], multipart });
    }
  }
  return schedules;
}

/** What a schedule came to, and how many of its blows fell: a step that is never taken cannot be hit. */
export interface CrashResult extends RunResult {
  readonly blows: number;
}

/** Runs one schedule: two workers, a split, a graceful stop, and the blows at their steps. Nothing else goes wrong. */
export async function runSchedule(
  schedule: CrashSchedule,
  index: number,
  options: RunOptions = {},
): Promise<CrashResult> {
  const mend = breakProduct(options.broken);
  try {
    return await strikeAll(schedule, index, options);
  } finally {
    mend();
  }
}

async function strikeAll(
  { points, multipart }: CrashSchedule,
  index: number,
  options: RunOptions,
): Promise<CrashResult> {
  const simulation = new Simulation(scenarioOf(index, multipart, options.emitter ?? "s3", points), options);
  const { scheduler, network, fleet, stream } = simulation;
  const waiting = [...points];
  let passed = 0;
  let blows = 0;
  network.watch = (moment, { process, name }) => {
    const [point] = waiting;
    if (point === undefined || name !== point.step || moment !== momentOf(point.blow)) return undefined;
    const slot = fleet.slots.find((one) => one.process === process);
    if (slot === undefined) return undefined;
    passed += 1;
    // Whoever comes to the second point is the next owner of the first, or the process started again.
    if (blows === 0 && passed < point.time) return undefined;
    waiting.shift();
    passed = 0;
    blows += 1;
    return strike(point.blow, slot);
  };
  let crashes = 0;
  let pauses = 0;
  const strike = (blow: Blow, slot: Slot): "drop" | number | undefined => {
    if (blow === "zombie") {
      pauses += 1;
      fleet.pause(slot, 5 * FAILOVER_MS);
      return 5 * FAILOVER_MS + 5;
    }
    crashes += 1;
    fleet.crash(slot);
    if (blow === "before") return "drop";
    if (blow === "sent") return 3;
    return blow === "late" ? LATE_REQUEST_MS : undefined;
  };
  fleet.start();
  scheduler.after(3_500, undefined, () => {
    const [shard] = stream.openShards;
    if (shard !== undefined) stream.split(shard, scheduler.nowMs);
  });
  scheduler.after(6_000, undefined, () => {
    for (const slot of fleet.slots) if (fleet.stop(slot)) return;
  });
  await scheduler.runUntil(STORM_MS, () => false);
  return { ...(await simulation.settle()), crashes, pauses, stops: 1, reshards: 1, blows };
}

function momentOf(blow: Blow): CallMoment {
  return blow === "applied" || blow === "answered" ? blow : "send";
}

/** The way to use an emitter in which the steps of the points are taken. */
function variantOf(index: number, emitter: EmitterName, points: readonly CrashPoint[]): number {
  if (emitter !== "dynamodb") return index % 6;
  const step = points.map((point) => point.step).find((name) => UPDATES.has(name));
  return step === undefined ? 0 : (UPDATES.get(step) ?? 0);
}

/** Of DynamoDB, requests that only some modes send: see `Scenario.variant`. */
const UPDATES: ReadonlyMap<string, number> = new Map([
  ["BatchWriteItem", 3],
  ["UpdateItem", 4],
]);

function scenarioOf(
  index: number,
  multipart: boolean,
  emitter: EmitterName,
  points: readonly CrashPoint[],
): Scenario {
  const partitions = emitter === "s3-partitioned" ? 3 : 1;
  return {
    seed: 5_000_000 + index,
    emitter,
    variant: variantOf(index, emitter, points),
    keys: isS3(emitter) ? 0 : 4,
    workers: 2,
    fleet: undefined,
    driver: undefined,
    shards: 1,
    puts: 24,
    stormMs: STORM_MS,
    firstSequence: 980,
    retentionMs: 24 * 3_600_000,
    fanOut: false,
    initialPosition: "TRIM_HORIZON",
    buffer: { maxRecords: 5, maxAgeMs: 800 },
    maxReadAheadBytes: 1_000_000,
    multipart,
    partitions: emitter === "s3" && index % 3 === 0 ? 2 : partitions,
    hasDeadLetters: true,
    failoverTimeMs: FAILOVER_MS,
    stopDeadlineMs: 5_000,
    maxRecordsPerAnswer: 10,
    faultRate: 0,
    slowRate: 0,
    misfortuneEveryMs: 1_000,
    rarities: undefined,
    steering: undefined,
    mayReshard: false,
    mayJumpClocks: false,
    aggregates: 0.2,
    kinds: [
      ["plain", 8],
      ["many", 1],
      ["filtered", 1],
      ["flaky-filter", 1],
      ["poison", 2],
      ["flaky-poison", 2],
      ["rejected", 1],
    ],
  };
}
