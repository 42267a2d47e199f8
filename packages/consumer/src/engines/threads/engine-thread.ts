import { Worker } from "node:worker_threads";

import {
  asError,
  type Clock,
  KinesisConnectorError,
  type Logger,
  type ShardOutcome,
} from "@kinesis-connectors/core";

import type { EngineRun } from "../shard-engines.js";
import { carriedError, carryError } from "./carried-error.js";
import { carriedEvent } from "./carried-event.js";
import { type LogLine, writeLine } from "./log-lines.js";
import type { KinesisAccess } from "../../kinesis/kinesis-access.js";
import type { Answers, FromThread, Question, ThreadSetup, ToThread } from "./messages.js";
import { settling, within } from "./settling.js";

/** Options of one thread, and its listeners. */
export interface EngineThreadOptions {
  /** `thread 1 of 2`: for messages. */
  readonly name: string;
  readonly setup: ThreadSetup;
  readonly clock: Clock;
  /** The caller's credentials. */
  readonly credentials: KinesisAccess["credentials"];
  /** Where the thread's lines go, with `logsToMain`. */
  readonly logger: Logger;
  readonly onWireFallback: () => void;
  /** The thread ended before it was told to; its runs have failed with the same error. */
  readonly onLost: (error: KinesisConnectorError) => void;
}

interface UnderWay {
  readonly run: EngineRun;
  readonly settle: (end: ShardOutcome | Error) => void;
}

// A thread whose destinations are closed has nothing left to do; what a pipeline keeps open by itself is not waited for longer.
const EXIT_MS = 1_000;

/** A thread, as the main thread sees it: it is given runs, answers for leases and credentials, and may end at any time. */
export class EngineThread {
  readonly name: string;
  /** Settles when the pipeline is there and its destinations are ready, or with why they are not. */
  readonly opened: Promise<void>;
  readonly #options: EngineThreadOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #closed: Promise<Error | undefined>;
  readonly #runs = new Map<number, UnderWay>();
  readonly #settleOpened: (error: Error | undefined) => void;
  readonly #settleClosed: (error: Error | undefined) => void;
  #lastRun = 0;
  #readAheadBytes = 0;
  #isClosing = false;
  #lost: KinesisConnectorError | undefined;
  /** When the ping was sent that has not been answered yet, on the monotonic clock. */
  #pingedMs: number | undefined;

