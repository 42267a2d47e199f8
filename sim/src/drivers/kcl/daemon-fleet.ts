import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { ShardEvent } from "@kinesis-connectors/core";
import type { Scenario } from "../../storm/scenario.js";
import type { SeededRandom } from "../../world/random.js";
import { SimProcess } from "../../world/sim-process.js";
import { type DaemonWorld, SimDaemon } from "./sim-daemon.js";

/** Of crashes and pauses of a daemon, so many befall its children as well: the machine's. */
const WHOLE_MACHINE = 0.4;
/** Of those of nobody in particular, so many befall one child. */
const ONE_CHILD = 0.4;
/** Stops that tell the children: `shutdownGraceMillis`. */
const WITH_GRACE = 0.7;

/** What a fleet of daemons is given. */
export interface DaemonFleetOptions {
  readonly world: DaemonWorld;
  readonly scenario: Scenario;
  readonly random: SeededRandom;
  readonly kinesisOf: (process: SimProcess) => KinesisClient;
  readonly meet: (process: SimProcess, event: ShardEvent) => void;
  readonly note: (process: SimProcess, what: string) => void;
  readonly failed: (process: SimProcess, error: Error) => void;
}

/** The daemons of a run, with all children that live, orphans among them. */
export class DaemonFleet {
  readonly #options: DaemonFleetOptions;
  /** By the number of their slot, the latest last. */
  readonly #daemons: { readonly slot: number; readonly daemon: SimDaemon }[] = [];

  constructor(options: DaemonFleetOptions) {
    this.#options = options;
  }

  /** Starts the next daemon of a slot; `gone` is told when it is there no more. */
  start(slot: number, starts: number, gone: () => void): SimProcess {
    const { world, scenario, random, kinesisOf, meet, note, failed } = this.#options;
    const name = `d${slot}.${starts}`;
    const seed = scenario.seed * 10_000 + slot * 1_000 + starts;
    const process = new SimProcess(name, world.scheduler, seed);
    note(process, "start");
    const daemon = new SimDaemon(world, {
      name,
      seed,
      random,
      process,
      kinesis: kinesisOf(process),
      failoverMs: scenario.failoverTimeMs,
      child: {
        maxReadAheadBytes: scenario.maxReadAheadBytes,
        stopDeadlineMs: scenario.stopDeadlineMs,
      },
      meet,
      note,
      failed,
      gone,
    });
    this.#daemons.push({ slot, daemon });
    daemon.start();
    return process;
  }

  /** The slot of a daemon or of a child. */
  slotOf(process: SimProcess): number | undefined {
    return this.#daemons.find(({ daemon }) => daemon.has(process))?.slot;
  }

  /** Kills a child, a daemon, or the whole machine. */
  crash(struck: SimProcess): boolean {
    const daemon = this.#daemonOf(struck);
    if (daemon === undefined || struck.isDead) return false;
    const child = this.#childOf(daemon, struck);
    if (child !== undefined) {
      this.#options.note(child, "crash");
      daemon.crashChild(child);
      return true;
    }
    if (daemon.process.isDead) return false;
    const isWhole = this.#options.random.chance(WHOLE_MACHINE);
    this.#options.note(daemon.process, isWhole ? "crash with its children" : "crash");
    daemon.crash(isWhole);
    return true;
  }

  pause(struck: SimProcess, forMs: number): boolean {
    const daemon = this.#daemonOf(struck);
    if (daemon === undefined || struck.isDead || struck.isPaused) return false;
    const { random, note, world } = this.#options;
    const child = this.#childOf(daemon, struck);
    const alone = child === undefined ? [daemon.process] : [child];
    const victims = random.chance(WHOLE_MACHINE) ? [daemon.process, ...daemon.children] : alone;
    for (const process of victims) {
      if (process.isDead || process.isPaused) continue;
      note(process, `pause for ${forMs} ms`);
      process.pause();
      world.scheduler.after(forMs, undefined, () => {
        if (!process.isDead) note(process, "resume");
        process.resume();
      });
    }
    return true;
  }

  stop(process: SimProcess): boolean {
    const daemon = this.#daemonOf(process);
    if (daemon === undefined || process.isDead || process.isPaused) return false;
    const hasGrace = this.#options.random.chance(WITH_GRACE);
    this.#options.note(process, hasGrace ? "stop" : "stop without a grace");
    daemon.stop(hasGrace);
    return true;
  }

  /** Nobody stands still any more. */
  resume(): void {
    for (const { daemon } of this.#daemons)
      for (const process of [daemon.process, ...daemon.children]) process.resume();
  }

  /** Stops everything, for good. */
  close(): void {
    this.resume();
    for (const { daemon } of this.#daemons) if (!daemon.process.isDead) daemon.stop(true);
  }

  get isOver(): boolean {
    return this.#daemons.every(({ daemon }) => daemon.isOver);
  }

  #daemonOf(process: SimProcess): SimDaemon | undefined {
    return this.#daemons.find(({ daemon }) => daemon.has(process))?.daemon;
  }

  /** The child that was struck, or one of a daemon that was; undefined where it is the daemon's turn. */
  #childOf(daemon: SimDaemon, struck: SimProcess): SimProcess | undefined {
    if (struck !== daemon.process) return struck;
    const { random } = this.#options;
    const { children } = daemon;
    return children.length > 0 && random.chance(ONE_CHILD) ? random.pick(children) : undefined;
  }
}
