import {
  DescribeStreamConsumerCommand,
  RegisterStreamConsumerCommand,
  type SubscribeToShardEvent,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { CallError } from "../world/call-error.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";
import type { Operation } from "../world/service-client.js";
import type { SimProcess } from "../world/sim-process.js";
import type { SimShard } from "./sim-stream.js";

/** The service ends a subscription after 5 minutes; here sooner, so that it happens. */
const LIFE_MS = { from: 2_000, to: 12_000 };
/** SubscribeToShard, API reference: a second call within 5 seconds of a successful one is refused, a later one takes over. */
const TAKE_OVER_MS = 5_000;
/** How often the service looks for something to send, and how often it sends an event without records. */
const LOOK_MS = 250;
const IDLE_MS = 1_000;

/** One member of the event stream, as the SDK hands it over. */
interface Member {
  readonly SubscribeToShardEvent: SubscribeToShardEvent;
}

type Step = IteratorResult<Member, undefined>;

/** Where the records of a subscription come from. */
export interface SubscriptionSource {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly shardNamed: (shardId: string) => SimShard;
  /** The next event after a place, and the place after it; undefined when there is nothing to send. */
  readonly eventAt: (
    shard: SimShard,
    place: number,
  ) => { readonly event: SubscribeToShardEvent; readonly next: number; readonly isEmpty: boolean };
  readonly placeOf: (
    shard: SimShard,
    position: SubscribeToShardCommand["input"]["StartingPosition"],
  ) => number;
  /** Of a subscription that breaks in the middle. */
  readonly breaks: () => number;
}

/** Enhanced fan-out: the one registered consumer, and its subscriptions. */
export class SimSubscriptions {
  readonly #source: SubscriptionSource;
  readonly #open = new Map<string, SimSubscription>();
  #isRegistered = false;
  #activeFromMs = 0;

  constructor(source: SubscriptionSource) {
    this.#source = source;
  }

  /** What a command of fan-out does when it arrives; undefined for other commands. */
  operation(command: unknown, process: SimProcess, signal: AbortSignal | undefined): Operation | undefined {
    if (command instanceof DescribeStreamConsumerCommand)
      return {
        name: "DescribeStreamConsumer",
        about: "",
        apply: () => ({ ConsumerDescription: this.#consumer() }),
      };
    if (command instanceof RegisterStreamConsumerCommand)
      return {
        name: "RegisterStreamConsumer",
        about: "",
        apply: () => {
          if (this.#isRegistered) throw new CallError("ResourceInUseException", 400);
          this.#isRegistered = true;
          this.#activeFromMs = this.#source.scheduler.nowMs + 700;
          return { Consumer: this.#consumer() };
        },
      };
    if (!(command instanceof SubscribeToShardCommand)) return undefined;
    const { ShardId = "", StartingPosition } = command.input;
    return {
      name: "SubscribeToShard",
      about: `${ShardId} ${StartingPosition?.Type} ${StartingPosition?.SequenceNumber ?? ""}`,
      apply: () => this.#subscribe(ShardId, StartingPosition, process, signal),
    };
  }

  #consumer(): object {
    if (!this.#isRegistered) throw new CallError("ResourceNotFoundException", 400);
    const isActive = this.#source.scheduler.nowMs >= this.#activeFromMs;
    return { ConsumerARN: "arn:consumer", ConsumerStatus: isActive ? "ACTIVE" : "CREATING" };
  }

  #subscribe(
    shardId: string,
    position: SubscribeToShardCommand["input"]["StartingPosition"],
    process: SimProcess,
    signal: AbortSignal | undefined,
  ): object {
    const shard = this.#source.shardNamed(shardId);
    const { nowMs } = this.#source.scheduler;
    const earlier = this.#open.get(shardId);
    if (earlier !== undefined && nowMs - earlier.startedMs < TAKE_OVER_MS)
      throw new CallError("ResourceInUseException", 400);
    const place = this.#source.placeOf(shard, position);
    earlier?.end();
    const subscription = new SimSubscription(this.#source, process, shard, place, signal);
    this.#open.set(shardId, subscription);
    return { EventStream: subscription };
  }
}

/** One subscription: events are made as they are asked for, which is how the connection's flow control looks from here. */
class SimSubscription implements AsyncIterableIterator<Member, undefined> {
  readonly startedMs: number;
  readonly #source: SubscriptionSource;
  readonly #process: SimProcess;
  readonly #shard: SimShard;
  readonly #endsMs: number;
  #place: number;
  #isOver = false;
  #waiting: { readonly give: (step: Step) => void; readonly fail: (error: Error) => void } | undefined;

  constructor(
    source: SubscriptionSource,
    process: SimProcess,
    shard: SimShard,
    place: number,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#process = process;
    this.#shard = shard;
    this.#place = place;
    this.startedMs = source.scheduler.nowMs;
    this.#endsMs = this.startedMs + source.random.between(LIFE_MS.from, LIFE_MS.to);
    const abort = (): void => {
      this.#isOver = true;
      this.#fail(new CallError("AbortError", undefined));
    };
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  }

  /** Another subscription took the shard over, or the service closes this one. */
  end(): void {
    this.#isOver = true;
    this.#deliver({ done: true, value: undefined });
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#waiting = { give: resolve, fail: reject };
      if (this.#isOver) this.#deliver({ done: true, value: undefined });
      else this.#look(0);
    });
  }

  return(): Promise<Step> {
    this.#isOver = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #look(waitedMs: number): void {
    const { scheduler, random, eventAt, breaks } = this.#source;
    scheduler.after(random.between(1, LOOK_MS), undefined, () => {
      if (this.#isOver || this.#waiting === undefined) return;
      if (scheduler.nowMs >= this.#endsMs) {
        this.end();
        return;
      }
      if (random.chance(breaks())) {
        this.#isOver = true;
        scheduler.after(1, this.#process, () => this.#fail(new CallError("InternalFailureException", 500)));
        return;
      }
      const { event, next, isEmpty } = eventAt(this.#shard, this.#place);
      if (isEmpty && waitedMs < IDLE_MS) {
        this.#look(waitedMs + LOOK_MS);
        return;
      }
      this.#place = next;
      if (event.ContinuationSequenceNumber === undefined) this.#isOver = true;
      this.#deliver({ done: false, value: { SubscribeToShardEvent: event } });
    });
  }

  #deliver(step: Step): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    this.#source.scheduler.after(this.#source.random.between(1, 20), this.#process, () => waiting.give(step));
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.fail(error);
  }
}
