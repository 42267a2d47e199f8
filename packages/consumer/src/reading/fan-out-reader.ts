import {
  KinesisConnectorError,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "@kinesis-connectors/core";

import type { FanOut } from "./fan-out-consumer.js";
import { type Arrival, type FanOutConsumer, Subscription } from "./fan-out-subscription.js";
import {
  isKind,
  type IteratorPosition,
  KinesisCallError,
  type SubscriptionEvent,
} from "../kinesis/kinesis-api.js";
import { DoubtfulEnd, isConsistent } from "./doubtful-end.js";
import { polling, pollingSource } from "./polling-reader.js";
import { isStreamThere, positionRefused, ReadFailures } from "./read-failures.js";
import { PageRefused, ReadPosition } from "./read-position.js";
import type { ReaderContext } from "./reader-context.js";

/** The source of one shard, read by subscriptions. */
export function fanOutSource(
  context: ReaderContext,
  consumer: FanOutConsumer,
  options: Pick<FanOut, "fallback">,
): ShardSource {
  return { open: (start) => new FanOutReader(context, consumer, options, start) };
}

// A subscription that is not accepted by then never will be.
const ACCEPT_MS = 30_000;

const NO_RECORDS: RecordPage = { records: [], bytes: 0 };

class FanOutReader implements ShardReader {
  readonly #context: ReaderContext;
  readonly #consumer: FanOutConsumer;
  readonly #options: Pick<FanOut, "fallback">;
  readonly #start: StartPosition;
  readonly #position: ReadPosition;
  readonly #failures: ReadFailures;
  readonly #end: DoubtfulEnd;
  #subscription: Subscription | undefined;
  /** Wall time at which the subscription was asked for. */
  #subscribedMs = 0;
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
    this.#position = new ReadPosition(context, "SubscribeToShard", start);
    this.#failures = new ReadFailures(context);
    this.#end = new DoubtfulEnd(context);
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
        if (error instanceof PageRefused) this.#continuation = undefined;
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
    if (arrival.type === "event") return this.#accept(arrival.event, signal);
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

  async #accept(event: SubscriptionEvent, signal: AbortSignal): Promise<RecordPage | undefined> {
    let { childShards } = event;
    const continuation = { nextIterator: event.continuationSequenceNumber, childShards };
    if (isConsistent(continuation)) this.#end.believed();
    else {
      const verdict = await this.#end.judge(continuation, signal);
      // Not believed, and nothing of it taken: a new subscription goes on after the last event that was.
      if (verdict.type === "again")
        throw new KinesisCallError(
          "SubscribeToShard",
          "transient",
          "an event contradicts itself about the shard's end",
        );
      childShards = verdict.type === "ended" ? verdict.childShards : undefined;
    }
    // An event may have waited on the connection for a slow reader: that it was sent after the subscription began is all one knows.
    const page = await this.#position.accept(event, this.#subscribedMs, childShards !== undefined);
    this.#continuation = event.continuationSequenceNumber;
    this.#hasHeard = true;
    this.#failures.succeeded();
    if (childShards === undefined) return page;
    this.#drop();
    return { ...page, shardEnd: { childShards } };
  }

  async #subscribe(signal: AbortSignal): Promise<Subscription | "gone" | undefined> {
    const { api, stream, shardId, observe, clock } = this.#context;
    // The continuation says nothing of what retention has taken away since; beginning AT the last record does.
    const position: IteratorPosition =
      this.#continuation === undefined || this.#position.isNearHorizon
        ? this.#position.begin()
        : { type: "after-sequence-number", sequenceNumber: this.#continuation };
    const connection = new AbortController();
    // Until it is accepted the caller's signal ends it too; afterwards only we do, because the next call has another signal.
    const abort = (): void => connection.abort();
    signal.addEventListener("abort", abort, { once: true });
    const timer = clock.setTimer(ACCEPT_MS, abort);
    const consumerArn = this.#consumer.arn;
    this.#subscribedMs = clock.now();
    try {
      const events = await api.subscribeToShard(consumerArn, shardId, position, connection.signal);
      observe({ type: "subscription-start", stream, shardId, consumerArn });
      const subscription = new Subscription(events, connection);
      this.#consumer.replace(shardId, subscription);
      return subscription;
    } catch (error) {
      connection.abort();
      if (signal.aborted) return undefined;
      const failure = isKind(error, "invalid-argument")
        ? positionRefused(this.#context, position, error, this.#failures.attempt)
        : error;
      if (KinesisConnectorError.isInstance(failure)) throw failure;
      return (await this.#isGone(failure, signal)) ? "gone" : undefined;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    }
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
      const end = this.#position.scannedEnd;
      this.#fallback = pollingSource(this.#context, polling()).open(
        end === undefined ? this.#start : { type: "after", position: end },
      );
    }
  }

  async #endWithoutChildren(signal: AbortSignal): Promise<RecordPage> {
    await isStreamThere(this.#context, signal);
    const page = await this.#position.accept(
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
