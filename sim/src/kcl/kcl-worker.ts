import { type KinesisClient, ListShardsCommand, type Shard } from "@aws-sdk/client-kinesis";
import { sleep } from "@kinesis-connectors/core";
import type { Ledger } from "../checks/ledger.js";
import type { Network } from "../world/network.js";
import type { SimLeases } from "../services/sim-leases.js";
import { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";
import { Assignment } from "./assignment.js";
import { type HeldByKcl, HeldLeases } from "./held-leases.js";
import { KclTable } from "./kcl-table.js";
import { KclLeaderLock } from "./leader-lock.js";
import { LeaseTaker } from "./lease-taker.js";
import { loop, type Loop } from "./loop.js";
import type { ProcessedShard, RecordProcessor } from "./record-processor.js";
import { isEnded, isLedMode, newRow } from "./rows.js";
import { ShardConsumer } from "./shard-consumer.js";
import {
  CLEANUP_MS,
  FIRST_REPORT_MS,
  HANDOFF_MS,
  type KclTimes,
  kclTimes,
  LOCK_LOOK_MS,
  MODE_LOOK_MS,
  REPORT_MS,
} from "./times.js";

export interface KclWorkerOptions {
  readonly process: SimProcess;
  readonly network: Network;
  readonly kinesis: KinesisClient;
  readonly leases: SimLeases;
  readonly ledger: Ledger;
  /** The application of each shard. */
  readonly processorOf: (shard: ProcessedShard, begun: number, random: SeededRandom) => RecordProcessor;
  readonly seed: number;
  readonly failoverMs: number;
  readonly strategy: "variance" | "count";
  /** Percent of a processor that it says it uses; undefined: it measures nothing. */
  readonly cpu: number | undefined;
}

const UPGRADING = "CLIENT_VERSION_UPGRADE_FROM_2X";
const MAX_WAIT_MS = 5_000;

/**
 * A worker of the Java KCL 3.5, modelled from its protocol: a follower, a leader where it gets the lock, and a 2.x worker where the fleet is told so. It
 * shares no code with this project's workers beside the rows in memory. It does not drive an upgrade to 3.x, and audits no holes.
 */
export class KclWorker {
  readonly workerId: string;
  readonly done: Promise<void>;
  readonly #options: KclWorkerOptions;
  readonly #times: KclTimes;
  readonly #table: KclTable;
  readonly #random: SeededRandom;
  readonly #held: HeldLeases;
  readonly #consumers = new Map<HeldByKcl, ShardConsumer>();
  /** Handed over by force once their time is up. */
  readonly #timed = new WeakSet<HeldByKcl>();
  #mode: string | undefined;
  #lock: KclLeaderLock;
  #assignment: Assignment;
  #isStopping = false;
  #isAssignmentDead = false;
  #mutedUntilMs = 0;
  #settle: () => void = () => undefined;
  #discovery: Loop | undefined;

  constructor(options: KclWorkerOptions) {
    const { process, network, leases, seed, failoverMs } = options;
    this.#options = options;
    this.workerId = process.name;
    this.#times = kclTimes(failoverMs);
    this.#random = new SeededRandom(seed, 51);
    this.#table = new KclTable(process, network, leases);
    const shared = { process, table: this.#table, workerId: this.workerId, times: this.#times };
    this.#held = new HeldLeases({ ...shared, handoff: (held) => this.#handOver(held) });
    [this.#lock, this.#assignment] = this.#leading();
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get isLed(): boolean {
    return isLedMode(this.#mode);
  }

  start(): void {
    void this.#start();
  }

  /** `startGracefulShutdown`: consumers checkpoint and end, the lock is given back; leases are left to run out. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#lock.shutDown().catch(() => undefined);
    for (const consumer of this.#consumers.values()) consumer.letGo();
    await Promise.all([...this.#consumers.values()].map(({ done }) => done));
    this.#held.clear();
    this.#settle();
  }

  /** The thread that assigns dies, and the lock is kept all the same (K16, before KCL 3.3). */
  killAssignment(): void {
    this.#isAssignmentDead = true;
  }

  /** Reports fail for a while, and everything else goes on. */
  muteReports(forMs: number): void {
    this.#mutedUntilMs = this.#options.process.clock.monotonicNow() + forMs;
  }

  #leading(): [KclLeaderLock, Assignment] {
    const { process, strategy } = this.#options;
    const lock = new KclLeaderLock(process, this.#table, this.workerId);
    const shared = { process, table: this.#table, times: this.#times, random: this.#random };
    return [lock, new Assignment({ ...shared, lock, strategy })];
  }

  async #start(): Promise<void> {
    const { process } = this.#options;
    for (;;) {
      try {
        this.#mode = await this.#table.mode();
        await sleep(process.clock, this.#random.between(1, MAX_WAIT_MS));
        if ((await this.#table.list()).length === 0) await this.#createFirstLeases();
        break;
      } catch {
        await sleep(process.clock, MAX_WAIT_MS);
      }
    }
    this.#startLoops();
  }

  #startLoops(): void {
    const { process } = this.#options;
    const { renewMs, takeMs, assignMs, discoverMs } = this.#times;
    const isOver = (): boolean => this.#isStopping;
    const taker = new LeaseTaker({
      process,
      table: this.#table,
      workerId: this.workerId,
      times: this.#times,
      random: this.#random,
      mayTake: () => !this.isLed && !this.#isStopping,
      taken: (row) => {
        this.#held.add(row);
        this.#startConsumers();
      },
    });
    const every = (
      firstMs: number,
      everyMs: number,
      step: () => Promise<void>,
      kind: "delay" | "rate" = "delay",
    ): Loop => loop({ process, firstMs, everyMs, kind, isOver, step });
    every(renewMs, renewMs, async () => await this.#renew(), "rate");
    every(0, takeMs, async () => await taker.step());
    this.#discovery = every(0, discoverMs, async () => await this.#discover());
    every(0, assignMs, async () => {
      if (this.isLed && !this.#isAssignmentDead) await this.#assignment.step();
    });
    every(LOCK_LOOK_MS, LOCK_LOOK_MS, async () => await this.#lock.heartbeat(), "rate");
    every(FIRST_REPORT_MS, REPORT_MS, async () => await this.#report());
    every(MODE_LOOK_MS + this.#random.between(0, REPORT_MS), MODE_LOOK_MS, async () => await this.#look());
    every(CLEANUP_MS, CLEANUP_MS, async () => await this.#cleanUp());
  }

  async #renew(): Promise<void> {
    try {
      await this.#held.renewAll();
    } finally {
      this.#startConsumers();
    }
  }

  async #discover(): Promise<void> {
    if (!this.isLed) return;
    const held = new Set(this.#held.keys);
    const keys = (await this.#table.ownedBy(this.workerId)).filter((key) => !held.has(key));
    for (const key of keys) {
      const row = await this.#table.get(key);
      if (row?.owner !== this.workerId || row.checkpointOwner !== undefined || this.#isStopping) continue;
      this.#held.add(row);
    }
    this.#startConsumers();
  }

  /** The Scheduler's loop: a consumer for each lease that is held, and none for those that are at their end. */
  #startConsumers(): void {
    if (this.#isStopping) return;
    const { ledger, process, kinesis, processorOf } = this.#options;
    for (const held of this.#held.current()) {
      const shard = ledger.shards.get(held.row.leaseKey);
      if (this.#consumers.has(held) || shard === undefined || isEnded(held.row)) continue;
      const consumer = new ShardConsumer(held, shard, {
        process,
        kinesis,
        table: this.#table,
        leases: this.#held,
        random: this.#random,
        processorOf: (shard, begun) => processorOf(shard, begun, this.#random),
        ended: () => this.#discovery?.runSoon(),
      });
      this.#consumers.set(held, consumer);
      void consumer.done.then(() => this.#consumers.delete(held));
    }
  }

  #handOver(held: HeldByKcl): void {
    const consumer = this.#consumers.get(held);
    if (consumer === undefined) {
      // Without a consumer nobody would ever finish it (#1729): it is not renewed any more.
      this.#held.drop(held);
      return;
    }
    consumer.letGo();
    if (this.#timed.has(held)) return;
    this.#timed.add(held);
    this.#options.process.clock.setTimer(HANDOFF_MS, () => {
      if (this.#held.has(held)) void this.#held.giveOn(held).catch(() => undefined);
    });
  }

  async #report(): Promise<void> {
    const { process, cpu } = this.#options;
    const isTold = this.isLed || this.#mode === UPGRADING;
    if (!isTold || process.clock.monotonicNow() < this.#mutedUntilMs) return;
    await this.#table.report(this.workerId, Math.floor(process.clock.now() / 1_000), cpu);
  }

  async #look(): Promise<void> {
    const wasLed = this.isLed;
    this.#mode = await this.#table.mode();
    if (wasLed === this.isLed) return;
    if (this.isLed) [this.#lock, this.#assignment] = this.#leading();
    else await this.#lock.shutDown();
  }

  /** `LeaseCleanupManager`: rows of finished shards that nobody needs any more. */
  async #cleanUp(): Promise<void> {
    const ended = this.#held.current().filter(({ row }) => isEnded(row));
    if (ended.length === 0) return;
    const rows = new Map((await this.#table.list()).map((row) => [row.leaseKey, row]));
    for (const held of ended) {
      const { leaseKey, parentShardIds } = held.row;
      const children = rows.get(leaseKey)?.childShardIds ?? [];
      const haveBegun = children.every((child) => {
        const checkpoint = rows.get(child)?.checkpoint;
        return checkpoint !== undefined && checkpoint !== "TRIM_HORIZON" && checkpoint !== "AT_TIMESTAMP";
      });
      if (children.length === 0 || !haveBegun || parentShardIds.some((parent) => rows.has(parent))) continue;
      if (!this.#held.has(held)) continue;
      await this.#table.delete(leaseKey);
      this.#held.drop(held);
    }
  }

  async #createFirstLeases(): Promise<void> {
    const shards: Shard[] = [];
    let token: string | undefined;
    do {
      const page = await this.#options.kinesis.send(
        new ListShardsCommand(
          token === undefined
            ? { StreamName: "sim", ShardFilter: { Type: "AT_TRIM_HORIZON" } }
            : { NextToken: token },
        ),
      );
      shards.push(...(page.Shards ?? []));
      token = page.NextToken;
    } while (token !== undefined);
    for (const { ShardId = "", ParentShardId, AdjacentParentShardId, HashKeyRange } of shards)
      await this.#table.create(
        newRow(
          ShardId,
          [ParentShardId, AdjacentParentShardId].flatMap((parent) => parent ?? []),
          HashKeyRange,
        ),
      );
  }
}
