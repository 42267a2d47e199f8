import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isShared } from "./lease-store.js";
import type { WorkerMessage, WorkerSetup } from "./protocol.js";

interface RunningWorker {
  readonly number: number;
  readonly child: ChildProcess;
  paused: boolean;
}

/** Something that a worker of the fleet said, with when it was heard. */
export type FleetEvent = WorkerMessage & { readonly worker: number; readonly atMs: number };

/** The worker processes: started, killed, paused, resumed. Only processes that were started here are ever touched, by their pid. */
export class Fleet {
  readonly #setup: WorkerSetup;
  readonly #heard: (event: FleetEvent) => void;
  readonly #workers = new Map<number, RunningWorker>();
  #started = 0;
  #failures: string[] = [];
  /** Who was killed, and when. */
  readonly deaths: { readonly worker: number; readonly atMs: number }[] = [];

  constructor(setup: WorkerSetup, heard: (event: FleetEvent) => void) {
    this.#setup = setup;
    this.#heard = heard;
  }

  /** Workers that ended by themselves, with their last words: none should. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Numbers of the workers that run and are not paused. */
  get awake(): readonly number[] {
    return [...this.#workers.values()].filter((worker) => !worker.paused).map((worker) => worker.number);
  }

  get paused(): readonly number[] {
    return [...this.#workers.values()].filter((worker) => worker.paused).map((worker) => worker.number);
  }

  /** Starts a worker; none where the lease table is for one at a time, and there is one. */
  start(): void {
    if (!isShared(this.#setup.leaseStore) && this.#workers.size > 0) return;
    this.#started += 1;
    const number = this.#started;
    const child = fork(
      fileURLToPath(new URL("worker-process.js", import.meta.url)),
      [JSON.stringify(this.#setup)],
      {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    );
    const worker: RunningWorker = { number, child, paused: false };
    this.#workers.set(number, worker);
    let lastWords = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      lastWords = `${lastWords}${chunk.toString()}`.slice(-4_000);
    });
    child.on("message", (message) => {
      this.#heard({ ...(message as WorkerMessage), worker: number, atMs: performance.now() });
    });
    // Not at its exit: what it said last may come after that.
    child.on("close", (code, signal) => {
      const known = this.#workers.delete(number);
      if (known && signal === null && code !== 0)
        this.#failures.push(`worker ${number} ended with ${code}: ${lastWords}`);
    });
  }

  /** One worker makes room for another: at once where two may run beside each other, or else when the first has ended. */
  replace(number: number): void {
    this.start();
    void this.stop(number).then(() => {
      if (!isShared(this.#setup.leaseStore)) this.start();
    });
  }

  /** Ends a worker at once, in whatever it is doing. */
  kill(number: number): void {
    const worker = this.#take(number);
    if (worker === undefined) return;
    worker.child.kill("SIGKILL");
    this.deaths.push({ worker: number, atMs: performance.now() });
  }

  /** Lets a worker stop gracefully. */
  stop(number: number): Promise<void> {
    const worker = this.#workers.get(number);
    if (worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      worker.child.once("close", () => resolve());
      worker.child.kill("SIGTERM");
    });
  }

  pause(number: number): void {
    const worker = this.#workers.get(number);
    if (worker === undefined) return;
    worker.child.kill("SIGSTOP");
    worker.paused = true;
  }

  resume(number: number): void {
    const worker = this.#workers.get(number);
    if (worker === undefined) return;
    worker.child.kill("SIGCONT");
    worker.paused = false;
  }

  async stopAll(): Promise<void> {
    for (const number of this.paused) this.resume(number);
    await Promise.all([...this.#workers.keys()].map((number) => this.stop(number)));
  }

  killAll(): void {
    for (const number of this.#workers.keys()) this.kill(number);
  }

  #take(number: number): RunningWorker | undefined {
    const worker = this.#workers.get(number);
    this.#workers.delete(number);
    return worker;
  }
}
