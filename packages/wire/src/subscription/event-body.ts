import { Readable } from "node:stream";

import { type EventFrame, FrameCutter } from "./event-frames.js";

/**
 * The messages of a subscription's body, one at a time as they are asked for. The body is read while somebody waits for a message and not
 * otherwise, so that its own flow control slows the service down.
 */
export class EventBody {
  readonly #body: Readable;
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #cutter = new FrameCutter();

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body instanceof Readable ? body : Readable.from(body);
    this.#parts = this.#body[Symbol.asyncIterator]();
  }

  /**
   * The next message; undefined at the body's end. One caller at a time.
   * Rejects with a `WireFormatError` when the body is damaged or ends inside a message, and with the connection's own error.
   */
  async next(): Promise<EventFrame | undefined> {
    for (;;) {
      const frame = this.#cutter.take();
      if (frame !== undefined) return frame;
      const part = await this.#parts.next();
      if (part.done === true) {
        this.#cutter.end();
        return undefined;
      }
      this.#cutter.add(part.value);
    }
  }

  /** Lets go of the connection, whoever waits for it. */
  close(): void {
    this.#body.destroy();
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
