import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { HeldLease, Lease } from "@kinesis-connectors/leases";
import type { FleetSeen } from "./choose-leases.js";
import type { TaskEnd } from "./shard-task.js";
import type { Worker, WorkerOptions } from "./worker.js";
import { Auditor, isRangeRead } from "./shard-sync/auditor.js";
import { cleanUp } from "./shard-sync/cleanup.js";
import { createFirstLeases, type LeaseCreation } from "./shard-sync/create-leases.js";
import { FleetMember, type StartLoop } from "./fleet3/fleet-member.js";
import { fleetTimings, orphanAfterMs } from "./fleet3/timings.js";
import { UnattendedWatch } from "./fleet3/unattended-watch.js";
import { startKeepers } from "./keepers.js";
import { LeaseAges } from "./lease-ages.js";
import { LeaseHolder } from "./lease-holder.js";
import { type LeaseSettings, leaseSettings } from "./lease-settings.js";
import { LeaseTaker, type Taking } from "./lease-taker.js";
import { Loop } from "./loop.js";
import type { LeaseTableLooks } from "../progress.js";
import type { Renewer } from "./renewer.js";
import { ShardTasks } from "./shard-tasks.js";
import { TableWatch } from "./table-watch.js";
import { startError } from "./start-error.js";

const STOP_DEADLINE_MS = 30_000;

/**
 * A worker, not started yet: loops that take, renew, audit and clean up, each a step driven by a timer, and a task per held lease.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export class WorkerRun implements Worker {
  readonly ownerId: string;
  readonly done: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #settings: LeaseSettings;
  readonly #tasks: ShardTasks;
  readonly #member: FleetMember;
  readonly #taker: LeaseTaker;
  readonly #unattended: UnattendedWatch;
  readonly #watch: TableWatch;
  readonly #stopping = new AbortController();
  #keepers: readonly Loop[] = [];
  #takers: Loop[] = [];
  /** Steps whose last try failed. */
  readonly #failing = new Set<string>();
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
    this.#settings = leaseSettings(options.leases);
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
      loop: (...given) => this.#loop(...given),
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
      failed: (step, error) => this.#stepFailed(step, error),
    });
    this.#keepers = [...loops, this.#watch.begin((error) => this.#stepFailed("table-watch", error))];
    this.#renewer = renewer;
    this.#startTakers();
    this.#member.begin();
  }

  /** A step that is repeated until the worker stops. */
  #loop(name: string, firstDelayMs: number, delayMs: () => number, step: () => Promise<void>): Loop {
    const { clock, random } = this.#options;
    return new Loop({
      clock,
      firstDelayMs,
      // Up to a tenth sooner or later, so that workers started together drift apart.
      delayMs: () => Math.round(delayMs() * (0.9 + random.next() * 0.2)),
      kind: "delay",
      step: async () => {
        await step();
        this.#stepWorked(name);
      },
      failed: (error) => this.#stepFailed(name, error),
    });
  }

  #taking(): Taking {
    return this.#stopping.signal.aborted ? "nothing" : this.#member.taking;
  }

  #startTakers(): void {
    const { observe, isRange = false } = this.#options;
    const { takePeriodMs, cleanupPeriodMs, auditPeriodMs, fleetModePeriodMs, failoverTimeMs } =
      this.#settings;
    const loop: StartLoop = (...given) => this.#loop(...given);
    this.#takeLoop = loop(
      "take",
      0,
      // Where a leader assigns, the look is for what it has forgotten, and seldom finds any.
      () => (this.#taking() === "share" || this.#unattended.isAny ? takePeriodMs : failoverTimeMs),
      async () => {
        if (this.#taking() === "share") this.#unattended.clear();
        await this.#taker.step(() => this.#taking());
        this.#hasLooked = true;
        // Taking a thousand leases takes its time, and each was an answer of the table.
        this.#watch.seen();
        if (isRange && !this.#tasks.isWorking && isRangeRead(await this.#options.table.list()))
          void this.stop();
      },
    );
    const auditor = new Auditor({
      ...this.#creation(),
      ownerId: this.ownerId,
      observe,
      leads: () => this.#member.leads,
    });
    this.#takers = [
      this.#takeLoop,
      // A hole is looked at again soon: three looks make sure of it, and its shards are not read meanwhile.
      loop(
        "audit",
        Math.floor(auditPeriodMs / 2),
        () => (auditor.isUnsure ? Math.min(failoverTimeMs, auditPeriodMs) : auditPeriodMs),
        async () => {
          if (await auditor.step()) this.#takeLoop?.runSoon();
        },
      ),
      loop(
        "fleet-mode",
        fleetModePeriodMs,
        () => fleetModePeriodMs,
        async () => await this.#member.watch(),
      ),
      loop(
        "cleanup",
        cleanupPeriodMs,
        () => cleanupPeriodMs,
        async () => {
          // What was read of a range is told by its rows alone.
          if (isRange) return;
          await cleanUp({
            ...this.#creation(),
            finished: () => this.#tasks.finished(),
            deleted: (held) => {
              held.release();
              this.#tasks.forget(held);
              observe({ type: "lease-delete", shardId: held.shardId });
            },
          });
        },
      ),
    ];
  }

  #taskEnded(held: HeldLease, end: TaskEnd): void {
    if (end.type === "failed") this.#fail(end.error);
    // Its children have leases now, and this worker is as good as any.
    const { isRange = false } = this.#options;
    if (end.type === "finished" && (isRange || held.lease.childShardIds.length > 0))
      this.#takeLoop?.runSoon();
  }

  #stepFailed(step: string, error: Error): void {
    if (this.#stopping.signal.aborted) return;
    if (KinesisConnectorError.isInstance(error)) {
      this.#fail(error);
      return;
    }
    this.#failing.add(step);
    this.#options.observe({ type: "lease-retry", step, error });
  }

  #stepWorked(step: string): void {
    if (this.#failing.delete(step)) this.#options.observe({ type: "lease-resume", step });
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
