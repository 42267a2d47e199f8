import type { Clock, Timer } from "@kinesis-connectors/core";

/** A stamp that a timer renews: its age is how long the event loop has not got round to its timers. */
export class LoopStamp {
  readonly #clock: Clock;
  readonly #periodMs: number;
  #stampedMs: number;
  #timer: Timer | undefined;

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#stampedMs = clock.monotonicNow();
    this.#next();
  }

  /** Milliseconds since the event loop came round last. */
  ageMs(): number {
    return this.#clock.monotonicNow() - this.#stampedMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #next(): void {
    this.#timer = this.#clock.setTimer(this.#periodMs, () => {
      this.#stampedMs = this.#clock.monotonicNow();
      this.#next();
    });
  }
}
