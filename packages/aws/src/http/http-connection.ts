import { createConnection, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Proxy } from "../proxy/proxy.js";
import { KEEP_ALIVE_MS, openTunnel, withoutBrackets } from "../proxy/tunnel.js";
import type { BodyMemory } from "./body-memory.js";
import { HttpFormatError } from "./http-format-error.js";
import { type ReadResponse, ResponseReader } from "./response-reader.js";
import { type AnswerIds, SeenAnswers } from "./seen-answers.js";

/** The other end of a connection. */
export interface Origin {
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** Certificates to trust instead of those that Node trusts. */
  readonly ca: string | Buffer | undefined;
  /** What the way there leads through. */
  readonly proxy: Proxy | undefined;
}

/** A request under way. */
interface Exchange {
  readonly resolve: (response: ReadResponse) => void;
  readonly reject: (error: Error) => void;
}

/** Listeners of a connection, for whoever keeps it. */
export interface ConnectionListener {
  /** It is closed, whoever closed it; nothing more can be sent over it. */
  readonly closed: (connection: HttpConnection) => void;
  /** It was closed because something came over it while no request was under way. */
  readonly unasked: (error: HttpFormatError) => void;
  /** A TLS session that spares the next connection to the same server half of its handshake. */
  readonly session: (session: Buffer) => void;
}

/**
 * One connection that carries one request at a time over HTTP/1.1. What it reads goes straight to its place in the body: no parser and no
 * stream copies it in between.
 */
export class HttpConnection {
  /** Undefined until a proxy has opened the way. */
  #socket: Socket | undefined;
  #closeTunnel: (() => void) | undefined;
  readonly #reader: ResponseReader;
  readonly #seen: SeenAnswers;
  readonly #listener: ConnectionListener;
  #exchange: Exchange | undefined;
  #keepsAlive = true;
  #hasAnswered = false;
  #failure: Error | undefined;
  #isOpen = false;
  #isClosed = false;
  #reportOpened: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  /** Settles when it is open; rejects when it could not be opened. */
  readonly opened: Promise<void>;

  constructor(
    origin: Origin,
    memory: BodyMemory,
    ids: AnswerIds,
    session: Buffer | undefined,
    listener: ConnectionListener,
  ) {
    this.#reader = new ResponseReader(memory);
    this.#seen = new SeenAnswers(ids);
    this.#listener = listener;
    this.opened = new Promise((resolve, reject) => {
      this.#reportOpened = { resolve, reject };
    });
    // Whoever waits for it is told; that nobody does is no error of its own.
    this.opened.catch(() => undefined);
    if (origin.proxy === undefined) this.#connect(origin, session);
    else this.#connectThrough(origin.proxy, origin, session);
  }

  #connect(origin: Origin, session: Buffer | undefined): void {
    const onread: OnReadOpts = {
      buffer: () => this.#reader.target(),
      callback: (bytes) => this.#read(bytes),
    };
    const socket = open(origin, session, onread);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once(origin.isTls ? "secureConnect" : "connect", () => this.#hasOpened());
    this.#use(socket);
  }

  #connectThrough(proxy: Proxy, origin: Origin, session: Buffer | undefined): void {
    this.#closeTunnel = openTunnel(proxy, origin, (error, way) => {
      this.#closeTunnel = undefined;
      if (way === undefined) {
        this.#failure ??= error;
        this.#hasClosed();
        return;
      }
      const socket = origin.isTls ? connectTls({ ...tlsOptions(origin, session), socket: way }) : way;
      // Node lets bytes that come over another socket be read to nowhere but memory of its own: they are copied.
      socket.on("data", (bytes: Buffer) => this.#readCopied(bytes));
      if (origin.isTls) socket.once("secureConnect", () => this.#hasOpened());
      this.#use(socket);
      if (!origin.isTls) this.#hasOpened();
    });
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.on("session", this.#listener.session);
    socket.on("error", (error) => {
      // A reset in between two requests is a way of closing it: no request fails by it.
      if (!this.#isResting) this.#failure ??= error;
    });
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#hasClosed());
  }

  #hasOpened(): void {
    this.#isOpen = true;
    this.#reportOpened?.resolve();
  }

