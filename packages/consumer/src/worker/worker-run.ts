import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { HeldLease, Lease } from "@kinesis-connectors/leases";
import type { FleetSeen } from "./taking/choose-leases.js";
import type { TaskEnd } from "./holding/shard-task.js";
import type { Worker, WorkerOptions } from "./worker.js";
import { createFirstLeases, type LeaseCreation } from "./shard-sync/create-leases.js";
import { FleetMember } from "./fleet3/fleet-member.js";
import { fleetTimings, orphanAfterMs } from "./fleet3/timings.js";
import { UnattendedWatch } from "./fleet3/unattended-watch.js";
import { startKeepers } from "./holding/keepers.js";
import { LeaseAges } from "./taking/lease-ages.js";
import { LeaseHolder } from "./holding/lease-holder.js";
import { type LeaseSettings, leaseSettings } from "./lease-settings.js";
import { LeaseTaker, type Taking } from "./taking/lease-taker.js";
import type { Loop } from "./loop.js";
import type { Renewer } from "./holding/renewer.js";
import { ShardTasks } from "./holding/shard-tasks.js";
import { type LeaseTableLooks, TableWatch } from "./table-watch.js";
import { startError } from "./start-error.js";
import { Steps } from "./steps.js";
import { startTakers } from "./takers.js";

const STOP_DEADLINE_MS = 30_000;

