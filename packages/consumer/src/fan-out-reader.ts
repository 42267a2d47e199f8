import {
  type Clock,
  KinesisConnectorError,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "@kinesis-connectors/core";

import type { FanOut } from "./fan-out-consumer.js";
import { isKind, type IteratorPosition, KinesisCallError, type SubscriptionEvent } from "./kinesis-api.js";
import { isConsistent, polling, pollingSource } from "./polling-reader.js";
import { isStreamThere, ReadFailures, refused, streamMissing } from "./read-failures.js";
import { ReadPlace } from "./read-place.js";
import type { ReaderContext } from "./reader-context.js";

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

/** The source of one shard, read by subscriptions. */
export function fanOutSource(
  context: ReaderContext,
  consumer: FanOutConsumer,
  options: Pick<FanOut, "fallback">,
): ShardSource {
  return { open: (start) => new FanOutReader(context, consumer, options, start) };
}

// The service sends an event every few seconds even when nothing is put. A minute without one: the connection is dead (KCL 2.2.8).
const SILENCE_MS = 60_000;

// A subscription that is not accepted by then never will be.
const ACCEPT_MS = 30_000;

const NO_RECORDS: RecordPage = { records: [], bytes: 0 };

type Arrival =
  | { readonly type: "event"; readonly event: SubscriptionEvent }
  | { readonly type: "end" }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "silence" }
  | { readonly type: "abort" };

/** One accepted subscription; its events are pulled one at a time, so the connection's own flow control slows the service down. */
class Subscription {
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

class FanOutReader implements ShardReader {
  readonly #context: ReaderContext;
  readonly #consumer: FanOutConsumer;
  readonly #options: Pick<FanOut, "fallback">;
  readonly #start: StartPosition;
  readonly #place: ReadPlace;
  readonly #failures: ReadFailures;
  #subscription: Subscription | undefined;
  /** Whether the subscription has brought an event yet. */
  #hasHeard = false;
  /** Where the next subscription goes on, once the service has said so. */
  #continuation: string | undefined;
  #fallback: ShardReader | undefined;

  constructor(
    context: ReaderContext,
    consumer: FanOutConsumer,
    options: Pick<FanOut, "fallback">,
    start: StartPosition,
  ) {
    this.#context = context;
    this.#consumer = consumer;
    this.#options = options;
    this.#start = start;
    this.#place = new ReadPlace(context, start);
    this.#failures = new ReadFailures(context);
  }

