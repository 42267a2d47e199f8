import { asError, KinesisConnectorError, type Position, type ShardEvent } from "@kinesis-connectors/core";
import { type KclChildOptions, runKclChild } from "@kinesis-connectors/kcl";
import { compareCheckpoints, type LeaseTable } from "@kinesis-connectors/leases";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Ledger } from "../../checks/ledger.js";
import type { Violation } from "../../checks/violation.js";
import type { SimDestination } from "../../destinations/destination.js";
import { KclWorker } from "../../kcl/kcl-worker.js";
import type { SimLeases } from "../../services/sim-leases.js";
import type { Network } from "../../world/network.js";
import type { SeededRandom } from "../../world/random.js";
import type { Scheduler } from "../../world/scheduler.js";
import { SimProcess } from "../../world/sim-process.js";
import { ChildProcessor } from "./child-processor.js";
import { Pipe } from "./pipe.js";

/** What daemons of a run share. */
export interface DaemonWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly destination: SimDestination;
  /** The daemons' own lease table, and the journal of the children. */
  readonly rows: SimLeases;
  readonly journal: SimLeases;
  readonly report: (violation: Violation) => void;
  readonly broken: "row-after-daemon" | "no-journal" | undefined;
  /** The journal of a child that must do without one that lasts. */
  readonly noJournal: () => LeaseTable;
}

export interface DaemonOptions {
  readonly name: string;
  readonly seed: number;
  readonly random: SeededRandom;
  readonly process: SimProcess;
  readonly kinesis: KinesisClient;
  readonly failoverMs: number;
  readonly child: Pick<KclChildOptions<unknown, unknown>, "maxReadAheadBytes" | "stopDeadlineMs">;
  readonly meet: (process: SimProcess, event: ShardEvent) => void;
  readonly note: (process: SimProcess, what: string) => void;
  /** A child ended with an error. */
  readonly failed: (process: SimProcess, error: Error) => void;
  /** The daemon is gone: somebody starts it again. */
  readonly gone: () => void;
}

/** A child lives on for a while when it is over: nothing may be left of it then. */
const STRAGGLE_MS = 10_000;

/** A MultiLangDaemon, modelled: a worker of the KCL whose application is a child process for each shard, which runs the product. */
export class SimDaemon {
  readonly process: SimProcess;
  readonly #world: DaemonWorld;
  readonly #options: DaemonOptions;
  readonly #worker: KclWorker;
  readonly #children = new Map<SimProcess, Pipe>();
  #starts = 0;
  #isOver = false;

  constructor(world: DaemonWorld, options: DaemonOptions) {
    this.#world = world;
    this.#options = options;
    this.process = options.process;
    const { network, ledger, rows } = world;
    const { kinesis, seed, failoverMs } = options;
    this.#worker = new KclWorker({
      process: this.process,
      network,
      kinesis,
      leases: rows,
      ledger,
      seed,
      failoverMs,
      strategy: "count",
      cpu: undefined,
      processorOf: (shard, begun) =>
        new ChildProcessor(shard, begun, {
          startChild: (shardId) => this.#startChild(shardId),
          exit: async (why) => {
            options.note(this.process, `exit 1: ${why}`);
            this.crash();
            return await new Promise<never>(() => undefined);
          },
          asked: (shardId, at) => this.#requireBehind(shardId, at),
          violation: (what) => world.report({ rule: "protocol", what: `${options.name}: ${what}` }),
          checkpointsFirst: world.broken === "row-after-daemon",
        }),
    });
  }

  start(): void {
    this.#worker.start();
    void this.#worker.done.then(() => {
      if (!this.process.isDead) this.crash();
    });
  }

  /** Whether a process is this daemon or a child of it. */
  has(process: SimProcess): boolean {
    return process === this.process || this.#children.has(process);
  }

  /** Children that run, orphans among them. */
  get children(): readonly SimProcess[] {
    return [...this.#children.keys()].filter(({ isDead }) => !isDead);
  }

  get isOver(): boolean {
    return this.process.isDead && this.children.every(({ isOver }) => isOver);
  }

  /** SIGTERM: with a grace for its children, or with none, where they only see the end of their input. */
  stop(hasGrace: boolean): void {
    if (hasGrace) void this.#worker.stop();
    else this.crash();
  }

  /** The daemon dies; its children see the end of their input, unless they die with it. */
  crash(withChildren: boolean = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.process.crash();
    for (const [child, pipe] of this.#children)
      if (withChildren) child.crash();
      else pipe.end();
    this.#options.gone();
  }

  /** One child dies; the daemon notices it by the end of its output. */
  crashChild(child: SimProcess): void {
    child.crash();
    this.#children.get(child)?.exited();
  }

  #startChild(shardId: string): Pipe {
    const { scheduler, destination, journal, broken, noJournal } = this.#world;
    const { name, seed, child: options, note, meet, failed } = this.#options;
    this.#starts += 1;
    const process = new SimProcess(`${name}/${this.#starts}`, scheduler, seed * 100 + this.#starts);
    const pipe = new Pipe(scheduler, this.process, process);
    // The daemon died of the very step that would have led here.
    if (this.process.isDead) return pipe;
    this.#children.set(process, pipe);
    note(process, `child for ${shardId}`);
    const running = destination.drive(
      process,
      async (pipeline) =>
        await runKclChild({
          ...options,
          application: "simulation",
          stream: "sim",
          pipeline,
          leaseTable: broken === "no-journal" ? noJournal() : journal.tableOf(process),
          onRetentionGap: "continue",
          observe: (event) => meet(process, event),
          link: pipe.link,
          clock: process.clock,
          random: process.random,
        }),
    );
    const over = (): void => {
      if (process.isDead) return;
      process.isOver = true;
      pipe.exited();
      scheduler.after(STRAGGLE_MS, undefined, () => process.crash());
    };
    running.then(
      () => {
        note(process, "end");
        over();
      },
      (thrown: unknown) => {
        const error = asError(thrown);
        const code = KinesisConnectorError.isInstance(error) ? error.code : error.name;
        note(process, `end: ${code} ${error.message}`);
        failed(process, error);
        over();
      },
    );
    return pipe;
  }

  /** The daemon's checkpoint must never be ahead of the row of the journal. */
  #requireBehind(shardId: string, at: Position | "SHARD_END"): void {
    const row = this.#world.journal.rows.get(shardId)?.checkpoint ?? "TRIM_HORIZON";
    if (this.#world.broken === "no-journal" || compareCheckpoints(at, row) <= 0) return;
    this.#world.report({
      rule: "ahead",
      what: `${shardId}: the daemon's checkpoint ${typeof at === "string" ? at : at.sequenceNumber} is ahead of the journal`,
    });
  }
}
