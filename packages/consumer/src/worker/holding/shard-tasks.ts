import type { Clock } from "@kinesis-connectors/core";
import { evict, ShardTask, type ShardTaskOptions, type TaskEnd } from "./shard-task.js";
import type { HeldLease, Lease } from "@kinesis-connectors/leases";

export interface ShardTasksOptions extends Omit<ShardTaskOptions, "held" | "wasReadBefore"> {
  readonly ended: (held: HeldLease, end: TaskEnd) => void;
}

/** The shards that this process is busy with: one task per held lease, and the finished ones whose rows wait for deletion. */
export class ShardTasks {
  readonly #options: ShardTasksOptions;
  readonly #tasks = new Map<string, ShardTask>();
  readonly #finished = new Map<string, HeldLease>();
  #isStopping = false;
  /** Tasks that were aborted because the deadline of a stop had passed. */
  #aborted = 0;

  constructor(options: ShardTasksOptions) {
    this.#options = options;
  }

  /** Begins the work on a lease that has just been taken. */
  start(held: HeldLease, wasReadBefore: boolean): void {
    const task = new ShardTask({ ...this.#options, held, wasReadBefore });
    this.#tasks.set(held.shardId, task);
    if (this.#isStopping) task.stop();
    void task.done.then((end) => this.#end(task, end));
  }

  #end(task: ShardTask, end: TaskEnd): void {
    const { held } = task;
    this.#tasks.delete(held.shardId);
    if (end.type === "finished" && !held.gone.aborted) {
      if (held.nextOwner === undefined) this.#finished.set(held.shardId, held);
      // The leader gave it to another worker while its end was written: nobody else would give it on.
      else void evict({ ...this.#options, held });
      for (const other of this.#tasks.values()) other.lookAgain();
    }
    this.#options.ended(held, end);
  }

  /** A look at the table has shown these rows. */
  looked(leases: readonly Lease[]): void {
    for (const lease of leases) {
      this.#tasks.get(lease.leaseKey)?.heed(lease);
      this.#finished.get(lease.leaseKey)?.notice(lease);
    }
  }

  /** A lease was lost: its task, if any, has been told by the lease itself. */
  forget(held: HeldLease): void {
    if (this.#finished.get(held.shardId) === held) this.#finished.delete(held.shardId);
  }

  /**
   * The leader of the fleet wants another worker to have the shard: what is in flight is finished and committed, then the lease is given on. After
   * `patienceMs` it is given on unfinished, with what was prepared in its row.
   */
  handOver(held: HeldLease, patienceMs: number): void {
    if (this.#finished.get(held.shardId) === held) {
      this.#finished.delete(held.shardId);
      void evict({ ...this.#options, held });
      return;
    }
    const task = this.#tasks.get(held.shardId);
    if (task?.held !== held) return;
    task.stop();
    const { clock } = this.#options;
    const timer = clock.setTimer(patienceMs, () =>
      task.abort(new Error("the shard was to be given on in time")),
    );
    void task.done.then(() => timer.cancel());
  }

  finished(): readonly HeldLease[] {
    return [...this.#finished.values()];
  }

  /** Everything that is still held. */
  *held(): Iterable<HeldLease> {
    for (const { held } of this.#tasks.values()) if (!held.gone.aborted) yield held;
    for (const held of this.#finished.values()) if (!held.gone.aborted) yield held;
  }

  /** Whether a shard is being worked on. */
  get isWorking(): boolean {
    return this.#tasks.size > 0;
  }

  busy(): ReadonlySet<string> {
    return new Set([...this.#tasks.keys(), ...this.#finished.keys()]);
  }

  /** Graceful: no task goes on, those that begin from now on are stopped at once. */
  stop(): void {
    this.#isStopping = true;
    for (const task of this.#tasks.values()) task.stop();
  }

  abort(reason: unknown): void {
    for (const task of this.#tasks.values()) {
      this.#aborted += 1;
      task.abort(reason);
    }
  }

  get abortedCount(): number {
    return this.#aborted;
  }

  /** Resolves when `quiet` has settled and no task runs any more, or `graceMs` after the tasks were aborted. */
  async settle(options: {
    readonly clock: Clock;
    readonly quiet: Promise<unknown>;
    readonly deadlineMs: number;
    readonly abortReason: Error;
    readonly graceMs: number;
  }): Promise<void> {
    const { clock, quiet, deadlineMs, abortReason, graceMs } = options;
    await new Promise<void>((resolve) => {
      let timer = clock.setTimer(deadlineMs, () => {
        this.abort(abortReason);
        timer = clock.setTimer(graceMs, resolve);
      });
      void this.#allDone(quiet).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #allDone(quiet: Promise<unknown>): Promise<void> {
    await quiet;
    while (this.#tasks.size > 0) await Promise.all([...this.#tasks.values()].map(({ done }) => done));
  }

  /** Gives back what is left: finished leases. A task that did not end in time keeps its lease, which may not write any more. */
  async giveBack(): Promise<void> {
    for (const { held } of this.#tasks.values()) held.release();
    await Promise.all(
      this.finished().map(async (held) => {
        this.#finished.delete(held.shardId);
        if (!held.gone.aborted) await evict({ ...this.#options, held });
      }),
    );
  }
}
