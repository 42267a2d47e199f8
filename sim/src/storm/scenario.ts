import type { BufferOptions } from "@kinesis-connectors/core";
import type { RecordKind } from "../payload.js";
import { SeededRandom } from "../world/random.js";

/** What the connectors of a run write to. */
export type EmitterName =
  | "s3"
  | "s3-partitioned"
  | "dynamodb"
  | "kinesis"
  | "opensearch"
  | "redshift"
  | "postgres"
  | "iceberg"
  | "firehose"
  | "sqs";

export const EMITTER_NAMES: readonly EmitterName[] = [
  "s3",
  "s3-partitioned",
  "dynamodb",
  "kinesis",
  "opensearch",
  "redshift",
  "postgres",
  "iceberg",
  "firehose",
  "sqs",
];

/** A fleet in the KCL's 3.x mode, or on its way there and back, in which some workers are modelled KCL workers. */
interface FleetPlan {
  readonly ours: number;
  readonly kcl: number;
  /** The `cv` of the row `Migration3.0` at the beginning. */
  readonly mode: string | undefined;
  /** Whether the first of ours is configured for 3.x, and so begins it. */
  readonly isAskedFor: boolean;
  /** Whether an operator rolls the fleet back to 2.x and forward again. */
  readonly flips: boolean;
  /** Who leaves for good in the middle: all KCL workers, or all of ours. */
  readonly exodus: "kcl" | "ours" | undefined;
  readonly strategy: "variance" | "count";
  /** Whether KCL workers say how much of a processor they use. */
  readonly measuresCpu: boolean;
  /** Mean time between two misfortunes of leaders and handoffs. */
  readonly everyMs: number;
}

/** What runs the pipeline instead of workers of ours: modelled MultiLangDaemons of the KCL, whose children run it. */
export type DriverName = "kcl" | "lambda";

/** Everything about one run that is drawn from its seed beforehand. */
export interface Scenario {
  readonly seed: number;
  readonly emitter: EmitterName;
  /** Which of the ways to use its emitter, from 0 to 5. */
  readonly variant: number;
  /** How many keys the records have; 0 where the destination has none. */
  readonly keys: number;
  readonly workers: number;
  readonly shards: number;
  /** Puts, each a record or an aggregate of some. */
  readonly puts: number;
  /** How long records are put and things go wrong, in virtual milliseconds. */
  readonly stormMs: number;
  readonly firstSequence: number;
  readonly retentionMs: number;
  /** Whether shards are read by subscriptions instead of polling. */
  readonly fanOut: boolean;
  readonly initialPosition: "TRIM_HORIZON" | "LATEST";
  readonly buffer: BufferOptions;
  readonly maxReadAheadBytes: number;
  readonly multipart: boolean;
  /** Objects per batch; with several, which one a record goes to is drawn anew each time it is asked. */
  readonly partitions: number;
  readonly hasDeadLetters: boolean;
  readonly failoverTimeMs: number;
  readonly stopDeadlineMs: number;
  readonly maxRecordsPerAnswer: number;
  /** Of a call going wrong. */
  readonly faultRate: number;
  readonly slowRate: number;
  /** Mean time between two misfortunes of the whole fleet. */
  readonly misfortuneEveryMs: number;
  /** What happens seldom; undefined where only the everyday storms are wanted. */
  readonly rarities: Rarity | undefined;
  /** Whether somebody pauses and resumes shards, or resets them besides. Undefined: nobody does. */
  readonly steering: "pauses" | "resets" | undefined;
  /** Undefined: workers of ours alone, in 2.x mode. */
  readonly fleet: FleetPlan | undefined;
  /** Undefined: workers of ours. */
  readonly driver: DriverName | undefined;
  readonly mayReshard: boolean;
  readonly mayJumpClocks: boolean;
  /** Of a put being an aggregate. */
  readonly aggregates: number;
  /** What records do, with weights. */
  readonly kinds: readonly (readonly [kind: RecordKind, weight: number])[];
}

/** How often the seldom happens, and which of it Kinesis does in a run. */
interface Rarity {
  /** Mean time between two of the whole fleet. */
  readonly everyMs: number;
  /** See `KinesisTemper`. */
  readonly earlyEnds: number;
  readonly wrongPages: number;
  readonly namesNoChildren: boolean;
}