  constructor(options: EngineThreadOptions) {
    this.#options = options;
    this.name = options.name;
    const opening = settling();
    this.opened = opening.promise.then((error) => {
      if (error !== undefined) throw error;
    });
    // Whoever opens the threads looks at the first failure only.
    this.opened.catch(() => undefined);
    this.#settleOpened = opening.settle;
    const closing = settling();
    this.#closed = closing.promise;
    this.#settleClosed = closing.settle;
    const { name, setup: workerData } = options;
    const worker = new Worker(new URL("./thread-main.js", import.meta.url), { name, workerData });
    this.#worker = worker;
    worker.on("message", (message: FromThread) => this.#receive(message));
    worker.on("messageerror", (error) => this.#lose("a message of it could not be read", error));
    worker.on("error", (error) => this.#lose(reasonOf(error), error));
    this.#exited = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.#exit(code);
        resolve();
      });
    });
  }

  /** How many shards run in it. */
  get load(): number {
    return this.#runs.size;
  }

  /** Bytes between reading and committing, as it told last. */
  get readAheadBytes(): number {
    return this.#lost === undefined ? this.#readAheadBytes : 0;
  }

  /** Runs the engine of a shard in the thread. */
  async run(run: EngineRun): Promise<ShardOutcome> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#lastRun += 1;
    const number = this.#lastRun;
    const { shardId, initialPosition, range, readThroughMs, stopSignal, abortSignal } = run;
    const stop = (): void => this.#tell({ type: "stop", run: number });
    const abort = (): void =>
      this.#tell({ type: "abort", run: number, reason: carryError(abortSignal.reason) });
    const end = new Promise<ShardOutcome | Error>((settle) => {
      this.#runs.set(number, { run, settle });
    });
    stopSignal.addEventListener("abort", stop, { once: true });
    abortSignal.addEventListener("abort", abort, { once: true });
    try {
      this.#tell({ type: "run", run: number, shardId, initialPosition, range, readThroughMs });
      if (stopSignal.aborted) stop();
      if (abortSignal.aborted) abort();
      const outcome = await end;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    } finally {
      stopSignal.removeEventListener("abort", stop);
      abortSignal.removeEventListener("abort", abort);
    }
  }

  /** Gives the opening up. */
  abortOpening(reason: unknown): void {
    this.#tell({ type: "abort-open", reason: carryError(reason) });
  }

  /** Writes a line to the pipeline's own logger. */
  log(line: LogLine): void {
    this.#tell({ type: "log", line });
  }

  /** Looks whether the thread gets to its messages. Returns for how long it has not, in milliseconds; 0 when it has. */
  ping(): number {
    const nowMs = this.#options.clock.monotonicNow();
    if (this.#pingedMs !== undefined) return nowMs - this.#pingedMs;
    this.#pingedMs = nowMs;
    this.#tell({ type: "ping" });
    return 0;
  }

  /**
   * Closes the destinations and ends the thread, by force when it takes longer than `deadlineMs` or its shards did not end.
   * @returns what could not be closed
   */
  async close(deadlineMs: number): Promise<Error | undefined> {
    const { clock } = this.#options;
    this.#isClosing = true;
    let failure: Error | undefined;
    if (this.#runs.size === 0 && this.#lost === undefined) {
      this.#tell({ type: "close" });
      const late = new KinesisConnectorError(
        "KC_STOP_DEADLINE",
        `${this.name} did not close its destinations within ${deadlineMs} ms and was ended; look at what their close waits for`,
      );
      failure = await within(clock, deadlineMs, this.#closed, late);
      if (failure !== late) await within(clock, EXIT_MS, this.#exited, undefined);
    }
    await this.#worker.terminate();
    return failure;
  }

  #tell(message: ToThread): void {
    // The rule means windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    try {
      this.#heed(message);
    } catch (thrown) {
      // A logger of the caller's own; without threads it would have failed the shard.
      this.#lose("what it told could not be dealt with in the main thread", thrown);
    }
  }

  #heed(message: FromThread): void {
    switch (message.type) {
      case "opened":
        this.#settleOpened(undefined);
        return;
      case "open-failed":
        this.#settleOpened(carriedError(message.error));
        return;
      case "event":
        this.#readAheadBytes = message.readAheadBytes;
        this.#runs.get(message.run)?.run.observe(carriedEvent(message.event));
        return;
      case "read-through":
        this.#runs.get(message.run)?.run.onReadThrough(message.throughMs, message.scannedEnd);
        return;
      case "outcome":
        this.#readAheadBytes = message.readAheadBytes;
        this.#end(message.run, message.outcome);
        return;
      case "failure":
        this.#readAheadBytes = message.readAheadBytes;
        this.#end(message.run, carriedError(message.error));
        return;
      case "question":
        void this.#answer(message.question, message.asked);
        return;
      case "wire-fallback":
        this.#options.onWireFallback();
        return;
      case "log":
        writeLine(this.#options.logger, message.line);
        return;
      case "pong":
        this.#readAheadBytes = message.readAheadBytes;
        this.#pingedMs = undefined;
        return;
      default:
        this.#settleClosed(message.error === undefined ? undefined : carriedError(message.error));
    }
  }

  /** Never rejects. */
  async #answer(question: number, asked: Question): Promise<void> {
    try {
      const value = await this.#answerTo(asked);
      this.#tell({ type: "answer", question, value });
    } catch (thrown) {
      this.#tell({ type: "refusal", question, error: carryError(thrown) });
    }
  }

  async #answerTo(asked: Question): Promise<Answers[Question["ask"]]> {
    if (asked.ask === "credentials") {
      if (this.#options.credentials === undefined)
        throw new Error("a thread asked for credentials that nobody gave");
      return await this.#options.credentials({ forceRefresh: asked.isRenewal });
    }
    const checkpointer = this.#runs.get(asked.run)?.run.checkpointer;
    if (checkpointer === undefined) throw new Error("a run asked for its checkpoint after its end");
    switch (asked.ask) {
      case "load":
        return await checkpointer.load();
      case "held":
        await checkpointer.requireHeld?.();
        return undefined;
      case "prepare":
        await checkpointer.prepare(asked.batch);
        return undefined;
      default:
        await checkpointer.commit(asked.checkpoint);
        return undefined;
    }
  }

  #end(run: number, end: ShardOutcome | Error): void {
    this.#runs.get(run)?.settle(end);
    this.#runs.delete(run);
  }

  /** From here on nothing more is expected of it. What is under way is given up once the thread is gone: until then it may still write. */
  #lose(reason: string, cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = new KinesisConnectorError(
      "KC_THREAD_LOST",
      `${this.name} ended in the middle of its work: ${reason}. Nothing is lost: what it had not committed is read again by the next ` +
        "owner of its shards",
      cause === undefined ? {} : { cause },
    );
    void this.#worker.terminate();
  }

  #exit(code: number): void {
    this.#lose(`it was ended from within, with exit code ${code}`, undefined);
    const error = this.#lost;
    // After its last word both of these are settled already.
    this.#settleClosed(error);
    this.#settleOpened(error);
    if (this.#isClosing || error === undefined) return;
    const { stream } = this.#options.setup;
    for (const [number, { run }] of this.#runs) {
      run.observe({ type: "shard-stop", stream, shardId: run.shardId, reason: "error", error });
      this.#end(number, error);
    }
    this.#options.onLost(error);
  }
}

function reasonOf(thrown: unknown): string {
  const error = asError(thrown);
  if ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY")
    return "it ran out of memory; lower maxReadAheadBytes or the thresholds of the buffer, or start Node with a larger --max-old-space-size";
  return `an error that nothing caught (${error.name}); see the cause`;
}
