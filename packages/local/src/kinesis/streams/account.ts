import type { Clock, Random, Timer } from "../../clock.js";
import { inUse, invalidArgument, limitExceeded, notFound } from "../errors.js";
import { optionalText } from "../protocol/input.js";
import type { KinesisLimits } from "../limits.js";
import { Rates } from "./rates.js";
import { Stream, type RegisteredConsumer, type StreamMode } from "./stream.js";
import { Tokens } from "./tokens.js";
import type { Input } from "../protocol/values.js";

/** What an account needs from outside. */
export interface AccountOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly accountId: string;
  readonly limits: KinesisLimits;
  /** How long CREATING, UPDATING and DELETING last, milliseconds. */
  readonly transitionMs: number;
}

/** The streams of one account in one region. */
export class Account {
  readonly clock: Clock;
  readonly limits: KinesisLimits;
  readonly rates: Rates;
  readonly tokens: Tokens;
  readonly region: string;
  readonly accountId: string;
  readonly streams: Map<string, Stream> = new Map();
  readonly #random: Random;
  readonly #transitionMs: number;
  readonly #timers = new Set<Timer>();
  /** Highest creation second used under a name: a namesake's sequence numbers must not fit. */
  readonly #seconds = new Map<string, number>();

  constructor(options: AccountOptions) {
    this.clock = options.clock;
    this.limits = options.limits;
    this.region = options.region;
    this.accountId = options.accountId;
    this.rates = new Rates(options.clock, options.limits);
    this.tokens = new Tokens(options.random.hex(32));
    this.#random = options.random;
    this.#transitionMs = options.transitionMs;
  }

