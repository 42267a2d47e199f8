import type { Readable } from "node:stream";
import { broken } from "./messages.js";

const LINE_FEED = 0x0a;

/**
 * Most bytes of a line. A page holds 10 MiB at most (Kinesis API reference, GetRecords); aggregates of the smallest records make thirty times of it, with the names of
 * their members. A text of V8 has 512 Mi characters at most.
 */
const MAX_LINE_BYTES: number = 500 * 1024 * 1024;

/**
 * The lines of a stream of UTF-8, without their ends. A page of 10 MiB is a line of 14 MB and more: its pieces are put together once. What stands behind
 * the last line feed is no line: whoever wrote it was killed. A stream that breaks off has ended.
 *
 * No generator: one that waits keeps the line that it gave last until the next one is there, and that of a shard without traffic may not come for hours.
 * @throws KinesisConnectorError `KC_DAEMON_BROKEN` for a line without an end, of which no more than `maxBytes` is kept
 */
export function linesOf(stream: Readable, maxBytes: number = MAX_LINE_BYTES): AsyncIterableIterator<string> {
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  const begun = new BegunLine(maxBytes);
  const end = async (): Promise<IteratorResult<string, undefined>> => {
    await chunks.return?.();
    return { done: true, value: undefined };
  };
  const lines: AsyncIterableIterator<string> = {
    next: async () => {
      try {
        for (;;) {
          const line = begun.take();
          if (line !== undefined) return { done: false, value: line };
          const chunk = await chunks.next();
          if (chunk.done === true) return { done: true, value: undefined };
          begun.add(Buffer.isBuffer(chunk.value) ? chunk.value : Buffer.from(String(chunk.value)));
        }
      } catch (thrown) {
        if (isBroken(thrown)) return { done: true, value: undefined };
        await end();
        throw thrown;
      }
    },
    return: end,
    [Symbol.asyncIterator]: () => lines,
  };
  return lines;
}

/** The bytes of a line whose end has not come, and of those behind it that were not asked for. */
class BegunLine {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** What has come and was not looked through. */
  #rest: Buffer | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Buffer): void {
    this.#rest = chunk;
  }

  /** The next line; undefined where its end has not come. */
  take(): string | undefined {
    const rest = this.#rest;
    if (rest === undefined) return undefined;
    const end = rest.indexOf(LINE_FEED);
    if (end === -1) {
      this.#rest = undefined;
      this.#pieces.push(rest);
      this.#bytes += rest.length;
      if (this.#bytes > this.#maxBytes) throw broken(`is longer than ${this.#maxBytes} bytes`);
      return undefined;
    }
    this.#pieces.push(rest.subarray(0, end));
    this.#rest = rest.subarray(end + 1);
    const line = Buffer.concat(this.#pieces).toString("utf8");
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }
}

/** A pipe whose other end was closed, or this one. */
function isBroken(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET" || code === "EPIPE" || code === "EIO";
}
