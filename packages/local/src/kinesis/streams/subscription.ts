import type { Clock, Timer } from "../../clock.js";
import type { EventStreamEffect } from "../../fault-effects.js";
import type { LoopbackResponse } from "../../http/exchange.js";
import { childShards } from "./child-shards.js";
import type { WireForm } from "../protocol/codec.js";
import { type KinesisError, inUse } from "../errors.js";
import { encodeEventMessage } from "../protocol/event-stream.js";
import type { TokenBucket } from "./rates.js";
import type { Shard } from "./shard.js";
import { RecordList, type WireObject } from "../protocol/values.js";

/** What a subscription runs on. */
export interface SubscriptionOptions {
  readonly shard: Shard;
  readonly position: number;
  readonly response: LoopbackResponse;
  readonly form: WireForm;
  readonly clock: Clock;
  /** Ends normally after this. */
  readonly ageMs: number;
  /** An event without records this long after the last event. */
  readonly idleMs: number;
  readonly bytesPerSecond: TokenBucket;
  /** Oldest arrival still readable. */
  readonly horizonMs: () => number;
  readonly fault: EventStreamEffect | undefined;
  readonly onEnd: () => void;
}

/** At most this much in one event. The service names no number; its events stay below. */
const eventMaxBytes = 1024 * 1024;
const eventMaxRecords = 10_000;

/** One running SubscribeToShard: pushes what arrives, at the pace its reader and its rate allow. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  #position: number;
  #events = 0;
  #ended = false;
  #scheduled = false;
  #blocked = false;
  readonly #ageTimer: Timer;
  #idleTimer: Timer | undefined;
  #paceTimer: Timer | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#position = options.position;
    const { response, shard, clock } = options;
    response.writeHead(200, {
      "content-type": "application/vnd.amazon.eventstream",
      "x-amzn-requestid": options.form.requestId,
    });
    this.#send("event", "initial-response", {});
    shard.watchers.add(this.#wake);
    response.on("drain", this.#onDrain);
    response.on("close", this.stop);
    this.#ageTimer = clock.setTimer(options.ageMs, () => {
      this.#finish();
    });
    this.#wake();
    this.#rest();
  }

  /** Position of the next record to push: how far its reader has let it go. */
  get position(): number {
    return this.#position;
  }

  /** Ends with an exception as the last event. */
  readonly fail = (error: KinesisError): void => {
    if (this.#ended) return;
    this.#send("exception", error.code, { message: error.message });
    this.#finish();
  };

  /** Forgets the subscription without a word: the client is gone or the server closes. */
  readonly stop = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    const { shard, response } = this.#options;
    shard.watchers.delete(this.#wake);
    response.off("drain", this.#onDrain);
    response.off("close", this.stop);
    this.#ageTimer.cancel();
    this.#idleTimer?.cancel();
    this.#paceTimer?.cancel();
    this.#options.onEnd();
  };

  #finish(): void {
    if (this.#ended) return;
    this.stop();
    this.#options.response.end();
  }

  /** Batches what arrives in one turn of the event loop into one event. */
  readonly #wake = (): void => {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#push();
    });
  };

  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.#wake();
  };

  #rest(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = this.#options.clock.setTimer(this.#options.idleMs, () => {
      if (!this.#blocked && !this.#ended) this.#event([], this.#position);
      this.#rest();
    });
  }

  #push(): void {
    if (this.#ended || this.#blocked || this.#paceTimer) return;
    const { shard, clock, bytesPerSecond } = this.#options;
    shard.trim(this.#options.horizonMs());
    const waitMs = bytesPerSecond.waitMs(1);
    if (waitMs > 0) {
      this.#paceTimer = clock.setTimer(waitMs, () => {
        this.#paceTimer = undefined;
        this.#push();
      });
      return;
    }
    const { records, next } = shard.read(this.#position, eventMaxRecords, eventMaxBytes);
    if (records.length === 0 && shard.closedMs === undefined) return;
    let bytes = 0;
    for (const record of records) bytes += record.bytes;
    bytesPerSecond.spend(bytes);
    this.#event(records, next);
    this.#rest();
    if (!this.#ended && (next < shard.endPosition || shard.closedMs !== undefined)) this.#wake();
  }

  #event(records: Parameters<typeof describe>[0], next: number): void {
    const { shard, clock, fault } = this.#options;
    if (fault && this.#events >= (fault.afterEvents ?? 0) && this.#damage(fault, records, next)) return;
    this.#events += 1;
    this.#position = next;
    const event = describe(records, next, shard, clock.now());
    this.#send("event", "SubscribeToShardEvent", event);
    if (event["ChildShards"] !== undefined) this.#finish();
  }

  /** Sends what a fault makes of an event. Silence leaves the stream open and empty. */
  #damage(fault: EventStreamEffect, records: Parameters<typeof describe>[0], next: number): boolean {
    if (fault.what === "silence") return true;
    if (fault.what === "early-end") this.#finish();
    else if (fault.what === "resource-in-use")
      this.fail(inUse("Another active subscription exists for this consumer and shard."));
    else {
      const event = describe(records, next, this.#options.shard, this.#options.clock.now());
      const frame = this.#frame("event", "SubscribeToShardEvent", event);
      if (fault.what === "bad-crc") frame.writeUInt8(frame.readUInt8(frame.length - 1) ^ 1, frame.length - 1);
      this.#options.response.write(
        fault.what === "cut-frame" ? frame.subarray(0, Math.floor(frame.length / 2)) : frame,
      );
      this.#finish();
    }
    return true;
  }

  #frame(messageType: "event" | "exception", type: string, body: WireObject): Buffer {
    const { form } = this.#options;
    return encodeEventMessage({
      headers: {
        [messageType === "event" ? ":event-type" : ":exception-type"]: type,
        ":content-type": form.contentType,
        ":message-type": messageType,
      },
      payload: form.encode(body),
    });
  }

  #send(messageType: "event" | "exception", type: string, body: WireObject): void {
    if (!this.#options.response.write(this.#frame(messageType, type, body))) this.#blocked = true;
  }
}

/** A SubscribeToShardEvent. At the end of the shard it has ChildShards and no ContinuationSequenceNumber. */
function describe(
  records: ReturnType<Shard["read"]>["records"],
  next: number,
  shard: Shard,
  now: number,
): WireObject {
  const unread = shard.at(next);
  const ended = shard.closedMs !== undefined && next >= shard.endPosition;
  return {
    Records: new RecordList(records),
    ContinuationSequenceNumber: ended
      ? undefined
      : (records.at(-1)?.sequenceNumber ??
        shard.at(next - 1)?.sequenceNumber ??
        shard.continuationAtTip(now)),
    MillisBehindLatest: unread ? Math.max(0, now - unread.arrivalMs) : 0,
    ChildShards: ended ? childShards(shard) : undefined,
  };
}
