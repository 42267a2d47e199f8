import { asError } from "@kinesis-connectors/core";
import {
  type Connector,
  type ConnectorOptions,
  fanOut,
  type LeaseOptions,
  memoryLeases,
  polling,
  startConnector,
} from "@kinesis-connectors/consumer";
import { AtLeastOnce } from "./kcl/at-least-once.js";
import { KclWorker } from "./kcl/kcl-worker.js";
import { FunctionFleet, type FunctionFleetOptions } from "./drivers/lambda/function-fleet.js";
import { DaemonFleet } from "./drivers/kcl/daemon-fleet.js";
import type { DaemonWorld } from "./drivers/kcl/sim-daemon.js";
import type { FleetChecker } from "./checks/fleet-checker.js";
import type { Landings } from "./checks/landings.js";
import type { Ledger } from "./checks/ledger.js";
import type { Network } from "./world/network.js";
import { Excuses } from "./checks/excuses.js";
import { codeOf, Sightings } from "./checks/sightings.js";
import type { Violation } from "./checks/violation.js";
import type { SimDestination } from "./destinations/destination.js";
import type { SeededRandom } from "./world/random.js";
import type { Scenario } from "./storm/scenario.js";
import type { Scheduler } from "./world/scheduler.js";
import type { SimKinesis } from "./services/sim-kinesis.js";
import type { SimLeases } from "./services/sim-leases.js";
import { SimProcess } from "./world/sim-process.js";
import type { Trace } from "./world/trace.js";

/** What the processes of a run depend on. */
export interface World {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly kinesis: SimKinesis;
  readonly destination: SimDestination;
  readonly leases: SimLeases;
  readonly report: (violation: Violation) => void;
  /** Whether a stop waits for what is under way as long as that takes. */
  readonly stopsEndlessly: boolean;
  /** What KCL workers of the fleet need; undefined where there are none. */
  readonly kcl: KclWorld | undefined;
  /** What a function on an event source mapping needs that runs the pipeline instead; undefined where workers of ours do. */
  readonly functions: FunctionWorld | undefined;
  /** What daemons of the KCL need that run the pipeline instead; undefined where workers of ours do. */
  readonly daemons: Omit<DaemonWorld, "destination" | "journal" | "report" | "scheduler"> | undefined;
}

type FunctionWorld = Pick<FunctionFleetOptions, "stream" | "broken"> & { readonly ledger: Ledger };

interface KclWorld {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly landings: Landings;
  readonly checker: FleetChecker;
}

/** A place for one worker, taken by one process after the other. */
export interface Slot {
  readonly index: number;
  starts: number;
  process: SimProcess | undefined;
  connector: Connector | undefined;
  /** The KCL worker that runs here instead. */
  kcl: KclWorker | undefined;
  startedMs: number;
  isStopping: boolean;
  /** Nobody starts again here. */
  isRetired: boolean;
}

const STRAGGLE_MS = 10_000;

/** A stop whose deadline has passed waits for its shards, and gives back the others, each within the failover time; then it closes. */
const STOP_STEPS = 2;
const STOP_SLACK_MS = 3_000;
const HOUR_MS = 3_600_000;

/** The workers of a run, each a whole connector, and whoever starts them again. */
export class Fleet {
  readonly slots: readonly Slot[];
  readonly excuses: Excuses;
  readonly seen: Sightings = new Sightings();
  readonly #world: World;
  readonly #daemons: DaemonFleet | undefined;
  readonly #functions: FunctionFleet | undefined;
  /** When each process was told to stop that was. */
  readonly #stopped = new Map<SimProcess, number>();
  #isClosing = false;

  constructor(world: World) {
    this.#world = world;
    this.excuses = new Excuses(world.scenario);
    this.#daemons = this.#daemonFleet();
    this.#functions = this.#functionFleet();
    this.slots = Array.from({ length: world.scenario.workers }, (_, index) => ({
      index,
      starts: 0,
      process: undefined,
      connector: undefined,
      kcl: undefined,
      startedMs: 0,
      isStopping: false,
      isRetired: false,
    }));
  }

