import type { Fleet, Slot } from "../fleet.js";
import type { CallMoment, Destination, Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import { type EmitterName, isS3, type Scenario } from "./scenario.js";
import type { Scheduler } from "../world/scheduler.js";
import type { SimProcess } from "../world/sim-process.js";
import type { SimStream } from "../services/sim-stream.js";
import type { Trace } from "../world/trace.js";

const HOUR_MS = 3_600_000;
const MAX_RESHARDS = 5;

const OBJECTS: readonly string[] = [
  "PutObject",
  "PutObject dead",
  "HeadObject",
  "UploadPart",
  "CompleteMultipartUpload",
  "CompleteMultipartUpload dead",
];

/** Steps at which a crash or a pause hurts most; between them is mostly waiting. */
const DANGEROUS: readonly string[] = ["prepare", "commit", "shard-end", "take", "evict", "renew", "create"];

/** The same of a fleet in which a leader assigns, and of its KCL workers. */
const DANGEROUS_IN_FLEET: readonly string[] = [
  "assign",
  "hand-off",
  "takeLock",
  "keepLock",
  "report",
  "kcl-renew",
  "kcl-checkpoint",
  "kcl-hand-off",
  "kcl-assign",
  "kcl-take-lock",
  "kcl-deliver",
];

/** The same of a daemon; its children prepare and commit in their journal. */
const DANGEROUS_IN_DAEMON: readonly string[] = ["kcl-renew", "kcl-checkpoint", "kcl-checkpoint", "kcl-take"];

const LEADERS_WRITES: ReadonlySet<string> = new Set(["assign", "hand-off", "kcl-assign", "kcl-hand-off"]);
const UNDER_WAY = 0.08;
const UNDER_WAY_MS = [2_000, 25_000] as const;

/** The same of what is written to. */
const DANGEROUS_WRITES: Readonly<Record<EmitterName, readonly string[]>> = {
  s3: OBJECTS,
  "s3-partitioned": OBJECTS,
  dynamodb: ["PutItem", "UpdateItem", "BatchWriteItem", "PutObject dead"],
  kinesis: ["PutRecords", "PutRecords", "PutObject dead"],
  firehose: ["PutRecordBatch", "PutRecordBatch", "PutObject dead"],
  sqs: ["SendMessageBatch", "SendMessageBatch", "PutObject dead"],
  opensearch: ["bulk", "bulk", "PutObject dead"],
  postgres: ["lock-position", "insert-rows", "commit-rows", "savepoint", "PutObject dead"],
  redshift: [
    "PutObject",
    "BatchExecuteStatement",
    "DescribeStatement",
    "GetStatementResult",
    "PutObject dead",
  ],
  iceberg: ["PutObject", "UpdateTable", "UpdateTable", "LoadTable", "PutObject dead"],
};

interface Ambush {
  readonly step: string;
  readonly moment: CallMoment;
  readonly strike: (slot: Slot, process: SimProcess) => void;
  /** So many more times the step passes unharmed. */
  left: number;
}

/** What befalls a fleet: crashes and pauses at the worst moments, stops, reshards, outages, clocks that jump. */
export class Misfortunes {
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #fleet: Fleet;
  readonly #stream: SimStream;
  readonly #network: Network;
  readonly #trace: Trace;
  readonly #disturb: (untilMs: number) => void;
  #ambush: Ambush | undefined;
  #isOver = false;
  crashes = 0;
  pauses = 0;
  stops = 0;
  reshards = 0;
  outages = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly fleet: Fleet;
    readonly stream: SimStream;
    readonly network: Network;
    readonly trace: Trace;
    /** Told until when the leases are down. */
    readonly disturb: (untilMs: number) => void;
  }) {
    this.#scenario = options.scenario;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.#fleet = options.fleet;
    this.#stream = options.stream;
    this.#network = options.network;
    this.#trace = options.trace;
    this.#disturb = options.disturb;
  }

  start(): void {
    const { faultRate, slowRate } = this.#scenario;
    this.#network.rates = { fault: faultRate, slow: slowRate };
    this.#network.watch = (moment, { process, name }) => {
      if (moment === "send" && this.#isKeptUnderWay(name)) return this.#random.between(...UNDER_WAY_MS);
      const ambush = this.#ambush;
      if (ambush === undefined || moment !== ambush.moment || name !== ambush.step) return undefined;
      if (ambush.left > 0) {
        ambush.left -= 1;
        return undefined;
      }
      const slot = this.#fleet.slotOf(process);
      if (slot === undefined) return undefined;
      this.#ambush = undefined;
      ambush.strike(slot, process);
      return undefined;
    };
    this.#next();
  }

  /** From now on all goes well. */
  end(): void {
    this.#isOver = true;
    this.#ambush = undefined;
    this.#network.rates = { fault: 0, slow: 0 };
    for (const destination of this.#destinations) this.#network.setDown(destination, false);
    this.#fleet.resume();
  }

  /** What a leader writes may arrive when it leads no more, and its owner is another one. */
  #isKeptUnderWay(name: string): boolean {
    if (this.#scenario.fleet === undefined || this.#isOver) return false;
    return LEADERS_WRITES.has(name) && this.#random.chance(UNDER_WAY);
  }

  get #destinations(): readonly Destination[] {
    return isS3(this.#scenario.emitter)
      ? ["kinesis", "leases", "s3"]
      : ["kinesis", "leases", "s3", "destination"];
  }

  #next(): void {
    this.#scheduler.after(this.#random.untilNextMs(this.#scenario.misfortuneEveryMs), undefined, () => {
      if (this.#isOver) return;
      this.#strike();
      this.#next();
    });
  }

  #strike(): void {
    const random = this.#random;
    const slot = random.pick(this.#fleet.slots);
    const roll = random.next();
    if (roll < 0.3) this.#lieInWait((victim, process) => this.#crash(victim, process));
    else if (roll < 0.4) this.#crash(slot);
    else if (roll < 0.55) this.#lieInWait((victim, process) => this.#pause(victim, process));
    else if (roll < 0.62) this.#pause(slot);
    else if (roll < 0.72) {
      if (this.#fleet.stop(slot)) this.stops += 1;
    } else if (roll < 0.86) this.#reshard();
    else if (roll < 0.95) this.#outage(random.pick(this.#destinations));
    else if (this.#scenario.mayJumpClocks)
      slot.process?.jumpWallClock(random.pick([-HOUR_MS, HOUR_MS, 1_000]));
  }

  #lieInWait(strike: Ambush["strike"]): void {
    const random = this.#random;
    const { fleet, driver } = this.#scenario;
    const ofFleet = fleet === undefined ? (driver === "kcl" ? DANGEROUS_IN_DAEMON : []) : DANGEROUS_IN_FLEET;
    const moment = random.pick<CallMoment>(["send", "applied", "answered"]);
    this.#ambush = {
      step: random.pick([...DANGEROUS, ...ofFleet, ...DANGEROUS_WRITES[this.#scenario.emitter]]),
      moment,
      strike,
      left: random.between(0, 3),
    };
  }

  #crash(slot: Slot, process: SimProcess | undefined = slot.process): void {
    if (this.#fleet.crash(slot, process)) this.crashes += 1;
  }

  #pause(slot: Slot, process: SimProcess | undefined = slot.process): void {
    const { failoverTimeMs } = this.#scenario;
    const forMs = this.#random.pick([0.5, 1.2, 2, 5]) * failoverTimeMs;
    if (this.#fleet.pause(slot, forMs, process)) this.pauses += 1;
  }

  #reshard(): void {
    if (!this.#scenario.mayReshard || this.reshards >= MAX_RESHARDS) return;
    const shard = this.#random.pick(this.#stream.openShards);
    const { nowMs } = this.#scheduler;
    const isDone = this.#random.chance(0.5)
      ? this.#stream.split(shard, nowMs)
      : this.#stream.merge(shard, nowMs);
    if (!isDone) return;
    this.reshards += 1;
    this.#trace.add(nowMs, "-", `reshard of ${shard.shardId} into ${shard.childShardIds.join(" and ")}`);
  }

  #outage(destination: Destination): void {
    const forMs = this.#random.pick([0.3, 1, 2]) * this.#scenario.failoverTimeMs;
    this.outages += 1;
    this.#trace.add(this.#scheduler.nowMs, "-", `${destination} is down for ${forMs} ms`);
    if (destination === "leases") this.#disturb(this.#scheduler.nowMs + forMs);
    this.#network.setDown(destination, true);
    this.#scheduler.after(forMs, undefined, () => this.#network.setDown(destination, false));
  }
}
