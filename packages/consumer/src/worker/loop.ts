import { asError, type Clock, type Timer } from "@kinesis-connectors/core";

export interface LoopOptions {
  readonly clock: Clock;
  readonly firstDelayMs: number;
  /** The pause until the next step; asked before each, so that it can vary. */
  readonly delayMs: () => number;
  /** `rate`: steps begin every `delayMs`, late ones at once and missed ones never. `delay`: the pause follows the end of a step. */
  readonly kind: "rate" | "delay";
  readonly step: () => Promise<void> | void;
  /** A step that failed; the loop goes on. */
  readonly failed: (error: Error) => void;
}

/** A step that is repeated by a timer of the injected clock; steps never overlap. */
export class Loop {
  readonly #options: LoopOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #dueMs: number;
  #again = false;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#dueMs = options.clock.monotonicNow() + options.firstDelayMs;
    this.#schedule();
  }

  /** Runs the next step now, or right after the one that is running. */
  runSoon(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#dueMs = this.#options.clock.monotonicNow();
    this.#schedule();
  }

  /** No step begins any more; resolves when the one that is running has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    this.#timer = clock.setTimer(Math.max(0, this.#dueMs - clock.monotonicNow()), () => {
      this.#running = this.#step();
    });
  }

  async #step(): Promise<void> {
    const { clock, step, failed, kind, delayMs } = this.#options;
    try {
      await step();
    } catch (thrown) {
      failed(asError(thrown));
    }
    this.#running = undefined;
    if (this.#stopped) return;
    const nowMs = clock.monotonicNow();
    if (this.#again) {
      this.#again = false;
      this.#dueMs = nowMs;
    } else {
      this.#dueMs = kind === "rate" ? Math.max(nowMs, this.#dueMs + delayMs()) : nowMs + delayMs();
    }
    this.#schedule();
  }
}
