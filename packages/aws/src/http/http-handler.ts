import { asError, type Clock, systemClock, type Timer, wholeNumber } from "@kinesis-connectors/core";
import { ListedSignal, whenAborted } from "../following-signal.js";
import { BodyMemory } from "./body-memory.js";
import { type ProxyOption, type ProxyRule, proxyRule } from "../proxy/proxy.js";
import { ConnectionPool, MAX_REST_MS } from "./connection-pool.js";
import type { HttpConnection, Origin } from "./http-connection.js";
import { HttpFormatError } from "./http-format-error.js";
import { type OutgoingRequest, requestBytes } from "./request-bytes.js";

/** Options of `HttpHandler`. */
export interface HttpHandlerOptions {
  /** Time limit for opening a connection, TLS included, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Time limit of an answer, from the first byte sent to the last one received, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Connections to one server; what goes beyond waits. Default 64. */
  readonly maxConnections?: number;
  /** Certificates to trust instead of those that Node trusts, in PEM, for a server of one's own. */
  readonly ca?: string | Buffer;
  /** Memory for bodies of answers. Default: its own, which is used again only by who gives it back. */
  readonly memory?: BodyMemory;
  /**
   * Told when a connection was closed because the server, or a proxy before it, sent something that nobody had asked for. Where a request was under way
   * it fails as well; in between two requests nothing else tells. Default: nobody is told.
   */
  readonly onUnasked?: (error: Error) => void;
  /** URL of a proxy for everything, or false for none. Default: what the environment says of each host (see `proxyRule`). */
  readonly proxy?: ProxyOption;
  /** How long a connection may rest between two requests, in milliseconds. Default 180,000. */
  readonly maxRestMs?: number;
  /**
   * Whether a success without a body is refused: services of JSON say at least `{}`, so that it comes from something in between (a load balancer's page, an
   * answer that was cut), and is read by the SDK as if all was done. Default false.
   */
  readonly needsBody?: boolean;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "setTimer" | "monotonicNow">;
}

/** An answer, in the shape that the SDK's clients expect of a handler. */
export interface HandlerResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The way to one server. */
export interface HttpRoute {
  /** Sends a whole request, its head and its body, and waits for the whole answer; `requestTimeoutMs` at most, by default as long as the handler. */
  readonly send: (
    bytes: readonly Uint8Array[],
    signal?: AbortSignal | ListedSignal,
    requestTimeoutMs?: number,
  ) => Promise<HandlerResponse>;
}

/** Options that the SDK's clients give beside a request. */
export interface HandleOptions {
  /** Aborted: the request ends, and rejects. Default: nobody aborts it. */
  readonly abortSignal?: unknown;
  /** Most milliseconds until the answer begins. Default: the handler's. */
  readonly requestTimeout?: number;
}

/**
 * A `requestHandler` for the SDK's clients of services that take and give bodies in one piece, such as Kinesis and DynamoDB: HTTP/1.1 over kept
 * connections, without the layers of `node:http`. Bodies of answers come whole, as buffers, and are read from the socket to where they stay.
 *
 * It does not send streams, queries, HEAD or `Expect`: for S3 take `KeptHttpHandler`.
 *
 * What comes over a connection that is no answer, or not the one that was asked for, ends it and fails the request (`HttpFormatError`): bytes behind an
 * answer, an answer that has come before, a head that could be read in two ways.
 *
 * Errors are those of Node's sockets; an answer that is late is a `TimeoutError`, and an abort an `AbortError`, as with the SDK's own.
 */
export class HttpHandler {
  readonly metadata: { readonly handlerProtocol: string } = { handlerProtocol: "http/1.1" };
  readonly #connectionTimeoutMs: number;
  readonly #requestTimeoutMs: number;
  readonly #maxConnections: number;
  readonly #ca: string | Buffer | undefined;
  readonly #memory: BodyMemory;
  readonly #onUnasked: (error: Error) => void;
  readonly #clock: Pick<Clock, "setTimer" | "monotonicNow">;
  readonly #proxyOf: ProxyRule | undefined;
  readonly #maxRestMs: number;
  readonly #needsBody: boolean;
  readonly #pools = new Map<string, ConnectionPool>();

  /** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option */
  constructor(options: HttpHandlerOptions = {}) {
    const number = (
      name: "connectionTimeoutMs" | "requestTimeoutMs" | "maxConnections" | "maxRestMs",
      otherwise: number,
    ) => wholeNumber(name, options[name] ?? otherwise, { min: 1 });
    this.#connectionTimeoutMs = number("connectionTimeoutMs", 5_000);
    this.#requestTimeoutMs = number("requestTimeoutMs", 30_000);
    this.#maxConnections = number("maxConnections", 64);
    this.#ca = options.ca;
    this.#memory = options.memory ?? new BodyMemory();
    this.#onUnasked = options.onUnasked ?? (() => undefined);
    this.#clock = options.clock ?? systemClock;
    this.#proxyOf = proxyRule(options.proxy);
    this.#maxRestMs = number("maxRestMs", MAX_REST_MS);
    this.#needsBody = options.needsBody === true;
  }

