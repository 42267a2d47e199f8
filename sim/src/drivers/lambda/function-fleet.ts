import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type ConnectorEvent, sdkKinesis } from "@kinesis-connectors/consumer";
import { asError, type Clock, silentLogger } from "@kinesis-connectors/core";
import { type KinesisHandler, kinesisHandler } from "@kinesis-connectors/lambda";
import { type EventSource, eventSource, type FunctionSandbox } from "@kinesis-connectors/lambda/testing";
import type { LeaseTable } from "@kinesis-connectors/leases";
import type { SimDestination } from "../../destinations/destination.js";
import type { SimStream } from "../../services/sim-stream.js";
import type { BrokenVariant } from "../../storm/broken.js";
import type { Scenario } from "../../storm/scenario.js";
import type { SeededRandom } from "../../world/random.js";
import type { Scheduler } from "../../world/scheduler.js";
import { BEGINNING_MS, SimProcess } from "../../world/sim-process.js";
import { streamPort } from "./stream-port.js";

/** Of sandboxes that stand still so many are given up at once; the others have until their time is over. */
const GIVEN_UP = 0.7;

/** What a function and its event source are given. */
export interface FunctionFleetOptions {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly stream: SimStream;
  readonly destination: SimDestination;
  readonly broken: BrokenVariant | undefined;
  readonly tableOf: (process: SimProcess) => LeaseTable;
  /** A table that nobody else sees. */
  readonly noTable: () => LeaseTable;
  readonly kinesisOf: (process: SimProcess) => KinesisClient;
  readonly meet: (process: SimProcess, event: ConnectorEvent) => void;
  readonly note: (process: SimProcess | undefined, what: string) => void;
  /** An invocation ended with an error. */
  readonly failed: (process: SimProcess, error: Error) => void;
  /** A shard has been read to its end, and all of it is dealt with. */
  readonly shardEnded: (shardId: string) => void;
}

/** A sandbox of the function: a process of the simulation, which takes one invocation at a time. */
interface Sandbox {
  readonly process: SimProcess;
  /** Lets the service hear that the invocation under way is no more. */
  giveUp: ((reason: string) => void) | undefined;
  isBusy: boolean;
  isGivenUp: boolean;
}

/** A pipeline as a function on an event source mapping, in place of workers: its sandboxes are what crashes and stands still. */
export class FunctionFleet {
  readonly #options: FunctionFleetOptions;
  readonly #sandboxes: Sandbox[] = [];
  readonly #closing = new AbortController();
  #source: EventSource | undefined;
  #isOver = false;

  constructor(options: FunctionFleetOptions) {
    this.#options = options;
  }

