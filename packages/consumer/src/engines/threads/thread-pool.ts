import { asError, type Clock, type Logger, type ShardOutcome } from "@kinesis-connectors/core";

import type { KinesisAccess } from "../../kinesis/kinesis-access.js";
import type { StreamFacts } from "../../reading/shard-sources.js";
import type { EngineRun, ShardEngines } from "../shard-engines.js";
import { EngineThread } from "./engine-thread.js";
import { distantLogger, type LogLine } from "./log-lines.js";
import type { ThreadSetup } from "./messages.js";
import { watchThreads } from "./thread-watch.js";

/** Options of the threads of a connector. */
export interface ThreadPoolOptions {
  readonly threads: number;
  readonly setup: Omit<ThreadSetup, "facts" | "maxReadAheadBytes" | "logsToMain">;
  /** Of all threads together. */
  readonly maxReadAheadBytes: number;
  readonly failoverTimeMs: number;
  readonly clock: Clock;
  /** The caller's logger; without one, lines go to the pipeline's own, in the thread. */
  readonly logger: Logger | undefined;
  readonly onWireFallback: () => void;
  /** A thread has not got to its messages for so long. */
  readonly onBlocked: (lateMs: number, thread: number) => void;
}

/** Engines in threads of their own: each imports the pipeline's module, and has its own destinations, client and share of the memory. */
export class ThreadPool implements ShardEngines {
  readonly logger: Logger;
  readonly #options: ThreadPoolOptions;
  readonly #broken = new AbortController();
  readonly #endWatch: (() => Promise<void>)[] = [];
  readonly #threads: EngineThread[] = [];
  /** Lines of the connector for the pipeline's logger, until there is a pipeline. */
  readonly #early: LogLine[] = [];
  #isOpen = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.logger = options.logger ?? distantLogger((line) => this.#write(line));
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  get readAheadBytes(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.readAheadBytes, 0);
  }

  async open(access: KinesisAccess, facts: StreamFacts, signal: AbortSignal): Promise<void> {
    const { threads, clock, failoverTimeMs, onBlocked } = this.#options;
    for (let index = 0; index < threads; index += 1) this.#threads.push(this.#start(index, access, facts));
    const abort = (): void => {
      for (const thread of this.#threads) thread.abortOpening(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.all(this.#threads.map((thread) => thread.opened));
      signal.throwIfAborted();
    } catch (thrown) {
      // Whoever gave the start up gets his own reason back, and not what came of it in a thread.
      signal.throwIfAborted();
      throw thrown;
    } finally {
      signal.removeEventListener("abort", abort);
    }
    this.#isOpen = true;
    for (const line of this.#early.splice(0)) this.#write(line);
    const watch = watchThreads({ clock, failoverTimeMs, threads: this.#threads, onBlocked });
    this.#endWatch.push(() => watch.stop());
  }

  /** In the thread with the fewest shards. */
  async run(run: EngineRun): Promise<ShardOutcome> {
    this.#broken.signal.throwIfAborted();
    const [first, ...others] = this.#threads;
    if (first === undefined) throw new Error("engines run after they were opened");
    const least = others.reduce((best, thread) => (thread.load < best.load ? thread : best), first);
    return await least.run(run);
  }

  async close(limitMs: number): Promise<void> {
    for (const end of this.#endWatch.splice(0)) await end();
    this.#isOpen = false;
    const failures = await Promise.all(this.#threads.map((thread) => thread.close(limitMs)));
    const failure = failures.find((each) => each !== undefined);
    if (failure !== undefined) throw asError(failure);
  }

  #start(index: number, { credentials }: KinesisAccess, facts: StreamFacts): EngineThread {
    const { threads, setup, maxReadAheadBytes, clock, logger, onWireFallback } = this.#options;
    return new EngineThread({
      name: `thread ${index + 1} of ${threads}`,
      setup: {
        ...setup,
        facts,
        maxReadAheadBytes: Math.max(1, Math.floor(maxReadAheadBytes / threads)),
        logsToMain: logger !== undefined,
      },
      clock,
      credentials,
      logger: this.logger,
      onWireFallback,
      onLost: (error) => this.#broken.abort(error),
    });
  }

  #write(line: LogLine): void {
    if (this.#isOpen) this.#threads[0]?.log(line);
    else this.#early.push(line);
  }
}