  /** Sends a request and waits for the whole answer. */
  async handle(
    request: OutgoingRequest,
    { abortSignal, requestTimeout }: HandleOptions = {},
  ): Promise<{ response: HandlerResponse }> {
    const signal =
      abortSignal instanceof AbortSignal || abortSignal instanceof ListedSignal ? abortSignal : undefined;
    if (signal?.aborted === true) throw aborted(signal);
    const pool = this.#poolFor(request);
    return { response: await this.#exchange(pool, requestBytes(request), signal, requestTimeout) };
  }

  /** The way to one server, for requests whose bytes are made by whoever sends them. */
  routeTo({ protocol, hostname, port }: Pick<OutgoingRequest, "protocol" | "hostname" | "port">): HttpRoute {
    const target = { protocol, hostname, port };
    return {
      send: (bytes, signal, requestTimeoutMs) =>
        signal?.aborted === true
          ? Promise.reject(aborted(signal))
          : this.#exchange(this.#poolFor(target), bytes, signal, requestTimeoutMs),
    };
  }

  /** Closes all connections. Requests under way fail. */
  destroy(): void {
    const reason = Object.assign(new Error("the client was closed"), { code: "ECONNABORTED" });
    for (const pool of this.#pools.values()) pool.destroy(reason);
    this.#pools.clear();
  }

  /** Asked for by the SDK's clients; everything is said when it is made. */
  updateHttpClientConfig(): void {
    // Nothing can be changed later.
  }

  /** Asked for by the SDK's clients. */
  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  #poolFor({
    protocol,
    hostname,
    port,
  }: Pick<OutgoingRequest, "protocol" | "hostname" | "port">): ConnectionPool {
    const isTls = protocol !== "http:";
    const to = { isTls, hostname, port: port ?? (isTls ? 443 : 80) };
    const name = `${isTls ? "https" : "http"}://${hostname}:${to.port}`;
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      const origin: Origin = { ...to, ca: this.#ca, proxy: this.#proxyOf?.(to) };
      pool = new ConnectionPool(origin, {
        maxConnections: this.#maxConnections,
        maxRestMs: this.#maxRestMs,
        memory: this.#memory,
        unasked: this.#onUnasked,
        clock: this.#clock,
      });
      this.#pools.set(name, pool);
    }
    return pool;
  }

  /**
   * One listener and at most one timer see to both phases: until the connection is open, and until the answer is there. Whoever gives a `ListedSignal`
   * watches the time of the answer by itself.
   */
  #exchange(
    pool: ConnectionPool,
    bytes: readonly Uint8Array[],
    signal: AbortSignal | ListedSignal | undefined,
    given?: number,
  ): Promise<HandlerResponse> {
    const isWatched = given === undefined && signal instanceof ListedSignal;
    const requestTimeoutMs = given ?? this.#requestTimeoutMs;
    return new Promise((resolve, reject) => {
      let connection: HttpConnection | undefined;
      let isSettled = false;
      let isSent = false;
      const settle = (): boolean => {
        if (isSettled) return false;
        isSettled = true;
        timer?.cancel();
        forget?.();
        return true;
      };
      const fail = (error: Error): void => {
        if (!settle()) return;
        if (isSent && connection !== undefined && isLate(error)) pool.timedOut(connection);
        // What it was in the middle of is known to nobody: it is used no more.
        connection?.destroy(error);
        reject(named(error));
      };
      const late = (what: string, ms: number): void =>
        fail(
          Object.assign(new Error(`${what} within ${ms} ms`), { name: "TimeoutError", code: "ETIMEDOUT" }),
        );
      let timer: Timer | undefined;
      const waitForConnection = (): void => {
        timer ??= this.#clock.setTimer(this.#connectionTimeoutMs, () =>
          late("no connection", this.#connectionTimeoutMs),
        );
      };
      const forget = signal === undefined ? undefined : whenAborted(signal, () => fail(aborted(signal)));

      const send = (opened: HttpConnection): void => {
        timer?.cancel();
        if (!isWatched)
          timer = this.#clock.setTimer(requestTimeoutMs, () => late("no whole answer", requestTimeoutMs));
        isSent = true;
        opened.send(bytes).then(({ head: { statusCode, reason, headers }, body }) => {
          if (this.#needsBody && body.length === 0 && statusCode < 300) {
            fail(new HttpFormatError("says that all is well, and nothing else"));
            return;
          }
          pool.give(opened);
          if (settle()) resolve({ statusCode, reason, headers, body });
        }, fail);
      };
      const sendWhenQuiet = (opened: HttpConnection): void =>
        opened.whenQuiet(() => {
          if (isSettled) return;
          if (opened.wasClosedAtRest) take();
          else send(opened);
        });
      const use = (taken: HttpConnection): void => {
        connection = taken;
        if (taken.isOpen) {
          sendWhenQuiet(taken);
          return;
        }
        waitForConnection();
        taken.opened.then(() => {
          if (!isSettled) sendWhenQuiet(taken);
        }, fail);
      };
      const take = (): void => {
        const taken = pool.take();
        if (!(taken instanceof Promise)) {
          use(taken);
          return;
        }
        waitForConnection();
        taken.then((free) => (isSettled ? pool.give(free) : use(free)), fail);
      };
      take();
    });
  }
}

function aborted(signal: AbortSignal | ListedSignal): Error {
  const error = new Error("the request was aborted", { cause: signal.reason });
  error.name = "AbortError";
  return error;
}

/** Whether a request failed for want of an answer: by the time here, by that of who waits for it, or by the kernel's. */
function isLate(error: Error): boolean {
  if ("code" in error && error.code === "ETIMEDOUT") return true;
  return error.name === "AbortError" && error.cause instanceof Error && error.cause.name === "TimeoutError";
}

/** The SDK's own handler calls these time-outs too: its retries and those above it know them by that name. */
const LIKE_TIMEOUTS: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

function named(thrown: Error): Error {
  const error = asError(thrown);
  if ("code" in error && LIKE_TIMEOUTS.has(error.code)) error.name = "TimeoutError";
  return error;
}
