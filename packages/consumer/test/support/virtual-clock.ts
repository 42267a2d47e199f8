import type { Clock, Timer } from "@kinesis-connectors/core";

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Time that passes only when told to, for one or several processes; a process can be paused and its wall clock moved. */
export class VirtualClock {
  #nowMs = 0;
  readonly #waiting = new Set<Waiting>();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The clock of one process. */
  process(): ProcessClock {
    return new ProcessClock(this);
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const waiting = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#waiting.add(waiting);
    return { cancel: () => this.#waiting.delete(waiting) };
  }

  /** Lets `ms` milliseconds pass; between timers, everything that can go on does. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      let next: Waiting | undefined;
      for (const waiting of this.#waiting)
        if (waiting.dueMs <= endMs && (next === undefined || waiting.dueMs < next.dueMs)) next = waiting;
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = endMs;
    await settle();
  }

  /** Lets time pass until the promise settles; fails after an hour. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { isSettled: false };
    const finish = (): void => {
      state.isSettled = true;
    };
    promise.then(finish, finish);
    for (let passedMs = 0; !state.isSettled; passedMs += 50) {
      if (passedMs > 3_600_000) throw new Error("a promise did not settle within an hour of virtual time");
      await this.advance(50);
    }
    return await promise;
  }
}

/** What one process sees of the time: it can be stopped (SIGSTOP), and its wall clock can be wrong. */
export class ProcessClock implements Clock {
  readonly #time: VirtualClock;
  readonly #held: (() => void)[] = [];
  #isPaused = false;
  wallShiftMs = 1_767_225_600_000;

  constructor(time: VirtualClock) {
    this.#time = time;
  }

  readonly now = (): number => this.#time.nowMs + this.wallShiftMs;

  readonly monotonicNow = (): number => this.#time.nowMs;

  readonly setTimer = (delayMs: number, callback: () => void): Timer => {
    let isCancelled = false;
    const fire = (): void => {
      if (!isCancelled) callback();
    };
    const timer = this.#time.setTimer(delayMs, () => {
      if (this.#isPaused) this.#held.push(fire);
      else fire();
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  };

  /** No timer of the process fires and no answer reaches it; time goes on. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The process goes on: what fell due meanwhile happens now, in order. */
  resume(): void {
    this.#isPaused = false;
    for (const fire of this.#held.splice(0)) fire();
  }

  /** The same as Node does it: what each timer sets off by promises happens before the next timer fires. */
  async resumeByTurns(): Promise<void> {
    this.#isPaused = false;
    for (let fire = this.#held.shift(); fire !== undefined; fire = this.#held.shift()) {
      fire();
      await settle();
    }
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Resolves at once, or when the process goes on. */
  running(): Promise<void> {
    if (!this.#isPaused) return Promise.resolve();
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