/** Short enough for records to be gone before a slow connector reads them. */
const SHORT_RETENTION_MS = 8_000;
const LONG_RETENTION_MS = 24 * 3_600_000;

export function scenarioOf(seed: number, emitter: EmitterName = "s3"): Scenario {
  const random = new SeededRandom(seed, 1);
  const hasShortRetention = random.chance(0.08);
  const isLatest = !hasShortRetention && random.chance(0.1);
  const isPlain = hasShortRetention || isLatest;
  const hasDeadLetters = random.chance(0.75);
  // Each load takes its time, and one waits for the other: loads of single records would not be through before the end.
  const fewest = emitter === "redshift" ? 20 : 1;
  const failoverTimeMs = random.pick([2_000, 3_000, 5_000]);
  return {
    seed,
    emitter,
    variant: new SeededRandom(seed, 20).between(0, 5),
    keys: isS3(emitter) ? 0 : new SeededRandom(seed, 13).pick([3, 12, 40]),
    workers: random.between(2, 3),
    shards: random.between(1, 3),
    puts: random.between(30, 120),
    stormMs: random.between(8_000, 25_000),
    // Sequence numbers of another length on the way: 9 before 10.
    firstSequence: random.pick([49_600_000_000_000, 99_960, 980]),
    retentionMs: hasShortRetention ? SHORT_RETENTION_MS : LONG_RETENTION_MS,
    // What retention takes away in the middle of a subscription is passed over by the service without a word.
    fanOut: !hasShortRetention && new SeededRandom(seed, 11).chance(0.25),
    initialPosition: isLatest ? "LATEST" : "TRIM_HORIZON",
    buffer: {
      maxRecords: Math.max(fewest, random.pick([1, 3, 8, 20, 60])),
      maxBytes: Math.max(50 * fewest, random.pick([200, 1_000, 100_000])),
      maxAgeMs: random.pick([500, 2_000, 6_000]),
    },
    maxReadAheadBytes: random.pick([400, 4_000, 1_000_000]),
    multipart: random.chance(0.35),
    partitions: new SeededRandom(seed, 12).pick(
      emitter === "s3-partitioned" ? [2, 3, 5, 9] : [1, 1, 1, 2, 4],
    ),
    hasDeadLetters,
    failoverTimeMs,
    stopDeadlineMs: random.pick([500, 4_000, 10_000]),
    maxRecordsPerAnswer: random.pick([2, 10, 100]),
    faultRate: random.pick([0, 0.01, 0.03, 0.1]),
    slowRate: random.pick([0, 0.01, 0.05]),
    misfortuneEveryMs: random.pick([500, 1_000, 2_500]),
    rarities: raritiesOf(new SeededRandom(seed, 30)),
    steering: undefined,
    fleet: undefined,
    driver: undefined,
    mayReshard: !isPlain && random.chance(0.7),
    mayJumpClocks: !isPlain && random.chance(0.5),
    aggregates: random.pick([0, 0.2, 0.5]),
    kinds: kindsOf(random, hasDeadLetters),
  };
}

/** Records whose transform comes out the same each time: with resets nothing else tells a record that is read again from one that is delivered twice. */
const STEADY: ReadonlySet<RecordKind> = new Set(["plain", "many", "none", "filtered", "poison", "rejected"]);

/** The same with somebody who pauses shards and, for every other seed, resets them. Nothing else happens seldom, and all records are kept. */
export function steered(scenario: Scenario): Scenario {
  const { seed, stormMs, kinds } = scenario;
  const hasResets = seed % 2 === 0;
  return {
    ...scenario,
    steering: hasResets ? "resets" : "pauses",
    stormMs: stormMs + STEERING_MS,
    retentionMs: LONG_RETENTION_MS,
    initialPosition: "TRIM_HORIZON",
    rarities: undefined,
    kinds: hasResets ? kinds.filter(([kind]) => STEADY.has(kind)) : kinds,
  };
}

