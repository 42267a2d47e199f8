import type { Readable } from "node:stream";
import { broken } from "./messages.js";

const LINE_FEED = 0x0a;

/**
 * Most bytes of a line. A page holds 10 MiB at most (Kinesis API reference, GetRecords); aggregates of the smallest records make thirty times of it, with the names of
 * their members. A text of V8 has 512 Mi characters at most.
 */
export const MAX_LINE_BYTES: number = 500 * 1024 * 1024;

/**
 * The lines of a stream of UTF-8, without their ends. A page of 10 MiB is a line of 14 MB and more: its pieces are put together once. What stands behind
 * the last line feed is no line: whoever wrote it was killed. A stream that breaks off has ended.
 * @throws KinesisConnectorError `KC_DAEMON_BROKEN` for a line without an end, of which no more than `maxBytes` is kept
 */
export async function* linesOf(
  stream: Readable,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<string, void> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      let rest = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
        pieces.push(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
        const line = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
        pieces = [];
        bytes = 0;
        if (line !== undefined) yield line.toString("utf8");
      }
      if (rest.length > 0) pieces.push(rest);
      bytes += rest.length;
      if (bytes > maxBytes) throw broken(`is longer than ${maxBytes} bytes`);
    }
  } catch (thrown) {
    if (!isBroken(thrown)) throw thrown;
  }
}

/** A pipe whose other end was closed, or this one. */
function isBroken(thrown: unknown): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET" || code === "EPIPE" || code === "EIO";
}
