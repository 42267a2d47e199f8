import type { ClientHttp2Stream } from "node:http2";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import {
  type ProxyOption,
  proxyRule,
  type ProxyRule,
  type ProxyTarget,
  tunnelWithin,
} from "@kinesis-connectors/aws";
import { NodeHttp2Handler } from "@smithy/node-http-handler";

// The KCL's window (amazon-kinesis-client, KinesisClientUtil). HTTP/2 begins with 64 KiB, of which each half that was read is told to
// the service in two messages; with 512 KiB reading a body takes less than half the CPU (bench/README.md), and 2 MiB/s, a shard's rate,
// still come over 250 ms of round trip. It is also what a subscription may have waiting in memory that nobody has asked for.
const WINDOW_BYTES = 512 * 1024;

// Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
const TLS = { rejectUnauthorized: true, minVersion: "TLSv1.2" } as const;

type Call = Parameters<NodeHttp2Handler["handle"]>;

/** How sessions are opened. */
export interface WideHttp2Options {
  /** How long a proxy may take to open a way, in milliseconds. */
  readonly connectionTimeoutMs: number;
  readonly proxy?: ProxyOption | undefined;
}

/** The SDK's own HTTP/2, a session for each call, with room on the way for more than it is used to; through a proxy where there is one. */
export class WideHttp2 extends NodeHttp2Handler {
  readonly #connectionTimeoutMs: number;
  readonly #proxyOf: ProxyRule | undefined;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option or the variable */
  constructor({ connectionTimeoutMs, proxy }: WideHttp2Options) {
    super(sessionOptions(undefined));
    this.#connectionTimeoutMs = connectionTimeoutMs;
    this.#proxyOf = proxyRule(proxy);
  }

  override async handle(...call: Call): ReturnType<NodeHttp2Handler["handle"]> {
    const answer = await this.#send(call);
    const body: unknown = answer.response.body;
    // The settings are those of streams; the session's own window has to be opened by hand.
    if (isHttp2Stream(body) && body.session?.destroyed === false) {
      body.session.setLocalWindowSize(WINDOW_BYTES);
    }
    return answer;
  }

  async #send(call: Call): ReturnType<NodeHttp2Handler["handle"]> {
    const [{ protocol, hostname, port }, { abortSignal } = {}] = call;
    const isTls = protocol !== "http:";
    const target: ProxyTarget = { isTls, hostname, port: port ?? (isTls ? 443 : 80) };
    const proxy = this.#proxyOf?.(target);
    if (proxy === undefined) return super.handle(...call);
    const socket = await tunnelWithin(proxy, target, {
      timeoutMs: this.#connectionTimeoutMs,
      signal: abortSignal instanceof AbortSignal ? abortSignal : undefined,
    });
    // A session takes its socket at once, and a way through a proxy does not come at once: it is there before the handler that uses it.
    const handler = new NodeHttp2Handler(sessionOptions(() => overTunnel(socket, target)));
    try {
      return await handler.handle(...call);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

function sessionOptions(createConnection: (() => Socket) | undefined) {
  return {
    disableConcurrentStreams: true,
    nodeHttp2ConnectOptions: {
      ...TLS,
      settings: { initialWindowSize: WINDOW_BYTES },
      ...(createConnection === undefined ? {} : { createConnection }),
    },
  };
}

function overTunnel(socket: Socket, { isTls, hostname }: ProxyTarget): Socket {
  if (!isTls) return socket;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return connectTls({
    ...TLS,
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["h2"],
  });
}

function isHttp2Stream(body: unknown): body is ClientHttp2Stream {
  return typeof body === "object" && body !== null && "session" in body;
}