  #hasClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.closed(this);
    const error = this.#failure ?? reset();
    this.#fail(error);
    this.#reportOpened?.reject(error);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it has been kept from one request for the next. */
  get wasKept(): boolean {
    return this.#hasAnswered;
  }

  /** Whether it has carried a request and carries none now. */
  get #isResting(): boolean {
    return this.#hasAnswered && this.#exchange === undefined;
  }

  /** Whether the other side closed it in between two requests, as servers do after a while: nothing is wrong, and another one serves as well. */
  get wasClosedAtRest(): boolean {
    return this.#isResting && !this.isUsable && this.#failure === undefined;
  }

  /** Whether another request can follow. */
  get isUsable(): boolean {
    const socket = this.#socket;
    return (
      this.#keepsAlive &&
      this.#exchange === undefined &&
      socket !== undefined &&
      !socket.destroyed &&
      socket.writable
    );
  }

  /**
   * Calls back once everything has been read that came before now. Only then may a request be sent: what lies in the socket unread is no answer to it,
   * and would be taken for one. One turn of the event loop, from the next look at the sockets to its end.
   */
  whenQuiet(callback: () => void): void {
    // The first may be called before that look, the second never is.
    setImmediate(() => setImmediate(callback));
  }

  /** Sends a request and waits for its answer. */
  send(pieces: readonly Uint8Array[]): Promise<ReadResponse> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (socket === undefined || !this.isUsable) {
        reject(this.#failure ?? reset());
        return;
      }
      this.#exchange = { resolve, reject };
      socket.ref();
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
    });
  }

  /** While it waits for its next request it keeps no process alive. */
  rest(): void {
    this.#socket?.unref();
  }

  /** Closes it. A request under way fails with `reason`. */
  destroy(reason: Error): void {
    this.#failure ??= reason;
    this.#closeTunnel?.();
    if (this.#socket === undefined) this.#hasClosed();
    else this.#socket.destroy();
    this.#fail(this.#failure);
  }

  #readCopied(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#socket?.destroyed === false;) {
      const target = this.#reader.target();
      const taken = bytes.copy(target, 0, at);
      at += taken;
      this.#read(taken);
    }
  }

  #read(bytes: number): boolean {
    try {
      if (this.#exchange === undefined) {
        // An answer to no request, or a second one to the last.
        const unasked = new HttpFormatError("is one that nobody asked for");
        this.#listener.unasked(unasked);
        throw unasked;
      }
      const response = this.#reader.filled(bytes);
      if (response !== undefined) this.#settle(response);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  /** Throws `HttpFormatError` for an answer that has come before. */
  #settle(response: ReadResponse): void {
    this.#seen.see(response.head.headers, response.body);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#hasAnswered = true;
    // An answer before the whole request was taken: what is left of it would go before the next one.
    if (!response.head.keepsAlive || (this.#socket?.writableLength ?? 0) > 0) {
      this.#keepsAlive = false;
      this.#socket?.destroy();
    }
    exchange?.resolve(response);
  }

  #end(): void {
    const response = this.#reader.ended();
    try {
      if (response !== undefined) this.#settle(response);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#socket?.destroy();
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.reject(error);
  }
}

function open(origin: Origin, session: Buffer | undefined, onread: OnReadOpts): Socket {
  const { isTls, hostname, port } = origin;
  const host = withoutBrackets(hostname);
  if (!isTls) return createConnection({ host, port, onread });
  // Node hands `onread` on to the socket that it makes (lib/_tls_wrap.js); its types do not say so.
  const options: ConnectionOptions & { readonly onread: OnReadOpts } = {
    ...tlsOptions(origin, session),
    host,
    port,
    onread,
  };
  return connectTls(options);
}

function tlsOptions({ hostname, ca }: Origin, session: Buffer | undefined): ConnectionOptions {
  const host = withoutBrackets(hostname);
  return {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(session === undefined ? {} : { session }),
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ["http/1.1"],
    // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
  };
}

function reset(): Error {
  return Object.assign(new Error("the connection was closed before the answer had come"), {
    code: "ECONNRESET",
  });
}
