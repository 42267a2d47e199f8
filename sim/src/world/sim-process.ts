import type { Clock, Random } from "@kinesis-connectors/core";
import { SeededRandom } from "./random.js";
import type { Scheduler } from "./scheduler.js";

/** The wall-clock time at which every simulation begins. */
export const BEGINNING_MS: number = Date.UTC(2026, 0, 1);

/**
 * A process that can crash and be stopped in the middle. Its clock and randomness are its own; the wall clock may jump, the monotonic
 * one goes on while the process is paused, as under SIGSTOP.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly #scheduler: Scheduler;
  readonly #held: (() => void)[] = [];
  /** Its connector has said that it is over: from now on nothing of it may ask anybody for anything. */
  isOver = false;
  #isDead = false;
  #isPaused = false;
  #wallShiftMs = 0;
  #jumpedMs = 0;
  #resumedMs = 0;

  constructor(name: string, scheduler: Scheduler, seed: number) {
    this.name = name;
    this.#scheduler = scheduler;
    this.random = new SeededRandom(seed, 7);
    const startedMs = new SeededRandom(seed, 8).between(1, 1_000_000);
    this.clock = {
      now: () => BEGINNING_MS + scheduler.nowMs + this.#wallShiftMs,
      monotonicNow: () => startedMs + scheduler.nowMs,
      setTimer: (delayMs, callback) => scheduler.after(delayMs, this, callback),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Nothing of it happens any more: its timers and the answers to it are dropped, so what it awaits never settles. */
  crash(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#held.length = 0;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on with everything that came meanwhile, in an order drawn from the seed. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#resumedMs = this.#scheduler.nowMs;
    for (const run of this.#held.splice(0)) this.#scheduler.after(0, this, run);
  }

  hold(run: () => void): void {
    this.#held.push(run);
  }

  /** When it last went on after a pause, in virtual milliseconds. */
  get resumedMs(): number {
    return this.#resumedMs;
  }

  /** How far its wall clock is off. */
  get wallShiftMs(): number {
    return this.#wallShiftMs;
  }

  /** When its wall clock last jumped, in virtual milliseconds. */
  get jumpedMs(): number {
    return this.#jumpedMs;
  }

  jumpWallClock(byMs: number): void {
    this.#jumpedMs = this.#scheduler.nowMs;
    this.#wallShiftMs += byMs;
  }
}
