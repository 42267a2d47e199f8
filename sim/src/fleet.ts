import { asError, KinesisConnectorError } from "@kinesis-connectors/core";
import {
  type Connector,
  type ConnectorEvent,
  type EventsDropped,
  fanOut,
  polling,
} from "@kinesis-connectors/consumer";
import { CallError } from "./world/call-error.js";
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
}

/** A place for one worker, taken by one process after the other. */
export interface Slot {
  readonly index: number;
  starts: number;
  process: SimProcess | undefined;
  connector: Connector | undefined;
}

/** Two records may be dealt with otherwise when a batch is made again; then its next owner is right to stop and say so. */
const UNREPEATABLE: ReadonlySet<string> = new Set(["flaky-poison", "slow"]);

const STRAGGLE_MS = 10_000;

/** The workers of a run, each a whole connector, and whoever starts them again. */
export class Fleet {
  readonly slots: readonly Slot[];
  /** Shards of which a connector said that records are gone. */
  readonly gaps: Set<string> = new Set();
  readonly #world: World;
  #isClosing = false;
  inherited = 0;

  constructor(world: World) {
    this.#world = world;
    this.slots = Array.from({ length: world.scenario.workers }, (_, index) => ({
      index,
      starts: 0,
      process: undefined,
      connector: undefined,
    }));
  }

  start(): void {
    for (const slot of this.slots) this.#startLater(slot, 0, 2_000);
  }

  /** Kills a process; another takes its place after a while. */
  crash(slot: Slot): boolean {
    if (slot.process === undefined || slot.process.isDead) return false;
    this.#note(slot.process, "crash");
    slot.process.crash();
    this.#leave(slot);
    return true;
  }

  pause(slot: Slot, forMs: number): boolean {
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
    if (slot.connector === undefined || slot.process?.isPaused === true) return false;
    this.#note(slot.process, "stop");
    void slot.connector.stop();
    return true;
  }

  /** Stops everything, for good. */
  close(): void {
    this.#isClosing = true;
    for (const slot of this.slots) {
      if (slot.process?.isPaused === true) slot.process.resume();
      if (slot.connector !== undefined) void slot.connector.stop();
      else if (slot.process !== undefined) slot.process.crash();
    }
  }

  get isOver(): boolean {
    return this.slots.every(({ process }) => process === undefined || process.isDead);
  }

  #startLater(slot: Slot, low: number, high: number): void {
    const { scheduler, random } = this.#world;
    scheduler.after(random.between(low, high), undefined, () => {
      if (!this.#isClosing) this.#start(slot);
    });
  }

  #start(slot: Slot): void {
    const { scenario, scheduler, kinesis, destination, leases, report } = this.#world;
    slot.starts += 1;
    const seed = scenario.seed * 10_000 + slot.index * 1_000 + slot.starts;
    const process = new SimProcess(`w${slot.index}.${slot.starts}`, scheduler, seed);
    slot.process = process;
    this.#note(process, "start");
    const starting = destination.start(process, {
      application: "simulation",
      stream: "sim",
      initialPosition: scenario.initialPosition,
      retrieval: scenario.fanOut ? fanOut() : polling({ idlePollMs: 700, maxRecordsPerRead: 500 }),
      clients: { kinesis: kinesis.clientOf(process) },
      leaseTable: leases.tableOf(process),
      workerId: `w${slot.index}`,
      leases: {
        failoverTimeMs: scenario.failoverTimeMs,
        bootstrapJitterMs: 500,
        cleanupPeriodMs: 7_000,
        auditPeriodMs: 9_000,
        parentPollMs: 1_000,
      },
      maxReadAheadBytes: scenario.maxReadAheadBytes,
      stopDeadlineMs: scenario.stopDeadlineMs,
      onRetentionGap: "continue",
      clock: process.clock,
      random: process.random,
    });
    const ended = (error: Error | undefined): void => {
      if (process.isDead) return;
      this.#note(process, error === undefined ? "end" : `end: ${codeOf(error)} ${error.message}`);
      if (error !== undefined && !this.#isExpected(error))
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

  #leave(slot: Slot): void {
    slot.process = undefined;
    slot.connector = undefined;
    this.#startLater(slot, 100, 3_000);
  }

  async #listen(connector: Connector, process: SimProcess): Promise<void> {
    try {
      for await (const event of connector) this.#meet(event, process);
    } catch (thrown) {
      // `done` tells the same error to whoever starts the process again.
      this.#note(process, `events end: ${codeOf(asError(thrown))}`);
    }
  }

  #meet(event: ConnectorEvent | EventsDropped, process: SimProcess): void {
    const shardId = "shardId" in event ? ` ${event.shardId}` : "";
    switch (event.type) {
      case "retention-gap":
        this.gaps.add(event.shardId);
        break;
      case "batch-emit":
        if (event.inherited) this.inherited += 1;
        break;
      case "page-read":
        return;
      default:
    }
    this.#note(process, `* ${event.type}${shardId}${detailOf(event)}`);
  }

  /** What may end a connector in this world without being a fault of it. */
  #isExpected(error: Error): boolean {
    if (error instanceof CallError) return true;
    if (!KinesisConnectorError.isInstance(error)) return false;
    const { kinds, hasDeadLetters, emitter } = this.#world.scenario;
    const isUnrepeatable = kinds.some(([kind]) => UNREPEATABLE.has(kind));
    switch (error.code) {
      case "KC_READ_REFUSED":
      case "KC_STOP_DEADLINE":
        return true;
      case "KC_LEASE_TABLE":
        // A start in the middle of an outage: nothing was begun, and another process takes the place.
        return error.cause instanceof CallError;
      case "KC_RECORD_POISON":
        return !hasDeadLetters && isUnrepeatable;
      case "KC_PLACE_TAKEN":
        // The ledger has the rows of another owner, whose filter chose otherwise; who starts again finds the batch loaded, and goes on.
        return (
          emitter === "redshift" && kinds.some(([kind]) => kind === "flaky-filter" || UNREPEATABLE.has(kind))
        );
      case "KC_REPLAY_DIFFERS":
        return isUnrepeatable;
      default:
        return false;
    }
  }

  #note(process: SimProcess | undefined, what: string): void {
    this.#world.trace.add(this.#world.scheduler.nowMs, process?.name ?? "-", what);
  }
}

function codeOf(error: Error): string {
  return KinesisConnectorError.isInstance(error) ? error.code : error.name;
}

function detailOf(event: ConnectorEvent | EventsDropped): string {
  switch (event.type) {
    case "checkpoint-commit":
      return ` ${event.checkpoint.sequenceNumber}.${event.checkpoint.subSequenceNumber}`;
    case "buffer-flush":
      return ` ${event.reason} ${event.records}`;
    case "batch-emit":
      return ` ${event.records}${event.inherited ? " inherited" : ""}`;
    case "shard-start":
      return event.inherited ? " inherited" : "";
    case "lease-lose":
      return `: ${event.reason}`;
    default:
      return "";
  }
}
