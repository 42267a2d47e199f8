import type { BodyMemory } from "./body-memory.js";
import { ChunkedBody } from "./chunked-body.js";
import { HttpFormatError } from "./http-format-error.js";
import { readResponseHead, type ResponseHead } from "./response-head.js";
import { type StreamedBody, UntilCloseBody } from "./streamed-body.js";

/** Room for a head before it has been seen: those of AWS are about 400 bytes. One for each open connection. */
const FIRST_HEAD_BYTES = 4 * 1024;
/** Node's own limit is 16 KiB; a few services have more. */
const MAX_HEAD_BYTES = 64 * 1024;
/** GetRecords answers with 10 MiB of data at most, a third more in base64; nothing that is asked for here is larger than twice that. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Asked of the kernel at a time. More gains nothing, measured. */
const MAX_READ_BYTES = 256 * 1024;
const HEAD_START = "HTTP/1.";
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const HEAD_END = "\r\n\r\n";
/** 100 Continue, 102 Processing, 103 Early Hints: a few of them may come before an answer, and no more. */
const MAX_INTERIM_HEADS = 32;

/** An answer that has come in whole. */
export interface ReadResponse {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/**
 * Puts the answers of one connection together from what is read from it. It says where the next bytes are to be written: those of a body go to
 * their place in it straight from the socket, and are copied no more.
 *
 * There is always room for one byte more than an answer has: bytes behind it, which would be taken for the answer to the next request, are seen
 * in the read that brings its end.
 */
export class ResponseReader {
  readonly #memory: BodyMemory;
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_HEAD_BYTES);
  /** Bytes of the head buffer that are filled. */
  #filled = 0;
  #head: ResponseHead | undefined;
  #body: Buffer | undefined;
  /** Bytes of the body that are there. */
  #received = 0;
  #bodyLength = 0;
  #interimHeads = 0;
  #streamed: StreamedBody | undefined;

  constructor(memory: BodyMemory) {
    this.#memory = memory;
  }

  /** Where the next bytes belong. */
  target(): Buffer {
    const body = this.#body;
    if (body !== undefined)
      return body.subarray(this.#received, Math.min(body.length, this.#received + MAX_READ_BYTES));
    return this.#buffer.subarray(this.#filled);
  }

  /**
   * Told that so many bytes were written to the target. Returns the answer once it is whole.
   * @throws HttpFormatError when it is none, or bytes follow it
   */
  filled(bytes: number): ReadResponse | undefined {
    if (this.#body !== undefined) {
      this.#received += bytes;
      if (this.#received < this.#bodyLength) return undefined;
      if (this.#received > this.#bodyLength) throw surplus();
      return this.#finish(this.#body.subarray(0, this.#bodyLength));
    }
    if (this.#head !== undefined) return this.#more(this.#buffer.subarray(0, bytes));
    // The end of the head may lie across two reads.
    const from = Math.max(0, this.#filled - HEAD_END.length);
    this.#filled += bytes;
    return this.#readHead(from);
  }

  /** The connection was closed by the other side: the end of an answer without a length, else of nothing. */
  ended(): ReadResponse | undefined {
    if (this.#head?.framing.type !== "until-close") return undefined;
    return this.#finish(this.#streamed?.body() ?? Buffer.alloc(0));
  }

  #readHead(from: number): ReadResponse | undefined {
    const end = this.#buffer.subarray(0, this.#filled).indexOf(HEAD_END, from, "latin1");
    if (end < 0) {
      this.#checkUnfinishedHead(from);
      if (this.#filled === this.#buffer.length) this.#grow();
      return undefined;
    }
    const head = readResponseHead(this.#buffer.toString("latin1", 0, end));
    const rest = this.#buffer.subarray(end + HEAD_END.length, this.#filled);
    if (head.statusCode < 200) {
      // 100 Continue, 103 Early Hints: the answer itself follows (RFC 9110 section 15.2).
      if (head.statusCode === 101) throw new HttpFormatError("changes the protocol");
      this.#interimHeads += 1;
      if (this.#interimHeads > MAX_INTERIM_HEADS)
        throw new HttpFormatError("is declared without end, and does not come");
      this.#buffer.copyWithin(0, end + HEAD_END.length, this.#filled);
      this.#filled = rest.length;
      return this.#filled === 0 ? undefined : this.#readHead(0);
    }
    this.#head = head;
    return this.#begin(head, rest);
  }

  /** What can be no head any more is refused at once: its end may never come. */
  #checkUnfinishedHead(from: number): void {
    const start = this.#buffer.toString("latin1", 0, Math.min(this.#filled, HEAD_START.length));
    if (!HEAD_START.startsWith(start))
      throw new HttpFormatError("does not begin with a status line of HTTP/1");
    for (let at = this.#buffer.indexOf(LINE_FEED, from); at >= 0 && at < this.#filled;) {
      if (this.#buffer[at - 1] !== CARRIAGE_RETURN)
        throw new HttpFormatError("has a line that ends strangely");
      at = this.#buffer.indexOf(LINE_FEED, at + 1);
    }
  }

  #begin({ framing }: ResponseHead, rest: Buffer): ReadResponse | undefined {
    if (framing.type !== "length") {
      this.#streamed =
        framing.type === "chunked"
          ? new ChunkedBody(this.#memory, MAX_BODY_BYTES)
          : new UntilCloseBody(this.#memory, MAX_BODY_BYTES);
      return this.#more(rest);
    }
    if (framing.bytes > MAX_BODY_BYTES) throw new HttpFormatError(`has more than ${MAX_BODY_BYTES} bytes`);
    if (rest.length > framing.bytes) throw surplus();
    const body = this.#memory.take(framing.bytes + 1);
    rest.copy(body);
    if (rest.length === framing.bytes) return this.#finish(body.subarray(0, framing.bytes));
    this.#body = body;
    this.#bodyLength = framing.bytes;
    this.#received = rest.length;
    return undefined;
  }

  #more(bytes: Buffer): ReadResponse | undefined {
    const streamed = this.#streamed;
    if (streamed === undefined) return undefined;
    const taken = streamed.push(bytes);
    this.#filled = 0;
    if (!streamed.isDone) return undefined;
    if (taken < bytes.length) throw surplus();
    return this.#finish(streamed.body());
  }

  #finish(body: Buffer): ReadResponse {
    const head = this.#head as ResponseHead;
    this.#head = undefined;
    this.#body = undefined;
    this.#streamed = undefined;
    this.#filled = 0;
    this.#interimHeads = 0;
    return { head, body };
  }

  #grow(): void {
    if (this.#buffer.length >= MAX_HEAD_BYTES) throw new HttpFormatError("has headers without end");
    const grown = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
    this.#buffer.copy(grown);
    this.#buffer = grown;
  }
}

function surplus(): HttpFormatError {
  return new HttpFormatError("is followed by bytes that nobody asked for");
}