/**
 * A worker, not started yet: loops that take, renew, audit and clean up, each a step driven by a timer, and a task per held lease.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export class WorkerRun implements Worker {
  readonly ownerId: string;
  readonly done: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #isRange: boolean;
  readonly #settings: LeaseSettings;
  readonly #steps: Steps;
  readonly #tasks: ShardTasks;
  readonly #member: FleetMember;
  readonly #taker: LeaseTaker;
  readonly #unattended: UnattendedWatch;
  readonly #watch: TableWatch;
  readonly #stopping = new AbortController();
  #keepers: readonly Loop[] = [];
  #takers: readonly Loop[] = [];
  #takeLoop: Loop | undefined;
  #renewer: Renewer | undefined;
  #hasLooked = false;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #error: Error | undefined;
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.ownerId = options.ownerId;
    this.#isRange = options.isRange ?? false;
    this.#settings = leaseSettings(options.leases);
    this.#steps = new Steps({
      ...options,
      signal: this.#stopping.signal,
      failed: (error) => this.#fail(error),
    });
    const { promise, resolve, reject } = withResolvers();
    this.#settle = { resolve, reject };
    this.done = promise;
    // Whoever watches `done` sees the error; a caller that only stops must not be ended by an unhandled rejection.
    this.done.catch(() => undefined);
    this.#tasks = new ShardTasks({
      ...options,
      parentPollMs: this.#settings.parentPollMs,
      ended: (held, end) => this.#taskEnded(held, end),
    });
    const timings = fleetTimings(this.#settings.failoverTimeMs, options.fleetTimings);
    const orphanMs = orphanAfterMs(this.#settings.failoverTimeMs);
    this.#unattended = new UnattendedWatch({ ...options, warnMs: timings.warnMs, orphanMs });
    this.#watch = new TableWatch({ ...options, settings: this.#settings });
    const shared = {
      ...options,
      settings: this.#settings,
      ages: new LeaseAges(this.#settings.failoverTimeMs),
      busy: () => this.#tasks.busy(),
    };
    const holder = new LeaseHolder({
      ...shared,
      tasks: this.#tasks,
      handoffMs: timings.handoffMs,
      lapsed: () => this.#watch.lapsed(),
      tellsThroughput: () => this.#member.tellsThroughput,
    });
    this.#taker = new LeaseTaker({
      ...shared,
      orphanMs,
      unattended: (leases) => this.#unattended.see(leases),
      taken: (taken) => holder.hold(taken),
      looked: (leases) => {
        this.#watch.seen();
        this.#tasks.looked(leases);
      },
    });
    this.#member = new FleetMember({
      ...shared,
      timings,
      loop: this.#steps.loop,
      looked: (leases) => this.#tasks.looked(leases),
      adopt: (leases, seenMs) => this.#taker.adopt(leases, seenMs, () => this.#taking() === "orphans"),
    });
  }

  async start(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#starting ??= this.#start();
    await this.#starting;
  }

  async stop(deadlineMs: number = this.#options.stopDeadlineMs ?? STOP_DEADLINE_MS): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    await this.#stopped;
  }

  get fleet(): FleetSeen | undefined {
    return this.#taker.fleet;
  }

  get leaseTable(): LeaseTableLooks {
    return this.#watch.looks;
  }

  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  renewals(): { readonly count: number; readonly longestUnrenewedMs: number } {
    let longestUnrenewedMs = 0;
    for (const held of this.#tasks.held())
      longestUnrenewedMs = Math.max(longestUnrenewedMs, held.unrenewedMs);
    return { count: this.#renewer?.count ?? 0, longestUnrenewedMs };
  }

  held(): readonly Lease[] {
    return [...this.#tasks.held()].map(({ lease }) => lease);
  }

  async #start(): Promise<void> {
    const { table, observe } = this.#options;
    const { signal } = this.#stopping;
    try {
      const { created } = await table.open(signal);
      await this.#member.start();
      const upToMs = created ? 0 : this.#settings.bootstrapJitterMs;
      const leases = await createFirstLeases(this.#creation(), { upToMs });
      if (leases.length > 0) observe({ type: "shard-sync", created: leases });
      if (signal.aborted) return;
      observe({ type: "worker-start", ownerId: this.ownerId, leases: leases.length });
    } catch (thrown) {
      if (signal.aborted) return;
      this.#error = startError(thrown);
      void this.stop();
      throw this.#error;
    }
    const { loops, renewer } = startKeepers({
      ...this.#options,
      settings: this.#settings,
      held: () => this.#tasks.held(),
      failed: (step, error) => this.#steps.failed(step, error),
    });
    this.#keepers = [...loops, this.#watch.begin((error) => this.#steps.failed("table-watch", error))];
    this.#renewer = renewer;
    this.#startTakers();
    this.#member.begin();
  }

  #taking(): Taking {
    return this.#stopping.signal.aborted ? "nothing" : this.#member.taking;
  }

  #startTakers(): void {
    const { take, all } = startTakers({
      ...this.#creation(),
      ownerId: this.ownerId,
      isRange: this.#isRange,
      settings: this.#settings,
      observe: this.#options.observe,
      loop: this.#steps.loop,
      taker: this.#taker,
      taking: () => this.#taking(),
      tasks: this.#tasks,
      member: this.#member,
      unattended: this.#unattended,
      looked: () => {
        this.#hasLooked = true;
        // Taking a thousand leases takes its time, and each was an answer of the table.
        this.#watch.seen();
      },
      rangeRead: () => void this.stop(),
    });
    this.#takeLoop = take;
    this.#takers = all;
  }

  #taskEnded(held: HeldLease, end: TaskEnd): void {
    if (end.type === "failed") this.#fail(end.error);
    // Its children have leases now, and this worker is as good as any.
    if (end.type === "finished" && (this.#isRange || held.lease.childShardIds.length > 0))
      this.#takeLoop?.runSoon();
  }

  /** What no waiting mends ends the worker, by name, after the other shards have been given back. */
  #fail(error: Error): void {
    if (this.#error === undefined && this.#stopped === undefined) this.#error = error;
    void this.stop();
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { clock, observe } = this.#options;
    this.#stopping.abort();
    this.#watch.end();
    this.#tasks.stop();
    const quiet = Promise.all([...this.#takers.map(async (loop) => await loop.stop()), this.#member.leave()]);
    const error = new KinesisConnectorError(
      "KC_STOP_DEADLINE",
      `the stop took longer than ${deadlineMs} ms; what was in flight is finished by the next owner of the shards`,
    );
    // A look at the table that is under way may take one more lease; its task is then stopped from the beginning.
    await this.#tasks.settle({
      clock,
      quiet,
      deadlineMs,
      abortReason: error,
      graceMs: this.#settings.failoverTimeMs,
    });
    await this.#tasks.giveBack();
    for (const loop of this.#keepers) await loop.stop();
    if (this.#error === undefined && this.#tasks.abortedCount > 0) this.#error = error;
    observe({
      type: "worker-stop",
      ownerId: this.ownerId,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
    if (this.#error === undefined) this.#settle.resolve();
    else this.#settle.reject(this.#error);
  }

  #creation(): LeaseCreation {
    const { table, kinesis, clock, random, initialPosition } = this.#options;
    return { table, kinesis, clock, random, initialPosition, signal: this.#stopping.signal };
  }
}

function withResolvers(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
} {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
