import type { Fleet, Slot } from "../fleet.js";
import type { Bucket } from "../services/bucket.js";
import type { Destination, Network, Trouble } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import type { SimProcess } from "../world/sim-process.js";
import type { Trace } from "../world/trace.js";
import { isS3, type Scenario } from "./scenario.js";

/** More than the five minutes for which a signature is good. */
const CLOCK_OFF_MS = 1_200_000;

/** An error that a trouble is the reason of may be told of so long after it: pauses, stops that wait, starts that try. */
const AFTERMATH_MS = 60_000;

/** What such an object has of metadata: nothing, or what another application's has. */
const METADATA: readonly Readonly<Record<string, string>>[] = [
  {},
  { "kc-batch-id": "of another application", "kc-record-count": "1" },
];

/**
 * What befalls a fleet seldom, and by somebody's hand: another program's object where a batch is to go, a stop while the destination takes nothing,
 * a process that alone does not reach the lease table, credentials that are away, rights that are taken away, a clock that is set wrong.
 */
export class Rarities {
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #fleet: Fleet;
  readonly #network: Network;
  readonly #bucket: Bucket;
  readonly #trace: Trace;
  /** Waiting for the next batch that is prepared: a stranger for its places, a stop for its process. */
  #isStrangerNear = false;
  #isStopNear = false;
  #isOver = false;
  strangers = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly fleet: Fleet;
    readonly network: Network;
    readonly bucket: Bucket;
    readonly trace: Trace;
  }) {
    this.#scenario = options.scenario;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.#fleet = options.fleet;
    this.#network = options.network;
    this.#bucket = options.bucket;
    this.#trace = options.trace;
  }

  start(): void {
    if (this.#scenario.rarities === undefined) return;
    this.#network.looksAtClocks = true;
    this.#next(this.#scenario.rarities.everyMs);
  }

  /** From now on nothing more begins, and a troubled process has the rest of its trouble: a stop may last as long as that. */
  end(): void {
    this.#isOver = true;
    this.#isStrangerNear = false;
    this.#isStopNear = false;
    this.#bucket.removeStrangers();
  }

  /** A process has stored where its batch goes. */
  prepared(process: SimProcess, keys: readonly string[]): void {
    if (this.#isStopNear) this.#stopWithFullBuffer(process);
    else this.#meetStranger(keys);
  }

  #meetStranger(keys: readonly string[]): void {
    if (!this.#isStrangerNear || keys.length === 0) return;
    const key = this.#random.pick(keys);
    const object = { key, body: Buffer.from("of somebody else"), metadata: this.#random.pick(METADATA) };
    if (!this.#bucket.putStranger(object)) return;
    this.#isStrangerNear = false;
    this.strangers += 1;
    const forMs = this.#random.between(500, 8_000);
    this.#note(`a stranger's object is at ${key} for ${forMs} ms`);
    this.#fleet.excuses.allow("KC_PLACE_TAKEN", this.#scheduler.nowMs + forMs + AFTERMATH_MS);
    this.#scheduler.after(forMs, undefined, () => this.#bucket.removeStrangers());
  }

  #next(everyMs: number): void {
    this.#scheduler.after(this.#random.untilNextMs(everyMs), undefined, () => {
      if (this.#isOver) return;
      this.#strike();
      this.#next(everyMs);
    });
  }

  #strike(): void {
    const slot = this.#random.pick(this.#fleet.slots);
    const roll = this.#random.next();
    if (roll < 0.25) this.#isStrangerNear = true;
    else if (roll < 0.5) this.#isStopNear = true;
    else if (roll < 0.7) this.#cutOff(slot);
    else if (roll < 0.8) this.#loseCredentials(slot);
    else if (roll < 0.9) this.#deny();
    else if (this.#scenario.mayJumpClocks)
      slot.process?.jumpWallClock(this.#random.pick([-CLOCK_OFF_MS, CLOCK_OFF_MS]));
  }

  /** The destination takes nothing; what is read meanwhile fills the next buffer; then comes a stop, whose deadline passes. */
  #stopWithFullBuffer(process: SimProcess): void {
    const slot = this.#fleet.slots.find((one) => one.process === process);
    if (slot === undefined) return;
    this.#isStopNear = false;
    const { stopDeadlineMs, failoverTimeMs } = this.#scenario;
    const fillMs = this.#random.between(0, 2_000);
    const forMs = fillMs + stopDeadlineMs + this.#random.pick([-0.5 * stopDeadlineMs, 4 * failoverTimeMs]);
    this.#trouble({ process, to: this.#written, failure: "reset" }, forMs);
    this.#scheduler.after(fillMs, undefined, () => {
      if (slot.process === process) this.#fleet.stop(slot);
    });
  }

  /** A process that reads and writes as before, and whose lease is nobody's after the failover time. */
  #cutOff({ process }: Slot): void {
    if (process === undefined) return;
    const forMs = this.#random.pick([0.8, 2, 4]) * this.#scenario.failoverTimeMs;
    this.#trouble({ process, to: "leases", failure: this.#random.pick(["reset", "timeout"]) }, forMs);
  }

  /** The provider of its credentials does not answer. What the lease table makes of that, the table in memory does not show. */
  #loseCredentials({ process }: Slot): void {
    if (process === undefined) return;
    const forMs = this.#random.pick([500, 2_000, 6_000]);
    this.#trouble({ process, to: "leases", failure: "reset" }, forMs);
    for (const to of ["kinesis", "s3", "destination"] as const)
      this.#trouble({ process, to, failure: "no-credentials" }, forMs);
  }

  /** Somebody changes a policy, and changes it back. */
  #deny(): void {
    const forMs = this.#random.pick([500, 2_000, 6_000]);
    const to = this.#random.pick<Destination>(["kinesis", this.#written, "s3"]);
    this.#fleet.excuses.allow("KC_EMIT_REFUSED", this.#scheduler.nowMs + forMs + AFTERMATH_MS);
    this.#trouble({ to, failure: "denied" }, forMs);
  }

  get #written(): Destination {
    return isS3(this.#scenario.emitter) ? "s3" : "destination";
  }

  #trouble(trouble: Trouble, forMs: number): void {
    const { process, to, failure } = trouble;
    this.#note(
      `${process?.name ?? "everybody"} has no way to ${to ?? "anything"} (${failure}) for ${forMs} ms`,
    );
    this.#network.begin(trouble);
    this.#scheduler.after(forMs, undefined, () => this.#network.end(trouble));
  }

  #note(what: string): void {
    this.#trace.add(this.#scheduler.nowMs, "-", what);
  }
}
