import type { FleetChecker } from "../checks/fleet-checker.js";
import type { Fleet, Slot } from "../fleet.js";
import type { SimLeases } from "../services/sim-leases.js";
import type { Network, Trouble } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import type { Trace } from "../world/trace.js";
import type { Scenario } from "./scenario.js";

/** Past the time that a lock of ours counts, and past that of a KCL worker's. */
const LEADER_PAUSES_MS: readonly number[] = [12_000, 45_000, 130_000, 190_000];
const LOOK_MS = 5_000;

/**
 * What befalls a fleet in 3.x mode: its leader is killed, paused past its lock, cut off from the table or kept from assigning; either side of a handoff
 * dies or is paused; reports stay out; an operator rolls the fleet back to 2.x and forward again; all KCL workers, or all of ours, leave for good.
 */
export class FleetMisfortunes {
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #fleet: Fleet;
  readonly #leases: SimLeases;
  readonly #network: Network;
  readonly #checker: FleetChecker;
  readonly #trace: Trace;
  /** Leaders that keep the lock and assign nothing. */
  readonly #idle = new Set<Slot>();
  #strikesHandoff = false;
  #isOver = false;
  crashes = 0;
  pauses = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly fleet: Fleet;
    readonly leases: SimLeases;
    readonly network: Network;
    readonly checker: FleetChecker;
    readonly trace: Trace;
  }) {
    this.#scenario = options.scenario;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.#fleet = options.fleet;
    this.#leases = options.leases;
    this.#network = options.network;
    this.#checker = options.checker;
    this.#trace = options.trace;
  }

  start(): void {
    const plan = this.#scenario.fleet;
    if (plan === undefined) return;
    this.#leases.fleet.fleetMode = plan.mode;
    this.#checker.handedOff = (from, to) => {
      if (this.#strikesHandoff) this.#strikeEither(from, to);
    };
    if (plan.flips) this.#flipLater();
    if (plan.exodus !== undefined) {
      const atMs = this.#random.between(20_000, Math.floor(this.#scenario.stormMs * 0.7));
      this.#scheduler.after(atMs, undefined, () => this.#leaveForGood());
    }
    this.#look();
    this.#next();
  }

  /** From now on nothing more begins. */
  end(): void {
    this.#isOver = true;
    // It would go on for ever, and where none of ours is left nobody would notice.
    for (const slot of this.#idle) this.#fleet.crash(slot);
  }

  /** Looks at the fleet now and then, also when all is calm. */
  #look(): void {
    const { reports } = this.#leases.fleet;
    const members = this.#fleet.slots.flatMap((slot) => {
      const { process, connector, startedMs, isStopping } = slot;
      if (process === undefined || connector === undefined || isStopping) return [];
      return [{ process, ownerId: connector.progress().ownerId, startedMs }];
    });
    this.#checker.look(reports, members);
    this.#scheduler.after(LOOK_MS, undefined, () => {
      if (!this.#fleet.isOver || !this.#isOver) this.#look();
    });
  }

  #next(): void {
    this.#scheduler.after(this.#random.untilNextMs(this.#scenario.fleet?.everyMs ?? 0), undefined, () => {
      if (this.#isOver) return;
      this.#strike();
      this.#next();
    });
  }

  #strike(): void {
    const random = this.#random;
    const leader = this.#leader;
    const roll = random.next();
    if (roll < 0.3) this.#strikesHandoff = true;
    else if (roll < 0.45) this.#mute(random.pick(this.#fleet.slots));
    else if (leader === undefined) return;
    else if (roll < 0.6) this.#crash(leader);
    else if (roll < 0.8) this.#pause(leader, random.pick(LEADER_PAUSES_MS));
    else if (roll < 0.9) this.#cutOff(leader);
    else this.#idleAway(leader);
  }

  get #leader(): Slot | undefined {
    return this.#slotOf(this.#leases.fleet.leaderLock?.ownerId);
  }

  #slotOf(ownerId: string | undefined): Slot | undefined {
    if (ownerId === undefined) return undefined;
    return this.#fleet.slots.find(
      ({ process, connector }) => (connector?.progress().ownerId ?? process?.name) === ownerId,
    );
  }

  #strikeEither(from: string, to: string): void {
    this.#strikesHandoff = false;
    const victim = this.#random.pick([from, to]);
    const isCrash = this.#random.chance(0.5);
    const forMs = this.#random.pick([8_000, 25_000, 60_000]);
    this.#scheduler.after(this.#random.between(0, 4_000), undefined, () => {
      const slot = this.#slotOf(victim);
      if (slot === undefined || this.#isOver) return;
      this.#note(`${slot.process?.name ?? ""} is struck during a handoff from ${from} to ${to}`);
      if (isCrash) this.#crash(slot);
      else this.#pause(slot, forMs);
    });
  }

  #crash(slot: Slot): void {
    if (this.#fleet.crash(slot)) this.crashes += 1;
  }

  #pause(slot: Slot, forMs: number): void {
    if (this.#fleet.pause(slot, forMs)) this.pauses += 1;
  }

  #mute({ kcl, process }: Slot): void {
    const forMs = this.#random.pick([40_000, 90_000, 150_000]);
    if (kcl === undefined) return;
    this.#note(`reports of ${process?.name ?? ""} stay out for ${forMs} ms`);
    kcl.muteReports(forMs);
  }

  #idleAway(slot: Slot): void {
    if (slot.kcl === undefined) return;
    this.#note(`${slot.process?.name ?? ""} leads, and assigns no more`);
    slot.kcl.killAssignment();
    this.#idle.add(slot);
  }

  #cutOff({ process }: Slot): void {
    if (process === undefined) return;
    const forMs = this.#random.pick([0.8, 2, 4, 14]) * this.#scenario.failoverTimeMs;
    const trouble: Trouble = { process, to: "leases", failure: this.#random.pick(["reset", "timeout"]) };
    this.#note(`${process.name} does not reach the leases for ${forMs} ms`);
    this.#checker.disturb(this.#scheduler.nowMs + forMs);
    this.#network.begin(trouble);
    this.#scheduler.after(forMs, undefined, () => this.#network.end(trouble));
  }

  /** The KCL's migration tool: back to 2.x, forward again, and over, as the ready monitor of a fleet does after its ten minutes. */
  #flipLater(): void {
    const after: Readonly<Record<string, string>> = {
      CLIENT_VERSION_3X_WITH_ROLLBACK: "CLIENT_VERSION_2X",
      CLIENT_VERSION_2X: "CLIENT_VERSION_UPGRADE_FROM_2X",
      CLIENT_VERSION_UPGRADE_FROM_2X: "CLIENT_VERSION_3X_WITH_ROLLBACK",
    };
    this.#scheduler.after(this.#random.between(15_000, 120_000), undefined, () => {
      if (this.#isOver) return;
      const { fleet } = this.#leases;
      const next = after[fleet.fleetMode ?? ""];
      if (next !== undefined) {
        this.#note(`the fleet's mode becomes ${next}`);
        fleet.fleetMode = next;
      }
      this.#flipLater();
    });
  }

  #leaveForGood(): void {
    const isKcl = this.#scenario.fleet?.exodus === "kcl";
    const isGraceful = this.#random.chance(0.5);
    this.#note(`all ${isKcl ? "KCL workers" : "of ours"} leave for good`);
    for (const slot of this.#fleet.slots) {
      if (this.#fleet.isKcl(slot) !== isKcl) continue;
      slot.isRetired = true;
      if (!isGraceful || !this.#fleet.stop(slot)) this.#fleet.crash(slot);
    }
  }

  #note(what: string): void {
    this.#trace.add(this.#scheduler.nowMs, "-", what);
  }
}
