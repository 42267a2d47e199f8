import { nextTick } from "node:process";
import { EventQueue, type QueuedEvent } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

/** Whose an event is: it is dropped when that process has crashed, and held while it is paused. */
export interface EventOwner {
  readonly isDead: boolean;
  readonly isPaused: boolean;
  readonly hold: (run: () => void) => void;
}

interface SimEvent extends QueuedEvent {
  readonly owner: EventOwner | undefined;
  isCancelled: boolean;
  readonly run: () => void;
}

/** An event that may still be taken back. */
export interface Scheduled {
  readonly cancel: () => void;
}

/**
 * Virtual time: one queue of events, drawn in the order of their moments and, within a moment, in an order drawn from the seed.
 * After each event every promise that it settled is followed to its end before the next event begins, so nothing depends on the
 * machine: no timer of Node, no I/O.
 */
export class Scheduler {
  readonly #queue = new EventQueue<SimEvent>();
  readonly #random: SeededRandom;
  #nowMs = 0;
  #lastId = 0;
  #eventCount = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Whole milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Has `run` happen after a delay; as an event of `owner`, or of the world when there is none. */
  after(delayMs: number, owner: EventOwner | undefined, run: () => void): Scheduled {
    this.#lastId += 1;
    const event: SimEvent = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      tieBreak: this.#random.between(0, 0xffff),
      id: this.#lastId,
      owner,
      isCancelled: false,
      run,
    };
    this.#queue.push(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  /** Lets events happen until `isOver` says so, the moment `untilMs` has come, or none is left. Resolves with whether `isOver` did. */
  async runUntil(untilMs: number, isOver: () => boolean): Promise<boolean> {
    while (!isOver()) {
      const event = this.#queue.pop();
      if (event === undefined) return false;
      if (event.atMs > untilMs) {
        this.#queue.push(event);
        this.#nowMs = untilMs;
        return false;
      }
      if (event.isCancelled || event.owner?.isDead === true) continue;
      this.#nowMs = event.atMs;
      if (event.owner?.isPaused === true) {
        event.owner.hold(() => {
          if (!event.isCancelled) event.run();
        });
        continue;
      }
      this.#eventCount += 1;
      event.run();
      await settled();
    }
    return true;
  }
}

/**
 * Resolves when no promise job is left. Node takes a job from the queue of `nextTick` only when the queue of promise jobs has run
 * empty, provided that it was put there by a promise job: hence the two steps. It costs a fraction of a turn of the event loop.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => nextTick(resolve));
  });
}
