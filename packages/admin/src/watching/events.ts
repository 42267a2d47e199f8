import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "@kinesis-connectors/core";
import { eventJson } from "./told-event.js";

/** Open streams of events at a time: more eyes look through a dashboard. */
export const MAX_LISTENERS: number = 4;

/** What a listener may be behind before it is cut: the connector's memory is for records. */
export const MAX_BEHIND_BYTES: number = 1024 * 1024;

const SNAPSHOT_PERIOD_MS = 1_000;

/** Events of so long travel together: each of them a write of its own would cost the connector more than the rest of its telling. */
const GATHER_MS = 50;

/** A listener whose stream ends gets to read so far; then its connection is closed from here. */
export const LAST_WORDS_MS: number = 10_000;

/** What the streams are made with. */
export interface EventStreamsOptions {
  readonly clock: Clock;
  /** What a snapshot shows; asked for only while somebody listens. */
  readonly snapshot: () => object;
  /** Told of each listener that is cut, and how many events it does not get to see. */
  readonly dropped: (count: number) => void;
}

/**
 * The open streams of a connector's events (`text/event-stream`): a `snapshot` each second, and each event by its own name. Nothing is made while nobody
 * listens; who reads too slowly is told so and cut, and costs no more memory than that.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #streams = new Set<EventStream>();
  #flushing: Timer | undefined;
  #snapshots: Timer | undefined;
  #isFinished = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#streams.size >= MAX_LISTENERS;
  }

  /** Answers a request with the stream. */
  open(outgoing: ServerResponse): void {
    const stream = new EventStream(outgoing, this.#options, () => this.#forget(stream));
    this.#streams.add(stream);
    stream.add(this.#snapshot(), "snapshot");
    stream.flush();
    if (this.#isFinished) stream.finish();
    else this.#snapshots ??= this.#nextSnapshot();
  }

  publish(event: { readonly type: string }): void {
    if (this.#streams.size === 0) return;
    const message = messageOf(event.type, eventJson(event));
    for (const stream of this.#streams) stream.add(message, "event");
    this.#flushing ??= this.#options.clock.setTimer(GATHER_MS, () => {
      this.#flushing = undefined;
      for (const stream of this.#streams) stream.flush();
    });
  }

  /** Ends all of them with a last snapshot: nothing more will happen. Whoever comes later is given that alone. */
  finish(): void {
    this.#isFinished = true;
    for (const stream of this.#streams) {
      stream.add(this.#snapshot(), "snapshot");
      stream.finish();
    }
  }

  /** Ends all of them at once. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #snapshot(): Buffer {
    return messageOf("snapshot", eventJson(this.#options.snapshot()));
  }

  #nextSnapshot(): Timer {
    return this.#options.clock.setTimer(SNAPSHOT_PERIOD_MS, () => {
      const message = this.#snapshot();
      for (const stream of this.#streams) {
        stream.add(message, "snapshot");
        stream.flush();
      }
      this.#snapshots = this.#streams.size === 0 ? undefined : this.#nextSnapshot();
    });
  }

  #forget(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#flushing?.cancel();
    this.#snapshots?.cancel();
    this.#flushing = undefined;
    this.#snapshots = undefined;
  }
}

interface Message {
  readonly bytes: Buffer;
  readonly kind: "snapshot" | "event";
}

/** One listener. What it has not been sent waits here, so that it can be let go of. */
class EventStream {
  readonly #outgoing: ServerResponse;
  readonly #options: EventStreamsOptions;
  readonly #left: () => void;
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #isOver = false;
  #lastWords: Timer | undefined;

  constructor(outgoing: ServerResponse, options: EventStreamsOptions, left: () => void) {
    this.#outgoing = outgoing;
    this.#options = options;
    this.#left = left;
    outgoing.on("close", () => this.close());
    outgoing.on("drain", () => this.flush());
    outgoing.on("error", () => this.close());
  }

  add(bytes: Buffer, kind: Message["kind"]): void {
    if (this.#isOver) return;
    // The one before it has not been read, and will be out of date when it is.
    if (kind === "snapshot") this.#dropSnapshots();
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes.length > MAX_BEHIND_BYTES) {
      // A burst may be the sender's own haste.
      this.flush();
      if (this.#waiting.length > 0) {
        this.#cut();
        return;
      }
    }
    this.#waiting.push({ bytes, kind });
    this.#waitingBytes += bytes.length;
  }

  flush(): void {
    if (this.#isOver || this.#waiting.length === 0 || this.#outgoing.writableNeedDrain) return;
    const chunk = Buffer.concat(this.#waiting.map(({ bytes }) => bytes));
    this.#forgetWaiting();
    this.#outgoing.write(chunk);
  }

  close(): void {
    this.#lastWords?.cancel();
    this.#outgoing.destroy();
    this.#end();
  }

  /** Ends it after what is waiting. */
  finish(): void {
    if (this.#isOver) return;
    const chunk = Buffer.concat(this.#waiting.map(({ bytes }) => bytes));
    this.#last(chunk);
  }

  /** Tells how many events it does not get to see, and ends. */
  #cut(): void {
    const count = this.#waiting.filter(({ kind }) => kind === "event").length + 1;
    this.#options.dropped(count);
    this.#last(messageOf("events-drop", eventJson({ type: "events-drop", count })));
  }

  #last(chunk: Buffer): void {
    this.#end();
    this.#outgoing.end(chunk);
    this.#lastWords = this.#options.clock.setTimer(LAST_WORDS_MS, () => this.#outgoing.destroy());
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#forgetWaiting();
    this.#left();
  }

  #dropSnapshots(): void {
    if (!this.#waiting.some(({ kind }) => kind === "snapshot")) return;
    this.#waiting = this.#waiting.filter(({ kind }) => kind === "event");
    this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** One message of a stream. JSON holds no line end, so one `data` line is enough (HTML standard, "Server-sent events"). */
function messageOf(type: string, json: string): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${json}\n\n`);
}
