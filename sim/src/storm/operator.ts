import { asError, KinesisConnectorError, type Position, sleep } from "@kinesis-connectors/core";
import {
  backupLeases,
  executeReset,
  type LeaseTable,
  pauseShards,
  planReset,
  type ResetPlan,
  type ResetTarget,
  restoreFrom,
  resumeShards,
  waitForPause,
} from "@kinesis-connectors/leases";
import type { Ledger } from "../checks/ledger.js";
import type { ResetBook } from "../checks/reset-book.js";
import type { Violation } from "../checks/violation.js";
import type { SimLeases } from "../services/sim-leases.js";
import { CallError } from "../world/call-error.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import { SimProcess } from "../world/sim-process.js";
import type { Trace } from "../world/trace.js";
import type { Scenario } from "./scenario.js";

const MEAN_PAUSE_MS = 1_200;
const AGAIN_MS = 2_000;

/**
 * Somebody who pauses, resumes and resets shards by the product's own functions, from a process that may crash in the middle, beside everything else
 * that goes wrong; now and then a row is changed by hand. In the end all is resumed.
 */
export class Operator {
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #leases: SimLeases;
  readonly #ledger: Ledger;
  readonly #book: ResetBook;
  readonly #trace: Trace;
  readonly #report: (violation: Violation) => void;
  #process: SimProcess | undefined;
  #starts = 0;
  #isOver = false;
  #kept: ResetTarget | undefined;
  /** Shards that were paused, and resets that were refused because they would not have been safe. */
  pauses = 0;
  refusals = 0;

  constructor(options: {
    readonly scenario: Scenario;
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly leases: SimLeases;
    readonly ledger: Ledger;
    readonly book: ResetBook;
    readonly trace: Trace;
    readonly report: (violation: Violation) => void;
  }) {
    this.#scenario = options.scenario;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.#leases = options.leases;
    this.#ledger = options.ledger;
    this.#book = options.book;
    this.#trace = options.trace;
    this.#report = options.report;
  }

