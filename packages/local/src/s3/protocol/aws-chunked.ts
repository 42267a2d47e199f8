import { S3Error } from "../errors.js";

/**
 * Takes `aws-chunked` framing apart, piece by piece as it arrives.
 *
 * The form is `<hex size>[;chunk-signature=...]\r\n<bytes>\r\n` repeated, a last chunk of size 0, then trailers
 * `name:value` and an empty line. Source: "Signature calculations for the Authorization header: transferring
 * payload in multiple chunks" of the S3 API reference; the unsigned form has no signatures.
 */
export interface AwsChunkedDecoder {
  /** Takes the next bytes of the body and hands back the pieces of the payload in them (views, not copies). */
  readonly push: (bytes: Buffer) => readonly Buffer[];
  /**
   * Ends the body.
   *
   * @returns the trailers, names in lower case
   * @throws {S3Error} `IncompleteBody` when the last chunk or the end of the trailers never came
   */
  readonly end: () => ReadonlyMap<string, string>;
}

/** A size line or a trailer longer than this is not one. */
const MAX_LINE_BYTES = 8_192;

type State = "size" | "data" | "data-end" | "trailers" | "done";

/** Starts a decoder for one body. */
export function createAwsChunkedDecoder(): AwsChunkedDecoder {
  const trailers = new Map<string, string>();
  let state: State = "size";
  let remaining = 0;
  let line = "";

  const acceptLine = (text: string): void => {
    if (state === "data-end") {
      if (text !== "") throw malformed("a chunk is longer than its size says");
      state = "size";
    } else if (state === "size") {
      remaining = chunkSize(text);
      state = remaining === 0 ? "trailers" : "data";
    } else if (state === "trailers") {
      if (text === "") state = "done";
      else addTrailer(trailers, text);
    }
  };

  return {
    push: (bytes) => {
      const payload: Buffer[] = [];
      let at = 0;
      while (at < bytes.length) {
        if (state === "data") {
          const piece = bytes.subarray(at, at + remaining);
          payload.push(piece);
          at += piece.length;
          remaining -= piece.length;
          if (remaining === 0) state = "data-end";
          continue;
        }
        if (state === "done") throw malformed("bytes after the end");
        const newline = bytes.indexOf(0x0a, at);
        const end = newline === -1 ? bytes.length : newline;
        line += bytes.toString("latin1", at, end);
        at = end + 1;
        if (line.length > MAX_LINE_BYTES) throw malformed("a line is too long");
        if (newline === -1) break;
        const text = line.endsWith("\r") ? line.slice(0, -1) : line;
        line = "";
        acceptLine(text);
      }
      return payload;
    },
    end: () => {
      // Clients of the unsigned form end after the last trailer or after "0\r\n"; the closing empty line may be absent.
      if (state === "trailers" && line === "") state = "done";
      if (state !== "done") throw new S3Error("IncompleteBody");
      return trailers;
    },
  };
}

function chunkSize(text: string): number {
  const digits = /^([0-9a-fA-F]{1,10})(?:;.*)?$/.exec(text)?.[1];
  if (digits === undefined) throw malformed("a chunk's size is not hexadecimal");
  return Number.parseInt(digits, 16);
}

function addTrailer(trailers: Map<string, string>, text: string): void {
  const colon = text.indexOf(":");
  if (colon <= 0) throw malformed("a trailer has no colon");
  trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
}

function malformed(what: string): S3Error {
  return new S3Error("InvalidRequest", `The aws-chunked body is malformed: ${what}.`);
}