  start(): void {
    if (this.#functions !== undefined) this.#functions.start();
    else for (const slot of this.slots) this.#startLater(slot, 0, 2_000);
  }

  /** Whether KCL workers run in this slot. */
  isKcl({ index }: Slot): boolean {
    const { fleet } = this.#world.scenario;
    return fleet !== undefined && index >= fleet.ours;
  }

  /** The slot in which a process runs, as a worker, a daemon or its child. */
  slotOf(process: SimProcess): Slot | undefined {
    if (this.#functions?.has(process) === true) return this.slots[0];
    const index = this.#daemons?.slotOf(process);
    return index === undefined ? this.slots.find((slot) => slot.process === process) : this.slots[index];
  }

  /** Nobody stands still any more. */
  resume(): void {
    for (const { process } of this.slots) process?.resume();
    this.#daemons?.resume();
    this.#functions?.resume();
  }

  /** Kills a process; another takes its place after a while. */
  crash(slot: Slot, struck: SimProcess | undefined = slot.process): boolean {
    if (this.#functions !== undefined) return this.#functions.crash(struck);
    if (this.#daemons !== undefined) return struck !== undefined && this.#daemons.crash(struck);
    if (slot.process === undefined || slot.process.isDead) return false;
    this.#note(slot.process, "crash");
    slot.process.crash();
    this.#leave(slot);
    return true;
  }

  pause(slot: Slot, forMs: number, struck: SimProcess | undefined = slot.process): boolean {
    if (this.#functions !== undefined) return this.#functions.pause(struck, forMs);
    if (this.#daemons !== undefined) return struck !== undefined && this.#daemons.pause(struck, forMs);
    const { process } = slot;
    if (process === undefined || process.isDead || process.isPaused) return false;
    this.#note(process, `pause for ${forMs} ms`);
    process.pause();
    this.#world.scheduler.after(forMs, undefined, () => {
      if (!process.isDead) this.#note(process, "resume");
      process.resume();
    });
    return true;
  }

  /** A graceful stop; another process takes its place after a while. */
  stop(slot: Slot): boolean {
    if (this.#daemons !== undefined) return slot.process !== undefined && this.#daemons.stop(slot.process);
    if (slot.kcl !== undefined && slot.process?.isPaused === false) {
      this.#note(slot.process, "stop");
      void slot.kcl.stop();
      return true;
    }
    if (slot.connector === undefined || slot.process?.isPaused === true) return false;
    this.#note(slot.process, "stop");
    slot.isStopping = true;
    void slot.connector.stop();
    const { process } = slot;
    if (process !== undefined && !this.#stopped.has(process))
      this.#stopped.set(process, this.#world.scheduler.nowMs);
    return true;
  }

  /** A stop is over soon after its deadline, whatever the world does meanwhile; only a pause excuses it. */
  #checkStop(process: SimProcess): void {
    const { scheduler, scenario, report } = this.#world;
    const askedMs = this.#stopped.get(process);
    if (askedMs === undefined || process.resumedMs > askedMs) return;
    const limitMs = scenario.stopDeadlineMs + STOP_STEPS * scenario.failoverTimeMs + STOP_SLACK_MS;
    const tookMs = scheduler.nowMs - askedMs;
    if (tookMs > limitMs)
      report({ rule: "stop", what: `${process.name} took ${tookMs} ms to stop, and has ${limitMs}` });
  }

  /** Stops everything, for good. */
  close(): void {
    this.#isClosing = true;
    if (this.#functions !== undefined) {
      this.#functions.close();
      return;
    }
    if (this.#daemons !== undefined) {
      this.#daemons.close();
      return;
    }
    for (const slot of this.slots) {
      if (slot.process?.isPaused === true) slot.process.resume();
      if (slot.connector !== undefined) void slot.connector.stop();
      else if (slot.kcl !== undefined) void slot.kcl.stop();
      else if (slot.process !== undefined) slot.process.crash();
    }
  }

  get isOver(): boolean {
    if (this.#functions !== undefined) return this.#functions.isOver;
    if (this.#daemons !== undefined) return this.#daemons.isOver;
    return this.slots.every(({ process }) => process === undefined || process.isDead);
  }

  #startLater(slot: Slot, low: number, high: number): void {
    const { scheduler, random } = this.#world;
    scheduler.after(random.between(low, high), undefined, () => {
      if (this.#isClosing || slot.isRetired) return;
      if (this.#daemons !== undefined) this.#startDaemon(slot, this.#daemons);
      else if (this.isKcl(slot)) this.#startKcl(slot);
      else this.#start(slot);
    });
  }

  #start(slot: Slot): void {
    const { scenario, scheduler, kinesis, destination, leases, report } = this.#world;
    slot.starts += 1;
    const seed = scenario.seed * 10_000 + slot.index * 1_000 + slot.starts;
    const process = new SimProcess(`w${slot.index}.${slot.starts}`, scheduler, seed);
    slot.process = process;
    slot.startedMs = scheduler.nowMs;
    this.#note(process, "start");
    const options: Omit<ConnectorOptions<unknown, unknown>, "pipeline"> = {
      application: "simulation",
      stream: "sim",
      initialPosition: scenario.initialPosition,
      retrieval: scenario.fanOut
        ? fanOut()
        : polling({ idlePollMs: scenario.fleet === undefined ? 700 : 3_000, maxRecordsPerRead: 500 }),
      clients: { kinesis: kinesis.clientOf(process) },
      leaseTable: leases.tableOf(process),
      workerId: `w${slot.index}`,
      leases: {
        failoverTimeMs: scenario.failoverTimeMs,
        bootstrapJitterMs: 500,
        cleanupPeriodMs: 7_000,
        auditPeriodMs: 9_000,
        parentPollMs: 1_000,
        ...(scenario.fleet === undefined ? {} : this.#asFleetMember(slot)),
      },
      maxReadAheadBytes: scenario.maxReadAheadBytes,
      stopDeadlineMs: this.#world.stopsEndlessly ? HOUR_MS : scenario.stopDeadlineMs,
      onRetentionGap: "continue",
      clock: process.clock,
      random: process.random,
      measureCpu: () => Promise.resolve(20 + 60 * process.random.next()),
    };
    const starting: Promise<Connector> = destination.drive(
      process,
      async (pipeline) => await startConnector({ ...options, pipeline }),
    );
    const ended = (error: Error | undefined): void => {
      if (process.isDead) return;
      this.#note(process, error === undefined ? "end" : `end: ${codeOf(error)} ${error.message}`);
      this.#checkStop(process);
      if (error !== undefined) this.seen.end(error);
      if (error !== undefined && !this.excuses.isExpected(error, scheduler.nowMs))
        report({
          rule: "error",
          what: `${process.name} ended with ${codeOf(error)}: ${error.stack ?? error.message}`,
        });
      process.isOver = true;
      // The process lives on for a while: nothing may be left of the connector in it.
      scheduler.after(STRAGGLE_MS, undefined, () => process.crash());
      this.#leave(slot);
    };
    starting.then(
      (connector) => {
        // Another process has the slot when this one crashed as it started.
        if (slot.process !== process) return;
        slot.connector = connector;
        void this.#listen(connector, process);
        connector.done.then(
          () => ended(undefined),
          (thrown: unknown) => ended(asError(thrown)),
        );
        if (this.#isClosing) void connector.stop();
      },
      (thrown: unknown) => ended(asError(thrown)),
    );
  }

  /** Looks in a fleet that lives for minutes come as seldom as by default. */
  #asFleetMember(slot: Slot): LeaseOptions {
    const mode = slot.index === 0 && this.#world.scenario.fleet?.isAskedFor === true ? "3x" : "auto";
    return { cleanupPeriodMs: 60_000, auditPeriodMs: 120_000, parentPollMs: 2_000, mode };
  }

  #startKcl(slot: Slot): void {
    const { scenario, scheduler, kinesis, leases, kcl, random } = this.#world;
    const { fleet } = scenario;
    if (kcl === undefined || fleet === undefined) return;
    slot.starts += 1;
    const seed = scenario.seed * 10_000 + slot.index * 1_000 + slot.starts;
    const process = new SimProcess(`kcl${slot.index}.${slot.starts}`, scheduler, seed);
    slot.process = process;
    slot.startedMs = scheduler.nowMs;
    this.#note(process, "start");
    kcl.checker.join(process, process.name);
    const { network, ledger, landings } = kcl;
    const worker = new KclWorker({
      network,
      ledger,
      processorOf: (shard, begun, draws) =>
        new AtLeastOnce(shard, begun, { process, network, landings, random: draws }),
      process,
      kinesis: kinesis.clientOf(process),
      leases,
      seed,
      failoverMs: scenario.failoverTimeMs,
      strategy: fleet.strategy,
      cpu: fleet.measuresCpu ? random.between(20, 80) : undefined,
    });
    slot.kcl = worker;
    worker.start();
    void worker.done.then(() => {
      if (process.isDead || slot.process !== process) return;
      this.#note(process, "end");
      process.crash();
      this.#leave(slot);
    });
  }

  #daemonFleet(): DaemonFleet | undefined {
    const { daemons, scenario, scheduler, kinesis, destination, leases, report, random } = this.#world;
    if (daemons === undefined) return undefined;
    return new DaemonFleet({
      world: { ...daemons, scheduler, destination, journal: leases, report },
      scenario,
      random,
      kinesisOf: (process) => kinesis.clientOf(process),
      meet: (process, event) => {
        const told = this.seen.meet(event);
        if (told !== undefined) this.#note(process, told);
      },
      note: (process, what) => this.#note(process, what),
      failed: (process, error) => {
        this.seen.end(error);
        if (!this.excuses.isExpected(error, scheduler.nowMs))
          report({ rule: "error", what: `${process.name} ended with ${codeOf(error)}: ${error.message}` });
      },
    });
  }

  #functionFleet(): FunctionFleet | undefined {
    const { functions, scenario, scheduler, kinesis, destination, leases, report, random } = this.#world;
    if (functions === undefined) return undefined;
    const { stream, ledger, broken } = functions;
    return new FunctionFleet({
      scenario,
      scheduler,
      random,
      stream,
      destination,
      broken,
      tableOf: (process) => leases.tableOf(process),
      noTable: () => memoryLeases().connect(),
      kinesisOf: (process) => kinesis.clientOf(process),
      meet: (process, event) => {
        const told = this.seen.meet(event);
        if (told !== undefined) this.#note(process, told);
      },
      note: (process, what) => this.#note(process, what),
      failed: (process, error) => {
        this.seen.end(error);
        if (!this.excuses.isExpected(error, scheduler.nowMs))
          report({ rule: "error", what: `${process.name} threw ${codeOf(error)}: ${error.message}` });
      },
      shardEnded: (shardId) => {
        const shard = ledger.shards.get(shardId);
        if (shard !== undefined) shard.hasEnded = true;
      },
    });
  }

  #startDaemon(slot: Slot, daemons: DaemonFleet): void {
    slot.starts += 1;
    slot.startedMs = this.#world.scheduler.nowMs;
    slot.process = daemons.start(slot.index, slot.starts, () => this.#leave(slot));
  }

  #leave(slot: Slot): void {
    slot.process = undefined;
    slot.isStopping = false;
    slot.connector = undefined;
    slot.kcl = undefined;
    this.#startLater(slot, 100, 3_000);
  }

  async #listen(connector: Connector, process: SimProcess): Promise<void> {
    try {
      for await (const event of connector) {
        const told = this.seen.meet(event);
        if (told !== undefined) this.#note(process, told);
      }
    } catch (thrown) {
      // `done` tells the same error to whoever starts the process again.
      this.#note(process, `events end: ${codeOf(asError(thrown))}`);
    }
  }

  #note(process: SimProcess | undefined, what: string): void {
    this.#world.trace.add(this.#world.scheduler.nowMs, process?.name ?? "-", what);
  }
}