  readonly next = async (signal: AbortSignal): Promise<RecordPage> => {
    while (!signal.aborted) {
      if (this.#fallback !== undefined) return this.#fallback.next(signal);
      try {
        const page = await this.#read(signal);
        if (page !== undefined) return page;
      } catch (error) {
        this.#drop();
        if (signal.aborted) break;
        if (KinesisConnectorError.isInstance(error)) throw error;
        await this.#failures.waitOut(error, signal);
      }
    }
    return NO_RECORDS;
  };

  readonly close = async (): Promise<void> => {
    this.#drop();
    await this.#fallback?.close();
  };

  /** One event; undefined when there was none and the loop goes round. */
  async #read(signal: AbortSignal): Promise<RecordPage | undefined> {
    const { clock } = this.#context;
    if (this.#subscription === undefined) {
      const opened = await this.#subscribe(signal);
      if (opened === "gone") return this.#endWithoutChildren(signal);
      if (opened === undefined) return undefined;
      this.#subscription = opened;
      this.#hasHeard = false;
    }
    const arrival = await this.#subscription.next(clock, signal);
    if (arrival.type === "event") return this.#accept(arrival.event);
    if (arrival.type === "abort") return undefined;
    this.#ended(arrival);
    if (arrival.type === "error") {
      return (await this.#isGone(arrival.error, signal)) ? this.#endWithoutChildren(signal) : undefined;
    }
    // Usually the 5 minutes, and the next subscription begins at once. One that ends before it said anything, or falls silent, is
    // followed more and more slowly.
    if (arrival.type === "silence") await this.#failures.again(interrupted("no event for a minute"), signal);
    else if (!this.#hasHeard)
      await this.#failures.again(interrupted("it ended before its first event"), signal);
    return undefined;
  }

  async #accept(event: SubscriptionEvent): Promise<RecordPage | undefined> {
    const { stream, shardId, observe, clock } = this.#context;
    if (!isConsistent({ nextIterator: event.continuationSequenceNumber, childShards: event.childShards })) {
      // Not believed, and nothing of it taken: a new subscription goes on after the last event that was.
      observe({ type: "shard-end-doubt", stream, shardId });
      throw new KinesisCallError(
        "SubscribeToShard",
        "transient",
        "an event contradicts itself about the shard's end",
      );
    }
    const page = await this.#place.accept(event, clock.now(), event.childShards !== undefined);
    this.#continuation = event.continuationSequenceNumber;
    this.#hasHeard = true;
    this.#failures.succeeded();
    if (event.childShards === undefined) return page;
    this.#drop();
    return { ...page, shardEnd: { childShards: event.childShards } };
  }

  async #subscribe(signal: AbortSignal): Promise<Subscription | "gone" | undefined> {
    const { api, stream, shardId, observe, clock } = this.#context;
    const position: IteratorPosition =
      this.#continuation === undefined
        ? this.#place.begin()
        : { type: "after-sequence-number", sequenceNumber: this.#continuation };
    const connection = new AbortController();
    // Until it is accepted the caller's signal ends it too; afterwards only we do, because the next call has another signal.
    const abort = (): void => connection.abort();
    signal.addEventListener("abort", abort, { once: true });
    const timer = clock.setTimer(ACCEPT_MS, abort);
    const consumerArn = this.#consumer.arn;
    try {
      const events = await api.subscribeToShard(consumerArn, shardId, position, connection.signal);
      observe({ type: "subscription-start", stream, shardId, consumerArn });
      const subscription = new Subscription(events, connection);
      this.#consumer.replace(shardId, subscription);
      return subscription;
    } catch (error) {
      connection.abort();
      if (signal.aborted) return undefined;
      if (
        isKind(error, "invalid-argument") &&
        position.type !== "trim-horizon" &&
        position.type !== "latest"
      ) {
        throw this.#refusedPlace(position, error);
      }
      return (await this.#isGone(error, signal)) ? "gone" : undefined;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  #refusedPlace(position: IteratorPosition, error: KinesisCallError): Error {
    const { stream, shardId } = this.#context;
    return position.type === "at-timestamp"
      ? refused(stream, shardId, error)
      : streamMissing(
          stream,
          `has no place for the checkpoint of ${shardId}: it is another stream of the same name, deleted and created again. ` +
            "Delete the lease table, or name another application, to read it from the start",
          error,
        );
  }

  /**
   * What a failed subscription means: true when the shard is gone from the stream. Waits or registers again where that helps.
   */
  async #isGone(error: unknown, signal: AbortSignal): Promise<boolean> {
    // Another subscription of this consumer is still counted, for up to 5 s after it ended.
    if (isKind(error, "in-use")) {
      await this.#failures.pause(error, signal);
      return false;
    }
    if (!isKind(error, "not-found")) {
      await this.#failures.waitOut(error, signal);
      return false;
    }
    await isStreamThere(this.#context, signal);
    if (await this.#isShardListed(signal)) {
      await this.#registerAgain(error, signal);
      return false;
    }
    return true;
  }

  /** The consumer or the shard: the service says "not found" for both. */
  async #isShardListed(signal: AbortSignal): Promise<boolean> {
    const { api, shardId } = this.#context;
    try {
      await api.getShardIterator(shardId, { type: "trim-horizon" }, signal);
      return true;
    } catch (error) {
      if (isKind(error, "not-found")) return false;
      throw error;
    }
  }

  async #registerAgain(error: KinesisCallError, signal: AbortSignal): Promise<void> {
    const { stream, shardId, observe } = this.#context;
    try {
      // Counted as a failure, so that a consumer that vanishes again and again is registered more and more slowly.
      await this.#failures.again(error, signal);
      if (signal.aborted) return;
      this.#consumer.arn = await this.#consumer.register(signal);
    } catch (failure) {
      if (signal.aborted) return;
      if (this.#options.fallback !== "polling" || !(failure instanceof Error)) throw failure;
      observe({ type: "fan-out-fallback", stream, shardId, error: failure });
      const end = this.#place.scannedEnd;
      this.#fallback = pollingSource(this.#context, polling()).open(
        end === undefined ? this.#start : { type: "after", position: end },
      );
    }
  }

  async #endWithoutChildren(signal: AbortSignal): Promise<RecordPage> {
    await isStreamThere(this.#context, signal);
    const page = await this.#place.accept(
      { records: [], millisBehindLatest: undefined },
      this.#context.clock.now(),
      true,
    );
    return { ...page, shardEnd: { childShards: [] } };
  }

  #ended(arrival: Exclude<Arrival, { type: "event" | "abort" }>): void {
    this.#drop();
    const { stream, shardId, observe } = this.#context;
    const error = arrival.type === "error" && arrival.error instanceof Error ? { error: arrival.error } : {};
    observe({ type: "subscription-end", stream, shardId, reason: arrival.type, ...error });
  }

  #drop(): void {
    if (this.#subscription !== undefined) {
      this.#consumer.drop(this.#context.shardId, this.#subscription);
    }
    this.#subscription = undefined;
  }
}

function interrupted(how: string): KinesisCallError {
  return new KinesisCallError("SubscribeToShard", "transient", `the subscription was interrupted: ${how}`);
}
