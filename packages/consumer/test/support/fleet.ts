import { type Logger, type Random, sleep } from "@kinesis-connectors/core";
import {
  type FleetTable,
  type InitialPosition,
  type Intercept,
  type LeaseTable,
  memoryLeases,
  type MemoryLeases,
} from "@kinesis-connectors/leases";
import type { LeaseOptions } from "../../src/worker/lease-settings.js";
import type { WorkerEvent } from "../../src/worker/worker-events.js";
import type { Worker, WorkerOptions } from "../../src/worker/worker.js";
import { WorkerRun } from "../../src/worker/worker-run.js";
import { FakeDestination, fakeEngine, FakeStream } from "./fake-stream.js";
import { seededRandom } from "@kinesis-connectors/testkit";
import { type ProcessClock, VirtualClock } from "./virtual-clock.js";

export interface MemberOptions {
  readonly leases?: LeaseOptions;
  readonly intercept?: Intercept;
  readonly initialPosition?: InitialPosition;
  readonly runShard?: WorkerOptions["runShard"];
  readonly latencyMs?: number;
  readonly stopDeadlineMs?: number;
  readonly ownerId?: string;
  readonly watchPaused?: WorkerOptions["watchPaused"];
  /** Told of the worker's events too. */
  readonly observe?: (event: WorkerEvent) => void;
  readonly fleetTimings?: WorkerOptions["fleetTimings"];
  readonly measureCpu?: WorkerOptions["measureCpu"];
}

type Over = <Arguments extends readonly unknown[], Answer>(
  call: (...given: Arguments) => Promise<Answer>,
) => (...given: Arguments) => Promise<Answer>;

/** One worker of a fleet, with what it said. */
export interface Member {
  readonly worker: Worker;
  readonly clock: ProcessClock;
  readonly events: WorkerEvent[];
  readonly warnings: string[];
  readonly heldShardIds: () => readonly string[];
  readonly eventsOf: (type: WorkerEvent["type"]) => readonly WorkerEvent[];
}

/** Workers that share a stream, a lease table and a destination under one virtual clock. */
export class Fleet {
  readonly time: VirtualClock = new VirtualClock();
  readonly leases: MemoryLeases = memoryLeases();
  readonly destination: FakeDestination = new FakeDestination();
  readonly stream: FakeStream;
  readonly random: Random;
  readonly members: Member[] = [];

  constructor(shards: number, seed = 1) {
    this.stream = new FakeStream(shards);
    this.random = seededRandom(seed);
  }

  member(options: MemberOptions = {}): Member {
    const { stream, destination, random } = this;
    const clock = this.time.process();
    const events: WorkerEvent[] = [];
    const warnings: string[] = [];
    const quiet = (): void => undefined;
    const logger: Logger = {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: (_fields, message) => void warnings.push(message),
    };
    const emitMs = (): number => Math.floor(random.next() * 300);
    const worker = new WorkerRun({
      ownerId: options.ownerId ?? `w${this.members.length}:${random.uuid()}`,
      table: this.#overNetwork(this.leases.connect(options.intercept), clock, options.latencyMs ?? 0),
      kinesis: stream,
      initialPosition: options.initialPosition ?? { type: "trim-horizon" },
      runShard: options.runShard ?? fakeEngine(stream, destination, clock, { idleMs: 1_000, emitMs }),
      clock,
      random,
      logger,
      observe: (event) => {
        events.push(event);
        options.observe?.(event);
      },
      leases: { takePeriodMs: 5_000, ...options.leases },
      ...(options.watchPaused === undefined ? {} : { watchPaused: options.watchPaused }),
      ...(options.fleetTimings === undefined ? {} : { fleetTimings: options.fleetTimings }),
      ...(options.measureCpu === undefined ? {} : { measureCpu: options.measureCpu }),
      ...(options.stopDeadlineMs === undefined ? {} : { stopDeadlineMs: options.stopDeadlineMs }),
    });
    const member: Member = {
      worker,
      clock,
      events,
      warnings,
      heldShardIds: () =>
        worker
          .held()
          .map(({ leaseKey }) => leaseKey)
          .toSorted(),
      eventsOf: (type) => events.filter((event) => event.type === type),
    };
    this.members.push(member);
    return member;
  }

  /** A worker that has started. */
  async started(options: MemberOptions = {}): Promise<Member> {
    const member = this.member(options);
    await this.time.until(member.worker.start());
    await this.time.advance(1);
    return member;
  }

  async stopAll(): Promise<void> {
    await this.time.until(Promise.all(this.members.map(({ worker }) => worker.stop())));
  }

  #fleetOver(fleet: FleetTable, over: Over): FleetTable {
    return {
      changeMode: over(fleet.changeMode),
      tableMigration: over(fleet.tableMigration),
      report: over(fleet.report),
      retract: over(fleet.retract),
      reports: over(fleet.reports),
      forget: over(fleet.forget),
      lock: over(fleet.lock),
      takeLock: over(fleet.takeLock),
      keepLock: over(fleet.keepLock),
      releaseLock: over(fleet.releaseLock),
      assignedTo: over(fleet.assignedTo),
      hasIndex: over(fleet.hasIndex),
    };
  }

  /**
   * Calls take time on the way and back. One that was on its way when its process was paused arrives; its answer waits until the
   * process goes on.
   */
  #overNetwork(table: LeaseTable, clock: ProcessClock, latencyMs: number): LeaseTable {
    if (latencyMs === 0) return table;
    const { time, random } = this;
    const travel = async (ms: number): Promise<void> => {
      await new Promise<void>((resolve) => {
        time.setTimer(ms, resolve);
      });
    };
    const over: Over =
      <Arguments extends readonly unknown[], Answer>(call: (...given: Arguments) => Promise<Answer>) =>
      async (...given: Arguments): Promise<Answer> => {
        await travel(random.next() * latencyMs);
        try {
          return await call(...given);
        } finally {
          await sleep(clock, random.next() * latencyMs);
        }
      };
    return {
      open: over(table.open),
      list: over(table.list),
      get: over(table.get),
      create: over(table.create),
      update: over(table.update),
      describe: over(table.describe),
      remove: over(table.remove),
      fleetMode: over(table.fleetMode),
      fleet: table.fleet === undefined ? undefined : this.#fleetOver(table.fleet, over),
    };
  }
}
