import type { ShardEvent } from "@kinesis-connectors/core";

import type { WorkerEvent } from "./worker/worker-events.js";
import type { ReadEvent } from "./reading/read-events.js";

/** Events of the connector as a whole. */
export type LifeEvent =
  | {
      readonly type: "connector-start";
      readonly application: string;
      readonly stream: string;
      readonly ownerId: string;
    }
  | { readonly type: "connector-stop"; readonly error?: Error }
  /** Kinesis answered AWS-CBOR with JSON; with `wireFormat: "auto"` this client speaks JSON from now on, which costs more CPU. */
  | { readonly type: "wire-fallback"; readonly wireFormat: "json" };

/** Everything that a connector tells: about itself, its leases, its reading, and the engine of each shard. */
export type ConnectorEvent = LifeEvent | WorkerEvent | ReadEvent | ShardEvent;

/** The number of events that a slow listener did not get to see, told before the next one that it does see. */
export interface EventsDropped {
  readonly type: "events-drop";
  readonly count: number;
}

// A connector of a thousand shards tells a few thousand things per second at most; a listener that is further behind than this
// wants the newest.
const MAX_WAITING = 10_000;

/**
 * Hands events to those who iterate, each at its own speed. Nobody iterates: nothing is kept. A slow one: the oldest are dropped and
 * counted, so memory stays bounded.
 */
export class EventFeed {
  readonly #listeners = new Set<Listener>();
  #ended: { readonly error: Error | undefined } | undefined;

  publish(event: ConnectorEvent): void {
    for (const listener of this.#listeners) listener.offer(event);
  }

  /** Ends every iteration after what is waiting; with the error where there is one. */
  end(error: Error | undefined): void {
    this.#ended = { error };
    for (const listener of this.#listeners) listener.wake();
  }

  async *listen(): AsyncGenerator<ConnectorEvent | EventsDropped, void> {
    const listener = new Listener();
    this.#listeners.add(listener);
    try {
      for (;;) {
        const event = listener.take();
        if (event !== undefined) {
          yield event;
        } else if (this.#ended === undefined) {
          await listener.arrival();
        } else if (this.#ended.error === undefined) {
          return;
        } else {
          throw this.#ended.error;
        }
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
}

class Listener {
  #waiting: (ConnectorEvent | undefined)[] = [];
  /** How many at the front of `#waiting` have been taken or dropped. */
  #gone = 0;
  #dropped = 0;
  #wake: (() => void) | undefined;

  offer(event: ConnectorEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length - this.#gone > MAX_WAITING) {
      this.#next();
      this.#dropped += 1;
    }
    this.wake();
  }

  take(): ConnectorEvent | EventsDropped | undefined {
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      return { type: "events-drop", count };
    }
    return this.#next();
  }

  arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #next(): ConnectorEvent | undefined {
    const event = this.#waiting[this.#gone];
    if (event === undefined) return undefined;
    this.#waiting[this.#gone] = undefined;
    this.#gone += 1;
    // Moving the array's front each time would cost its whole length; half of it empty is soon enough.
    if (this.#gone * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#gone);
      this.#gone = 0;
    }
    return event;
  }
}
