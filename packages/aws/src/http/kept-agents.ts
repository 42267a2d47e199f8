import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { type ProxyOption, proxyRule, type ProxyTarget } from "../proxy/proxy.js";
import { KEEP_ALIVE_MS, tunnelWithin } from "../proxy/tunnel.js";
import { MAX_REST_MS } from "./connection-pool.js";
import { RestingSockets } from "./resting-sockets.js";

/** How the agents of Node's own HTTP keep and open connections. */
export interface KeptAgentsOptions {
  /** Connections to one server. */
  readonly maxSockets: number;
  /** How long a proxy may take to open a way, in milliseconds. */
  readonly connectionTimeoutMs: number;
  /** URL of a proxy for everything, or false for none. Default: what the environment says of each host (see `proxyRule`). */
  readonly proxy?: ProxyOption | undefined;
  /** Certificates to trust instead of those that Node trusts, in PEM. */
  readonly ca?: string | Buffer | undefined;
  /** How long a connection may rest between two requests, in milliseconds. Default 180,000. */
  readonly maxRestMs?: number;
}

/** One for each scheme, which keep their connections by the same rules as `HttpHandler`. */
export interface KeptAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Looks at once for requests that were given up, and not only when their sockets have closed: for who is about to send the next one. */
  readonly look: () => void;
}

/**
 * Agents for clients that speak through `node:http`: they follow the proxies of the option or the environment, close what has rested for too long, and
 * when a request over a kept connection is given up without an answer, all that have rested since before it was sent.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option or the variable
 */
export function keptAgents(options: KeptAgentsOptions): KeptAgents {
  const { maxSockets, ca, maxRestMs = MAX_REST_MS } = options;
  const open = opener(options);
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets, maxFreeSockets: maxSockets };
  const ofHttp = new RestingSockets(maxRestMs);
  const ofHttps = new RestingSockets(maxRestMs);
  // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
  const tls = {
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
  } as const;
  return {
    http: new KeptHttpAgent(kept, ofHttp, open),
    https: new KeptHttpsAgent({ ...kept, ...tls }, ofHttps, open),
    look: () => {
      ofHttp.look();
      ofHttps.look();
    },
  };
}

type Connect = HttpAgent["createConnection"];
type ConnectOptions = Parameters<Connect>[0];
type Connected = NonNullable<Parameters<Connect>[1]>;

/** Opens a connection: `direct` makes it, over a socket that a proxy has opened where there is one. */
type Open = (
  isTls: boolean,
  given: ConnectOptions,
  connected: Connected | undefined,
  direct: (over: Duplex | undefined) => ReturnType<Connect>,
) => ReturnType<Connect>;

function opener({ proxy: option, connectionTimeoutMs: timeoutMs }: KeptAgentsOptions): Open {
  const proxyOf = proxyRule(option);
  return (isTls, given, connected, direct) => {
    const target: ProxyTarget = {
      isTls,
      hostname: given.host ?? "localhost",
      port: Number(given.port ?? (isTls ? 443 : 80)),
    };
    const proxy = proxyOf?.(target);
    if (proxy === undefined || connected === undefined) return direct(undefined);
    // Node's types want a socket beside the error; there is none.
    const failed = connected as (error: Error) => void;
    tunnelWithin(proxy, target, { timeoutMs }).then(
      (socket) => {
        const opened = direct(socket);
        if (opened !== null && opened !== undefined) connected(null, opened);
      },
      (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  };
}

class KeptHttpAgent extends HttpAgent {
  readonly #resting: RestingSockets;
  readonly #open: Open;

  constructor(options: ConstructorParameters<typeof HttpAgent>[0], resting: RestingSockets, open: Open) {
    super(options);
    this.#resting = resting;
    this.#open = open;
  }

  override createConnection(given: ConnectOptions, connected?: Connected): ReturnType<Connect> {
    return this.#open(false, given, connected, (over) => over ?? super.createConnection(given, connected));
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const isKept: unknown = super.keepSocketAlive(socket);
    return isKept === true && this.#resting.rest(socket, this.freeSockets);
  }

  override reuseSocket(...given: Parameters<HttpAgent["reuseSocket"]>): void {
    super.reuseSocket(...given);
    this.#resting.reuse(given[0]);
  }
}

class KeptHttpsAgent extends HttpsAgent {
  readonly #resting: RestingSockets;
  readonly #open: Open;

  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], resting: RestingSockets, open: Open) {
    super(options);
    this.#resting = resting;
    this.#open = open;
  }

  override createConnection(given: ConnectOptions, connected?: Connected): ReturnType<Connect> {
    return this.#open(true, given, connected, (over) => {
      // Handed on to `tls.connect`, which speaks over it (nodejs.org/api/tls.html); the types say so only there.
      const withSocket: RequestOptions & { readonly socket?: Duplex } =
        over === undefined ? given : { ...given, socket: over };
      return super.createConnection(withSocket, connected);
    });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    const isKept: unknown = super.keepSocketAlive(socket);
    return isKept === true && this.#resting.rest(socket, this.freeSockets);
  }

  override reuseSocket(...given: Parameters<HttpAgent["reuseSocket"]>): void {
    super.reuseSocket(...given);
    this.#resting.reuse(given[0]);
  }
}