  start(): void {
    if (this.#scenario.steering !== undefined) this.#next();
  }

  /** Nothing more is asked for, and everything is resumed: again and again, because a pause that is under way may arrive late. */
  end(): void {
    if (this.#scenario.steering === undefined) return;
    this.#isOver = true;
    this.#process?.crash();
    const resumeAll = (): void => {
      void this.#run("resume all", (table) => this.#resume(table, undefined));
      this.#scheduler.after(AGAIN_MS, undefined, resumeAll);
    };
    resumeAll();
  }

  #next(): void {
    this.#scheduler.after(this.#random.untilNextMs(MEAN_PAUSE_MS), undefined, () => {
      if (this.#isOver) return;
      void this.#run("", (table, process) => this.#act(table, process)).then(() => {
        if (!this.#isOver) this.#next();
      });
    });
  }

  /** Runs a piece of work in a process of its own, which may crash: then it never settles, and another one begins. */
  async #run(what: string, work: (table: LeaseTable, process: SimProcess) => Promise<void>): Promise<void> {
    this.#starts += 1;
    const seed = this.#scenario.seed * 10_000 + 9_000 + this.#starts;
    const process = new SimProcess(`op.${this.#starts}`, this.#scheduler, seed);
    this.#process = process;
    this.#note(what);
    if (!this.#isOver && this.#random.chance(0.15))
      this.#scheduler.after(this.#random.between(50, 8_000), undefined, () => {
        if (process.isDead || this.#process !== process || this.#isOver) return;
        this.#note("crash");
        process.crash();
        this.#next();
      });
    try {
      await work(this.#leases.tableOf(process), process);
    } catch (thrown) {
      this.#meet(asError(thrown));
    } finally {
      process.crash();
    }
  }

  #meet(error: Error): void {
    this.#note(`${KinesisConnectorError.isInstance(error) ? error.code : error.name}: ${error.message}`);
    if (error instanceof CallError) return;
    const isRefused = KinesisConnectorError.isInstance(error) && error.code === "KC_STEERING_REFUSED";
    if (isRefused) this.refusals += 1;
    // A shard may end and be cleaned up after it was chosen.
    else if (!KinesisConnectorError.isInstance(error) || error.code !== "KC_OPTION_INVALID")
      this.#report({ rule: "operator", what: error.stack ?? error.message });
  }

  async #act(table: LeaseTable, process: SimProcess): Promise<void> {
    const random = this.#random;
    const resets = this.#scenario.steering === "resets";
    const roll = random.next();
    if (resets && roll < 0.15) this.#changeByHand();
    else if (resets && roll < 0.25) await this.#resetInHaste(table, process);
    else if (resets && roll < 0.32) await this.#reset(table, process, this.#someShards());
    else if (roll < 0.4) await this.#resume(table, this.#someShards());
    else await this.#mission(table, process, this.#someShards());
  }

  /** Pause, wait, perhaps reset, hold for a while, resume: each may be left out or fail. */
  async #mission(
    table: LeaseTable,
    process: SimProcess,
    shardIds: readonly string[] | undefined,
  ): Promise<void> {
    const random = this.#random;
    const { clock } = process;
    const paused = await pauseShards({ table, clock, shardIds, by: "operator" });
    this.pauses += paused.length;
    this.#note(`paused ${paused.map(({ shardId }) => shardId).join(" ")}`);
    if (random.chance(0.85)) {
      const { failoverTimeMs } = this.#scenario;
      const wait = await waitForPause({
        table,
        clock,
        shardIds,
        failoverTimeMs,
        timeoutMs: random.between(2_000, 15_000),
      });
      this.#note(`waited: ${wait.shards.map(({ shardId, state }) => `${shardId} ${state}`).join(", ")}`);
    }
    if (this.#scenario.steering === "resets" && random.chance(0.75))
      await this.#reset(table, process, shardIds);
    if (random.chance(0.5)) await sleep(clock, random.between(0, 6_000));
    await this.#resume(table, random.chance(0.9) ? shardIds : undefined);
  }

  async #resume(table: LeaseTable, shardIds: readonly string[] | undefined): Promise<void> {
    const resumed = await resumeShards({ table, shardIds });
    if (resumed.length > 0) this.#note(`resumed ${resumed.map(({ shardId }) => shardId).join(" ")}`);
  }

  async #reset(
    table: LeaseTable,
    process: SimProcess,
    shardIds: readonly string[] | undefined,
  ): Promise<void> {
    const random = this.#random;
    const { clock } = process;
    const to = this.#target(shardIds, clock.now());
    if (to.type !== "rows" && random.chance(0.3)) this.#kept = restoreFrom(await backupLeases(table));
    const { failoverTimeMs, partitions } = this.#scenario;
    // Partitions are drawn anew each time here. What is there of a batch that is forgotten would then be taken for what the next one of its range writes.
    const discardPending = partitions === 1 && random.chance(0.2);
    const plan = await planReset({ table, clock, shardIds, to, failoverTimeMs, discardPending });
    this.#note(`plan: ${plan.shards.map(shownReset).join(", ")}`);
    if (random.chance(0.3)) await sleep(clock, random.between(0, 4_000));
    if (!plan.isRefused)
      for (const { shardId, to: values } of plan.shards)
        this.#book.ask(shardId, { ...values, discardsPending: plan.discardPending });
    const { shards } = await executeReset(plan, { table, clock, random: process.random });
    this.#note(`reset: ${shards.map(({ shardId, state }) => `${shardId} ${state}`).join(", ")}`);
  }

  #target(shardIds: readonly string[] | undefined, nowMs: number): ResetTarget {
    const random = this.#random;
    const only = shardIds?.length === 1 ? shardIds[0] : undefined;
    const position = only === undefined ? undefined : this.#somePlace(only);
    const roll = random.next();
    if (position !== undefined && roll < 0.4) return { type: "position", position };
    if (roll < 0.5 && this.#kept !== undefined) return this.#kept;
    if (roll < 0.75) return { type: "time", at: new Date(Math.floor(nowMs - random.between(0, 15_000))) };
    return { type: roll < 0.82 ? "latest" : "horizon" };
  }

  #somePlace(shardId: string): Position | undefined {
    const entries = this.#ledger.shards.get(shardId)?.entries ?? [];
    if (entries.length === 0) return undefined;
    const { sequenceNumber, subSequenceNumber } = this.#random.pick(entries);
    return { sequenceNumber, subSequenceNumber };
  }

  /** Undefined for all of them. */
  #someShards(): readonly string[] | undefined {
    const rows = [...this.#leases.rows.values()].filter(({ checkpoint }) => checkpoint !== "SHARD_END");
    if (rows.length === 0 || this.#random.chance(0.3)) return undefined;
    return [this.#random.pick(rows).leaseKey];
  }

  /** What somebody does in the console of DynamoDB: another checkpoint under an owner that lives, and a counter that was raised. */
  #changeByHand(): void {
    const rows = [...this.#leases.rows.values()].filter(
      ({ owner, pending, checkpoint }) =>
        owner !== undefined && pending === undefined && checkpoint !== "SHARD_END",
    );
    if (rows.length === 0) return;
    const { leaseKey } = this.#random.pick(rows);
    const checkpoint = this.#somePlace(leaseKey);
    if (checkpoint === undefined) return;
    this.#note(`by hand: ${leaseKey} to ${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`);
    this.#book.ask(leaseKey, { checkpoint, discardsPending: false });
    this.#leases.changeByHand(leaseKey, checkpoint);
  }

  /** The write alone, under owners that live, of rows that were seen a while ago: its condition is all that makes it safe. */
  async #resetInHaste(table: LeaseTable, process: SimProcess): Promise<void> {
    const rows = (await table.list()).filter(
      ({ checkpoint, pending }) => checkpoint !== "SHARD_END" && pending === undefined,
    );
    await sleep(process.clock, this.#random.between(0, 1_500));
    for (const seen of rows) {
      this.#book.ask(seen.leaseKey, { checkpoint: "TRIM_HORIZON", discardsPending: false });
      const { type } = await table.update(seen, { type: "reset", checkpoint: "TRIM_HORIZON" });
      this.#note(`in haste: ${seen.leaseKey} ${type}`);
    }
  }

  #note(what: string): void {
    if (what !== "") this.#trace.add(this.#scheduler.nowMs, this.#process?.name ?? "op", what);
  }
}

function shownReset({ shardId, refusal, to }: ResetPlan["shards"][number]): string {
  const { checkpoint } = to;
  const where = typeof checkpoint === "string" ? checkpoint : checkpoint.sequenceNumber;
  return `${shardId} to ${where}${refusal === undefined ? "" : ` refused: ${refusal.code}`}`;
}
