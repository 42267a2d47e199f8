import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

/** A process to be started. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The processes of a run. None of them outlives it. */
export class Children {
  readonly #folder: string;
  readonly #running = new Map<string, ChildProcess>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a process; what it prints is in `<name>.log`. */
  start(name: string, { program, args, env }: Command): void {
    if (this.#running.has(name)) throw new Error(`${name} runs already`);
    const log = openSync(join(this.#folder, `${name}.log`), "a");
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", log, log] });
    closeSync(log);
    this.#running.set(name, child);
    child.on("exit", () => {
      if (this.#running.get(name) === child) this.#running.delete(name);
    });
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /** Sends a signal. Throws where there is no such process, since a run that goes on without one shows nothing. */
  signal(name: string, signal: NodeJS.Signals): void {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`${name} ended by itself: see ${name}.log`);
    child.kill(signal);
  }

  /** Asks a process to stop and waits for it, then kills it. Gives whether it stopped by itself. */
  async stop(name: string, limitMs: number): Promise<boolean> {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`${name} ended by itself: see ${name}.log`);
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort();
      child.kill("SIGKILL");
    }, limitMs);
    await gone;
    clearTimeout(timer);
    return !limit.signal.aborted;
  }

  /** Kills all of them. */
  async killAll(): Promise<void> {
    const all = [...this.#running.values()];
    const gone = all.map((child) => once(child, "exit"));
    for (const child of all) child.kill("SIGKILL");
    await Promise.all(gone);
  }
}