  /** Finishes an asynchronous operation after the transition time; at once when that is 0. */
  later(apply: () => void): void {
    if (this.#transitionMs === 0) {
      apply();
      return;
    }
    const timer = this.clock.setTimer(this.#transitionMs, () => {
      this.#timers.delete(timer);
      apply();
    });
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const stream of this.streams.values())
      for (const consumer of stream.consumers.values())
        for (const subscription of consumer.subscriptions.values()) subscription.stop();
  }

  streamArn(name: string): string {
    return `arn:aws:kinesis:${this.region}:${this.accountId}:stream/${name}`;
  }

  createStream(name: string, shardCount: number, mode: StreamMode, maxRecordKiB: number): Stream {
    if (this.streams.has(name)) throw inUse(`Stream ${name} under account ${this.accountId} already exists.`);
    const creating = [...this.streams.values()].filter((stream) => stream.status === "CREATING").length;
    if (creating >= this.limits.creatingAtATime)
      throw limitExceeded(
        `Number of streams in CREATING state exceeds the limit of ${this.limits.creatingAtATime}.`,
      );
    this.requireShards(shardCount);
    const now = this.clock.now();
    const stream = new Stream({
      name,
      arn: this.streamArn(name),
      streamId: this.#random.hex(25),
      createdMs: now,
      creationSecond: Math.max(Math.floor(now / 1000), (this.#seconds.get(name) ?? 0) + 1),
      mode,
      shardCount,
      maxRecordKiB,
    });
    this.streams.set(name, stream);
    this.later(() => {
      if (stream.status === "CREATING") stream.status = "ACTIVE";
    });
    return stream;
  }

  deleteStream(stream: Stream): void {
    stream.status = "DELETING";
    for (const consumer of stream.consumers.values()) this.#endSubscriptions(consumer);
    this.later(() => {
      this.#seconds.set(stream.name, stream.highestSecond);
      if (this.streams.get(stream.name) === stream) this.streams.delete(stream.name);
    });
  }

  /** Refuses when so many more shards would exceed the account's quota. */
  requireShards(more: number): void {
    let open = 0;
    for (const stream of this.streams.values()) open += stream.openShards.length;
    if (open + more > this.limits.shardsPerAccount)
      throw limitExceeded(
        `This request would exceed the shard limit for the account ${this.accountId} in ${this.region}. Current shard count: ${open}. Limit: ${this.limits.shardsPerAccount}.`,
      );
  }

  /** The stream a request names by StreamName or StreamARN, in any state. */
  stream(input: Input): Stream {
    const arn = optionalText(input, "StreamARN");
    const name = optionalText(input, "StreamName") ?? (arn === undefined ? undefined : this.#nameOf(arn));
    if (name === undefined) throw invalidArgument("Either StreamName or StreamARN must be specified.");
    if (arn !== undefined && this.#nameOf(arn) !== name)
      throw invalidArgument("StreamName and StreamARN name different streams.");
    const stream = this.streams.get(name);
    if (!stream) throw notFound(`Stream ${name} under account ${this.accountId} not found.`);
    return stream;
  }

  /** The same, when it can be read and written. */
  liveStream(input: Input): Stream {
    const stream = this.stream(input);
    if (stream.status !== "ACTIVE" && stream.status !== "UPDATING")
      throw notFound(`Stream ${stream.name} under account ${this.accountId} not found.`);
    return stream;
  }

  /** The same, when its settings can be changed. */
  activeStream(input: Input): Stream {
    const stream = this.stream(input);
    if (stream.status !== "ACTIVE")
      throw inUse(
        `Stream ${stream.name} under account ${this.accountId} not ACTIVE, instead in state ${stream.status}`,
      );
    return stream;
  }

  #nameOf(arn: string): string {
    const name = /^arn:aws[a-z-]*:kinesis:[^:]*:\d{12}:stream\/([a-zA-Z0-9_.-]+)(?:\/consumer\/.*)?$/u.exec(
      arn,
    )?.[1];
    if (name === undefined) throw invalidArgument(`StreamARN ${arn} is not the ARN of a stream.`);
    return name;
  }

  /** A consumer and its stream by consumer ARN. */
  consumerByArn(arn: string): { readonly stream: Stream; readonly consumer: RegisteredConsumer } {
    for (const stream of this.streams.values())
      for (const consumer of stream.consumers.values()) if (consumer.arn === arn) return { stream, consumer };
    throw notFound(`Consumer ${arn} not found.`);
  }

  registerConsumer(stream: Stream, name: string): RegisteredConsumer {
    if (stream.consumers.has(name)) throw inUse(`Consumer ${name} of stream ${stream.name} already exists.`);
    if (stream.consumers.size >= this.limits.consumersPerStream)
      throw limitExceeded(`Stream ${stream.name} has ${stream.consumers.size} consumers, the limit.`);
    const creating = [...stream.consumers.values()].filter((other) => other.status === "CREATING").length;
    if (creating >= this.limits.creatingAtATime)
      throw limitExceeded(`More than ${this.limits.creatingAtATime} consumers in CREATING state.`);
    const now = this.clock.now();
    const consumer: RegisteredConsumer = {
      name,
      arn: `${stream.arn}/consumer/${name}:${Math.floor(now / 1000)}`,
      createdMs: now,
      status: "CREATING",
      tags: new Map(),
      subscriptions: new Map(),
      subscribedMs: new Map(),
    };
    stream.consumers.set(name, consumer);
    this.later(() => {
      if (consumer.status === "CREATING") consumer.status = "ACTIVE";
    });
    return consumer;
  }

  deregisterConsumer(stream: Stream, consumer: RegisteredConsumer): void {
    consumer.status = "DELETING";
    this.#endSubscriptions(consumer);
    this.later(() => {
      if (stream.consumers.get(consumer.name) === consumer) stream.consumers.delete(consumer.name);
    });
  }

  #endSubscriptions(consumer: RegisteredConsumer): void {
    for (const subscription of consumer.subscriptions.values())
      subscription.fail(notFound(`Consumer ${consumer.arn} not found.`));
  }

  /** Counts a control call of the whole account. */
  takeControlCall(operation: string, perSecond: number = this.limits.controlPerSecond): void {
    if (!this.rates.takeCall(operation, perSecond))
      throw limitExceeded(
        `Rate exceeded for ${operation} under account ${this.accountId}: ${perSecond} per second.`,
      );
  }
}
