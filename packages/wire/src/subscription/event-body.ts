import { finished, Readable } from "node:stream";

import { type EventFrame, FrameCutter } from "./event-frames.js";

/** Somebody who waits for a message. */
interface Waiting {
  readonly resolve: (frame: EventFrame | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The messages of a subscription's body, one at a time as they are asked for. The connection flows while somebody waits for a message
 * and is paused otherwise, so that its own flow control slows the service down.
 *
 * Parts are taken as the stream has them: an iterator over it would cost a promise and several turns of the microtask queue for each
 * 16 KiB.
 */
export class EventBody {
  readonly #body: Readable;
  readonly #cutter = new FrameCutter();
  #waiting: Waiting | undefined;
  /** Nothing more comes; with the connection's error, if it had one. */
  #end: { readonly error: unknown } | undefined;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body instanceof Readable ? body : Readable.from(body);
    // Said before anybody listens, for a listener alone would set the stream flowing.
    this.#body.pause();
    this.#body.on("data", (part: Uint8Array) => {
      this.#cutter.add(part);
      this.#deliver();
    });
    finished(this.#body, { writable: false }, (error) => {
      this.#end = { error };
      this.#deliver();
    });
  }

  /**
   * The next message; undefined at the body's end. One caller at a time.
   * Rejects with a `WireFormatError` when the body is damaged or ends inside a message, and with the connection's own error.
   */
  next(): Promise<EventFrame | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#deliver();
      if (this.#waiting !== undefined) this.#body.resume();
    });
  }

  /** Lets go of the connection. */
  close(): void {
    this.#body.destroy();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    try {
      const frame = this.#cutter.take();
      if (frame === undefined) {
        if (this.#end === undefined) return;
        if (this.#end.error !== undefined && this.#end.error !== null) throw this.#end.error;
        this.#cutter.end();
      }
      waiting.resolve(frame);
    } catch (error) {
      waiting.reject(error);
    }
    this.#waiting = undefined;
    this.#body.pause();
  }
}

/**
 * The messages of a subscription's body, however they were cut on their way; both checksums of each are checked. Reads from the
 * connection only as messages are asked for. Ends where the body ends; a body that ends inside a message is an error.
 * @throws WireFormatError
 */
export async function* readEventFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<EventFrame, void> {
  const frames = new EventBody(body);
  try {
    for (let frame = await frames.next(); frame !== undefined; frame = await frames.next()) yield frame;
  } finally {
    frames.close();
  }
}
