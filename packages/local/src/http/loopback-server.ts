import { createServer as createHttp1Server } from "node:http";
import { createSecureServer, createServer as createHttp2Server, type Http2Session } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import { LocalAwsError } from "../errors.js";
import {
  connectionOf,
  type Exchange,
  exchangeOf,
  type LoopbackRequest,
  type LoopbackResponse,
} from "./exchange.js";
import { foreignHost } from "./own-callers.js";
import { Silence } from "./silence.js";

/** A certificate and its key, PEM. */
export interface TlsFiles {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface LoopbackServerOptions {
  /** Answers a request. A rejection becomes a 500 with its message, never an empty 500. */
  readonly onRequest: (exchange: Exchange) => void | Promise<void>;
  /** Answers a request with `Expect: 100-continue`. Default: 100 at once, then `onRequest`. */
  readonly onCheckContinue?: (exchange: Exchange) => void | Promise<void>;
  /** Port on 127.0.0.1; default 0 takes a free one. */
  readonly port?: number;
  /** How the caller calls the port, for the error when it is taken. Default `port`. */
  readonly portOption?: string;
  /** Also speaks TLS (ALPN h2, http/1.1) on the same port. */
  readonly tls?: TlsFiles;
}

/** A running server. */
export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  /** Stops at once; open connections are cut. */
  readonly close: () => Promise<void>;
}

/** RFC 9113 section 3.4: a client that knows the server speaks HTTP/2 opens with these bytes. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n");
/** First byte of a TLS handshake record, RFC 8446 section 5.1. */
const tlsHandshake = 0x16;

const http2Settings = {
  // Put requests are up to 10 MiB: with the 64 KiB window of the protocol's default each would stop 160 times.
  settings: { initialWindowSize: 8 * 1024 * 1024, maxConcurrentStreams: 1000 },
} as const;

type Front = "http1" | "http2" | "tls" | undefined;

function recognise(first: Buffer, tls: boolean): Front | "more" {
  if (tls && first[0] === tlsHandshake) return "tls";
  const shared = Math.min(first.length, http2Preface.length);
  if (!first.subarray(0, shared).equals(http2Preface.subarray(0, shared))) return "http1";
  // "P" alone may still be a POST.
  return shared < 3 ? "more" : "http2";
}

/**
 * Serves HTTP/1.1 and HTTP/2 with prior knowledge on one loopback port, told apart by the first bytes, as the
 * AWS SDK needs: its Kinesis client speaks HTTP/2, the others HTTP/1.1, all to plain `http://` endpoints.
 */
export async function startLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  const silence = new Silence();

  const answer = (
    listener: (exchange: Exchange) => void | Promise<void>,
    request: LoopbackRequest,
    response: LoopbackResponse,
  ): void => {
    // A connection cut by the client is its right, not an error of the server.
    request.on("error", ignoreCut);
    response.on("error", ignoreCut);
    if (silence.has(connectionOf(request))) return;
    const host = foreignHost(request);
    if (host !== undefined) {
      answerForeign(request, response, host);
      return;
    }
    silence.answers(response);
    const exchange = exchangeOf(request, response, silence);
    void (async () => {
      try {
        await listener(exchange);
      } catch (error) {
        answerFailure(exchange, error);
      }
    })();
  };
  const onRequest = (request: LoopbackRequest, response: LoopbackResponse): void => {
    answer(options.onRequest, request, response);
  };
  const onCheckContinue = (request: LoopbackRequest, response: LoopbackResponse): void => {
    if (options.onCheckContinue || silence.has(connectionOf(request)) || foreignHost(request) !== undefined) {
      answer(options.onCheckContinue ?? options.onRequest, request, response);
      return;
    }
    response.writeContinue();
    onRequest(request, response);
  };
  const onSession = (session: Http2Session): void => {
    sessions.add(session);
    silence.opened(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", ignoreCut);
    session.setLocalWindowSize(64 * 1024 * 1024);
  };

  // Node's own timeouts are measured on the wall clock and would end a slow test's connection.
  const http1 = createHttp1Server({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  const http2 = createHttp2Server(http2Settings);
  const secure = options.tls
    ? createSecureServer({ ...http2Settings, ...options.tls, allowHTTP1: true })
    : undefined;
  for (const server of secure ? [http1, http2, secure] : [http1, http2]) {
    server.on("request", onRequest);
    server.on("checkContinue", onCheckContinue);
    server.on("session", onSession);
    server.on("secureConnection", (socket: Socket) => silence.opened(socket));
    server.on("clientError", (_error: Error, socket: Socket) => socket.destroy());
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  }

  // Half-open: a client may end its side after its request and still wants the answer, RFC 9112 section 9.6.
  const tcp = createTcpServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    silence.opened(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", ignoreCut);
    const endedEarly = (): void => {
      socket.destroy();
    };
    socket.once("end", endedEarly);
    const sniff = (): void => {
      const first: unknown = socket.read();
      if (!Buffer.isBuffer(first)) {
        socket.once("readable", sniff);
        return;
      }
      // It fell silent before it said anything.
      if (silence.has(socket)) return;
      const front = recognise(first, secure !== undefined);
      socket.unshift(first);
      if (front === "more") {
        socket.once("readable", sniff);
        return;
      }
      socket.off("end", endedEarly);
      // Only HTTP/1.1 knows a request whose sender has closed its side.
      socket.allowHalfOpen = front === "http1";
      const server = front === "tls" ? secure : front === "http2" ? http2 : http1;
      server?.emit("connection", socket);
    };
    socket.once("readable", sniff);
  });

  const wanted = options.port ?? 0;
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", (cause: NodeJS.ErrnoException) => {
      reject(portError(cause, wanted, options.portOption ?? "port"));
    });
    tcp.listen(wanted, "127.0.0.1", resolve);
  });
  const address = tcp.address();
  const port = typeof address === "object" && address ? address.port : wanted;

  return {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        tcp.close(() => {
          resolve();
        });
      });
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function ignoreCut(): void {
  // Deliberately nothing: see the callers.
}

/** Told in the words of all services alike: the status is what counts. */
function answerForeign(request: LoopbackRequest, response: LoopbackResponse, host: string): void {
  request.resume();
  response.writeHead(403, { "content-type": "application/x-amz-json-1.1" });
  const message = `[local] the Host ${host.slice(0, 100)} is not this machine: use localhost or 127.0.0.1`;
  response.end(JSON.stringify({ __type: "AccessDeniedException", message }));
}

function answerFailure(exchange: Exchange, error: unknown): void {
  const { response } = exchange;
  if (response.headersSent) {
    exchange.reset();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(500, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify({ __type: "InternalFailureException", message: `[local] ${message}` }));
}

function portError(cause: NodeJS.ErrnoException, port: number, option: string): Error {
  if (cause.code === "EADDRINUSE" || cause.code === "EACCES") {
    const why = cause.code === "EACCES" ? "may not be used by this user" : "is already in use";
    return new LocalAwsError(
      "KC_LOCAL_PORT_TAKEN",
      `[local] port ${port} on 127.0.0.1 ${why}: set \`${option}\` to another port, or to 0 to take a free one`,
      { cause },
    );
  }
  return cause;
}