  start(): void {
    const { scenario, scheduler, stream, random, note, shardEnded, broken } = this.#options;
    const isCalm = scenario.faultRate === 0;
    const clock: Clock = {
      now: () => BEGINNING_MS + scheduler.nowMs,
      monotonicNow: () => scheduler.nowMs,
      setTimer: (delayMs, callback) => scheduler.after(delayMs, undefined, callback),
    };
    this.#source = eventSource({
      kinesis: streamPort(stream, scheduler),
      handler: { coldStart: () => this.#coldStart() },
      batchSize: random.pick([3, 10, 40, 100]),
      parallelizationFactor: broken === "factor-2" ? 2 : 1,
      reportBatchItemFailures: broken !== "answers-unread" && random.chance(0.8),
      bisectBatchOnFunctionError: random.chance(0.5),
      timeoutMs: random.pick([5_000, 15_000, 60_000]),
      faults: { cutAnew: random.pick([0.2, 0.6]), coldStart: 0.1, replyLost: isCalm ? 0 : 0.05 },
      onShardEnd: shardEnded,
      seed: scenario.seed,
      clock,
    });
    note(undefined, "the event source begins");
    this.#source.poll(this.#closing.signal).then(
      () => (this.#isOver = true),
      (thrown: unknown) => note(undefined, `the event source ended: ${asError(thrown).message}`),
    );
  }

  /** Whether a process is a sandbox of the function. */
  has(process: SimProcess): boolean {
    return this.#sandboxes.some((sandbox) => sandbox.process === process);
  }

  /** Kills a sandbox: that one, or any that is at work. */
  crash(struck: SimProcess | undefined): boolean {
    const sandbox = this.#struck(struck);
    if (sandbox === undefined) return false;
    this.#options.note(sandbox.process, "crash");
    sandbox.process.crash();
    sandbox.giveUp?.("killed");
    return true;
  }

  /** Lets a sandbox stand still in the middle of its work; most are given up, and go on all the same. */
  pause(struck: SimProcess | undefined, forMs: number): boolean {
    const sandbox = this.#struck(struck);
    if (sandbox === undefined || sandbox.process.isPaused) return false;
    const { note, scheduler, random } = this.#options;
    const { process } = sandbox;
    note(process, `pause for ${forMs} ms`);
    process.pause();
    if (random.chance(GIVEN_UP)) {
      sandbox.isGivenUp = true;
      sandbox.giveUp?.("given up");
    }
    scheduler.after(forMs, undefined, () => {
      if (!process.isDead) note(process, "resume");
      process.resume();
    });
    return true;
  }

  /** Nobody stands still any more. */
  resume(): void {
    for (const { process } of this.#sandboxes) process.resume();
  }

  /** No new invocation begins. */
  close(): void {
    this.resume();
    this.#closing.abort();
    // What is settled by that is followed to its end after an event, and there may be none left.
    this.#options.scheduler.after(1, undefined, () => undefined);
  }

  get isOver(): boolean {
    return this.#isOver && this.#sandboxes.every(({ isBusy, process }) => !isBusy || process.isDead);
  }

  #struck(process: SimProcess | undefined): Sandbox | undefined {
    const busy = this.#sandboxes.filter((sandbox) => sandbox.isBusy && !sandbox.process.isDead);
    if (process !== undefined) return busy.find((sandbox) => sandbox.process === process);
    return busy.length === 0 ? undefined : this.#options.random.pick(busy);
  }

  #coldStart(): FunctionSandbox {
    const { scenario, scheduler, note } = this.#options;
    const number = this.#sandboxes.length + 1;
    const process = new SimProcess(`f${number}`, scheduler, scenario.seed * 10_000 + number);
    const sandbox: Sandbox = { process, giveUp: undefined, isBusy: false, isGivenUp: false };
    this.#sandboxes.push(sandbox);
    note(process, "cold start");
    const handler = this.#handlerOf(process);
    return {
      invoke: async (event, { requestId, functionArn, deadlineMs }) => {
        sandbox.isBusy = true;
        process.isOver = false;
        const gone = new Promise<never>((_, reject) => {
          sandbox.giveUp = (reason) => reject(new Error(reason));
        });
        const context = {
          awsRequestId: requestId,
          invokedFunctionArn: functionArn,
          getRemainingTimeInMillis: () => deadlineMs - process.clock.now(),
        };
        const answer = handler(event, context).finally(() => {
          sandbox.isBusy = false;
          // What answered writes nothing any more: it would go on when its sandbox is thawed.
          process.isOver = true;
        });
        answer.catch((thrown: unknown) => this.#fail(process, asError(thrown)));
        return await Promise.race([answer, gone]);
      },
      isOver: () => process.isDead || sandbox.isGivenUp,
      kill: () => {
        note(process, "killed, its time is over");
        process.crash();
      },
      freeze: () => process.pause(),
      thaw: () => process.resume(),
    };
  }

  #fail(process: SimProcess, error: Error): void {
    this.#options.note(process, `throws ${error.message}`);
    this.#options.failed(process, error);
  }

  #handlerOf(process: SimProcess): KinesisHandler {
    const { destination, scenario, broken, tableOf, noTable, kinesisOf, meet } = this.#options;
    const stated = broken === "factor-2" || broken === "answers-unread";
    return destination.drive(process, (pipeline) =>
      kinesisHandler({
        application: "simulation",
        pipeline,
        leaseTable: broken === "no-row" ? noTable() : tableOf(process),
        onRetentionGap: "continue",
        maxReadAheadBytes: scenario.maxReadAheadBytes,
        kinesisApi: () => sdkKinesis(kinesisOf(process), { StreamName: "sim" }),
        listMappings: () => Promise.resolve(this.#source === undefined ? [] : [this.#source.mapping]),
        ...(stated ? { parallelizationFactor: 1, reportBatchItemFailures: true } : {}),
        observe: (event) => meet(process, event),
        logger: silentLogger,
        clock: process.clock,
        random: process.random,
      }),
    );
  }
}
