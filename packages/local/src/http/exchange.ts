import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Silence } from "./silence.js";

/** A request as Node gives it, over HTTP/1.1 or HTTP/2 alike. */
export interface LoopbackRequest extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly httpVersionMajor: number;
  readonly socket: Socket;
}

/** A response as Node takes it, over HTTP/1.1 or HTTP/2 alike. */
export interface LoopbackResponse extends Writable {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writeHead: (status: number, headers?: OutgoingHttpHeaders) => unknown;
  readonly setHeader: (name: string, value: string | number | readonly string[]) => unknown;
  readonly writeContinue: () => void;
}

/** One request and its answer. */
export interface Exchange {
  readonly request: LoopbackRequest;
  readonly response: LoopbackResponse;
  readonly protocol: "http/1.1" | "h2";
  /** Kills the connection at once (RST), with every other exchange on it. */
  readonly reset: () => void;
  /** HTTP/1.1 only: writes bytes past the response object, for answers cut inside their headers and for what nobody asked for. */
  readonly writeRaw: (bytes: string | Buffer) => void;
  /** All connections that the server has now stay open and carry nothing more, this one among them. */
  readonly silenceAll: () => void;
}

/** What carries a request: the session of HTTP/2, or the socket. */
export function connectionOf(request: LoopbackRequest): object {
  if (request instanceof Http2ServerRequest) return request.stream.session ?? request.stream;
  return request.socket;
}

/** An exchange on a connection that may fall silent. */
export function exchangeOf(request: LoopbackRequest, response: LoopbackResponse, silence: Silence): Exchange {
  const connection = connectionOf(request);
  const silenceAll = (): void => silence.fall();
  if (request instanceof Http2ServerRequest) {
    const { stream } = request;
    return {
      request,
      response,
      protocol: "h2",
      reset: () => {
        if (!silence.has(connection)) stream.session?.destroy();
      },
      writeRaw: () => {
        // HTTP/2 headers travel in one frame: nothing can be sent of them before they are complete, and nothing on a stream that has ended.
      },
      silenceAll,
    };
  }
  const { socket } = request;
  return {
    request,
    response,
    protocol: "http/1.1",
    reset: () => {
      if (silence.has(connection)) return;
      // A TLS socket has no resetAndDestroy of its own that reaches the wire.
      if (typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
      else socket.destroy();
    },
    writeRaw: (bytes) => {
      if (socket.writable && !silence.has(connection)) socket.write(bytes);
    },
    silenceAll,
  };
}
