import type { Clock } from "@kinesis-connectors/core";

import type { SubscriptionEvent } from "../kinesis/kinesis-api.js";

// The service sends an event every few seconds even when nothing is put. A minute without one: the connection is dead (KCL 2.2.8).
const SILENCE_MS = 60_000;

/** The result of waiting for an event. */
export type Arrival =
  | { readonly type: "event"; readonly event: SubscriptionEvent }
  | { readonly type: "end" }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "silence" }
  | { readonly type: "abort" };

/** One accepted subscription; its events are pulled one at a time, so the connection's own flow control slows the service down. */
export class Subscription {
  readonly #events: AsyncIterator<SubscriptionEvent>;
  readonly #connection: AbortController;
  /** Asked for and not arrived yet; kept over an aborted wait, so that no event is lost. */
  #arriving: Promise<Arrival> | undefined;

  constructor(events: AsyncIterable<SubscriptionEvent>, connection: AbortController) {
    this.#events = events[Symbol.asyncIterator]();
    this.#connection = connection;
  }

  /** The next event, or why there is none. */
  async next(clock: Clock, signal: AbortSignal): Promise<Arrival> {
    this.#arriving ??= this.#pull();
    const arriving = this.#arriving;
    const arrival = await new Promise<Arrival>((resolve) => {
      const settle = (result: Arrival): void => {
        timer.cancel();
        signal.removeEventListener("abort", abort);
        resolve(result);
      };
      const abort = (): void => settle({ type: "abort" });
      const timer = clock.setTimer(SILENCE_MS, () => settle({ type: "silence" }));
      signal.addEventListener("abort", abort, { once: true });
      void arriving.then(settle);
      if (signal.aborted) abort();
    });
    if (arrival.type !== "abort") this.#arriving = undefined;
    return arrival;
  }

  /** Drops the connection. What is still arriving is never looked at. */
  close(): void {
    this.#connection.abort();
  }

  /** Never rejects. */
  async #pull(): Promise<Arrival> {
    try {
      const { done, value } = await this.#events.next();
      return done === true ? { type: "end" } : { type: "event", event: value };
    } catch (error) {
      return { type: "error", error };
    }
  }
}

/** The registered consumer that all shards of a connector read with. */
export class FanOutConsumer {
  /** Changes when the consumer had to be registered again. */
  arn: string;
  /** Finds the consumer or registers it again, and waits until it is ACTIVE. */
  readonly register: (signal: AbortSignal) => Promise<string>;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(arn: string, register: (signal: AbortSignal) => Promise<string>) {
    this.arn = arn;
    this.register = register;
  }

  /** How many subscriptions are open. */
  get open(): number {
    return this.#subscriptions.size;
  }

  /**
   * One subscription per shard, whoever asks (F12): a second one of the same consumer would end the first at the service, and both
   * would fill the memory until then. The newest stays, because an earlier reader of the shard has lost it.
   */
  replace(shardId: string, subscription: Subscription): void {
    this.#subscriptions.get(shardId)?.close();
    this.#subscriptions.set(shardId, subscription);
  }

  /** Closes a subscription; another one of the same shard stays. */
  drop(shardId: string, subscription: Subscription): void {
    subscription.close();
    if (this.#subscriptions.get(shardId) === subscription) this.#subscriptions.delete(shardId);
  }
}
