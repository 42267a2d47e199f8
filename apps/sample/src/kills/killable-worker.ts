import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { WorkerMessage } from "./worker-process.js";

/** A worker process, and what it said. */
export class KillableWorker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #lastWords = "";
  #isExpectedToEnd = false;
  #failure: Error | undefined;

  constructor(program: URL, setup: object, heard: (message: WorkerMessage) => void) {
    this.#child = fork(fileURLToPath(program), [JSON.stringify(setup)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    // Not its exit: what it said last may come after that.
    this.#ended = once(this.#child, "close");
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#lastWords = `${this.#lastWords}${chunk.toString()}`.slice(-4_000);
    });
    this.#child.on("message", (message) => {
      heard(message as WorkerMessage);
      this.#wake();
    });
    this.#child.on("close", (code, signal) => {
      if (!this.#isExpectedToEnd || (signal === null && code !== 0))
        this.#failure = new Error(`the worker ended by itself (${signal ?? code}): ${this.#lastWords}`);
      this.#wake();
    });
  }

  /**
   * Waits until something is so; it is looked at after each message.
   * @throws the signal's reason; when the worker ends by itself, or says nothing for `patienceMs`
   */
  async until(isSo: () => boolean, patienceMs: number, signal: AbortSignal): Promise<void> {
    while (!isSo()) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure;
      if (!(await this.#next(patienceMs, signal)))
        throw new Error(`the worker said nothing for ${patienceMs / 1000} s: ${this.#lastWords}`);
    }
  }

  /** What it is waited for may have come about by another worker. */
  look(): void {
    this.#wake();
  }

  /** Ends the process at once, in whatever it is doing. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Lets it end what it began. */
  async stop(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#child.kill("SIGTERM");
    await this.#ended;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Whether anything was heard in time. */
  #next(patienceMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isHeard: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(heard);
        signal.removeEventListener("abort", heard);
        resolve(isHeard);
      };
      const heard = (): void => settle(true);
      const timer = setTimeout(() => settle(false), patienceMs);
      this.#waiting.add(heard);
      signal.addEventListener("abort", heard, { once: true });
    });
  }
}