/** The same in a fleet with KCL workers: longer, with the KCL's own times, and with records whose transform comes out the same whoever reads them. */
export function sharedWithKcl(scenario: Scenario): Scenario {
  const { seed, kinds } = scenario;
  const random = new SeededRandom(seed, 50);
  const ours = random.between(1, 3);
  const kcl = random.between(1, 3);
  const mode = random.pick([
    "CLIENT_VERSION_3X",
    "CLIENT_VERSION_3X",
    "CLIENT_VERSION_3X_WITH_ROLLBACK",
    "CLIENT_VERSION_3X_WITH_ROLLBACK",
    undefined,
  ]);
  const exodus = random.pick([undefined, undefined, undefined, "kcl", "ours"] as const);
  const flips = mode === "CLIENT_VERSION_3X_WITH_ROLLBACK" && random.chance(0.6);
  return {
    ...scenario,
    fleet: {
      ours,
      kcl,
      mode,
      isAskedFor: mode === undefined,
      flips,
      exodus,
      strategy: random.pick(["variance", "variance", "count"]),
      measuresCpu: random.chance(0.25),
      everyMs: random.pick([15_000, 30_000, 60_000]),
    },
    workers: ours + kcl,
    shards: random.between(2, 5),
    puts: random.between(60, 160),
    stormMs: random.between(150_000, 420_000),
    misfortuneEveryMs: random.pick([10_000, 20_000, 40_000]),
    failoverTimeMs: random.pick([5_000, 10_000]),
    faultRate: random.pick([0, 0.01, 0.03]),
    slowRate: random.pick([0, 0.01, 0.03]),
    retentionMs: LONG_RETENTION_MS,
    initialPosition: "TRIM_HORIZON",
    // To a leader of the KCL who reported from the future and died is there as long as that: its leases are free, and given to it, until one of ours takes them.
    mayJumpClocks: scenario.mayJumpClocks && exodus !== "ours",
    // What KCL workers read is told by their calls.
    fanOut: false,
    rarities: undefined,
    kinds: kinds.filter(([kind]) => STEADY.has(kind)),
  };
}

/**
 * The same with daemons of the KCL that run the pipeline in their children: longer, because the KCL takes a shard no faster. What retention takes before it is read
 * the KCL passes over without a word, and it doubts no answer about the end of a shard.
 */
export function drivenByKcl(scenario: Scenario): Scenario {
  const random = new SeededRandom(scenario.seed, 60);
  return {
    ...scenario,
    driver: "kcl",
    puts: random.between(60, 160),
    stormMs: random.between(50_000, 120_000),
    misfortuneEveryMs: random.pick([3_000, 6_000, 12_000]),
    retentionMs: LONG_RETENTION_MS,
    initialPosition: "TRIM_HORIZON",
    fanOut: false,
    rarities: undefined,
  };
}

/**
 * The same with a function on an event source mapping that runs the pipeline: what the service has not handed over in time it gives up, and nothing tells the
 * function, so that no record is taken by retention; and its sandboxes have the time of the service.
 */
export function drivenByLambda(scenario: Scenario): Scenario {
  const random = new SeededRandom(scenario.seed, 61);
  return {
    ...scenario,
    driver: "lambda",
    puts: random.between(60, 160),
    misfortuneEveryMs: random.pick([500, 1_000, 2_000]),
    retentionMs: LONG_RETENTION_MS,
    initialPosition: "TRIM_HORIZON",
    fanOut: false,
    mayJumpClocks: false,
    rarities: undefined,
  };
}

/** A pause takes a look of the owner and what it has to finish. */
const STEERING_MS = 20_000;

/** Whether the records themselves go to S3; the dead letters always do. */
export function isS3(emitter: EmitterName): boolean {
  return emitter === "s3" || emitter === "s3-partitioned";
}

function raritiesOf(random: SeededRandom): Rarity {
  return {
    everyMs: random.pick([3_000, 6_000, 12_000]),
    earlyEnds: random.pick([0, 0.05, 0.2]),
    wrongPages: random.pick([0, 0, 0.05]),
    namesNoChildren: random.chance(0.15),
  };
}

function kindsOf(random: SeededRandom, hasDeadLetters: boolean): Scenario["kinds"] {
  const kinds: (readonly [RecordKind, number])[] = [["plain", 20]];
  const sometimes = (kind: RecordKind, weight: number): void => {
    if (random.chance(0.5)) kinds.push([kind, weight]);
  };
  sometimes("many", 3);
  sometimes("none", 2);
  sometimes("filtered", random.pick([2, 60]));
  sometimes("flaky-filter", 3);
  sometimes("slow", 1);
  if (!hasDeadLetters) return kinds;
  sometimes("poison", 2);
  sometimes("rejected", 1);
  sometimes("flaky-poison", 2);
  if (random.chance(0.1)) kinds.push(["stuck", 0.3]);
  return kinds;
}
