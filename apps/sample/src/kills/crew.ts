import { KillableWorker } from "./killable-worker.js";
import type { WorkerMessage } from "./worker-process.js";

/** Worker processes that share the shards of a stream; one that is killed is followed by another one. */
export class Crew {
  readonly #start: (nth: number) => KillableWorker;
  readonly #workers: KillableWorker[];
  /** The one that spoke last. */
  #last = 0;

  /** @param heard of each message, of whichever worker */
  constructor(size: number, program: URL, setup: object, heard: (message: WorkerMessage) => void) {
    this.#start = (nth) =>
      new KillableWorker(program, setup, (message) => {
        this.#last = nth;
        heard(message);
        // What one of them did may be what is waited for at another one.
        for (const worker of this.#workers) worker.look();
      });
    this.#workers = [];
    for (let nth = 0; nth < size; nth += 1) this.#workers.push(this.#start(nth));
  }

  /**
   * Waits until something is so; it is looked at after each message.
   * @throws the signal's reason; when a worker ends by itself, or none says anything for `patienceMs`
   */
  async until(isSo: () => boolean, patienceMs: number, signal: AbortSignal): Promise<void> {
    await Promise.race(this.#workers.map((worker) => worker.until(isSo, patienceMs, signal)));
  }

  /** Kills the worker that spoke last, and starts the one that follows it. */
  async killLast(): Promise<void> {
    const nth = this.#last;
    await this.#workers[nth]?.kill();
    this.#workers[nth] = this.#start(nth);
  }

  /** Lets all of them end what they began. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  /** Ends all of them at once. */
  async kill(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }
}
