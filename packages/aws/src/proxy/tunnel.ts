import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Clock, systemClock } from "@kinesis-connectors/core";
import { type Proxy, type ProxyTarget } from "./proxy.js";
import { proxyAnswered, proxyAway, proxyRefused } from "./proxy-failure.js";

/** Probes after this much silence tell a dead peer from a quiet one, and keep the way there open where addresses are translated. */
export const KEEP_ALIVE_MS = 30_000;

/**
 * Opens a way to a host through a proxy (CONNECT, RFC 9110 section 9.3.6): calls back once, with a socket over which the host is spoken to, or with what
 * failed. Returns what gives it up: the call back does not come then.
 */
export function openTunnel(
  proxy: Proxy,
  target: ProxyTarget,
  settled: (error: Error | undefined, socket: Socket | undefined) => void,
): () => void {
  const { hostname } = target;
  const authority = `${hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname}:${target.port}`;
  let isSettled = false;
  const settle = (error: Error | undefined, socket?: Socket): void => {
    if (isSettled) {
      socket?.destroy();
      return;
    }
    isSettled = true;
    settled(error, socket);
  };
  const host = withoutBrackets(proxy.hostname);
  const request = (proxy.isTls ? requestHttps : requestHttp)({
    method: "CONNECT",
    path: authority,
    headers: {
      host: authority,
      connection: "keep-alive",
      ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }),
    },
    createConnection: () =>
      proxy.isTls
        ? connectTls({
            host,
            port: proxy.port,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            ALPNProtocols: ["http/1.1"],
            // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
            rejectUnauthorized: true,
            minVersion: "TLSv1.2",
          })
        : connectTcp({ host, port: proxy.port }),
  });
  request.once("connect", (answer, socket: Socket, head: Buffer) => {
    const status = answer.statusCode ?? 0;
    // Whoever is behind the proxy waits to be spoken to: bytes before that are no part of what follows.
    if (status >= 200 && status < 300 && head.length === 0) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      settle(undefined, socket);
      return;
    }
    socket.destroy();
    settle(status === 407 ? proxyRefused(proxy) : proxyAnswered(proxy, target, status));
  });
  request.on("error", (error) => settle(proxyAway(proxy, target, error)));
  // A proxy that takes the request for another one, and answers it.
  request.once("response", (answer) => {
    answer.destroy();
    settle(proxyAnswered(proxy, target, answer.statusCode ?? 0));
  });
  request.end();
  return () => {
    isSettled = true;
    request.destroy();
  };
}

/** How long to wait for a way. */
export interface TunnelBounds {
  readonly timeoutMs: number;
  /** Gives it up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "setTimer">;
}

/** The same as a promise, within its time; rejects with the signal's reason when that is aborted. */
export function tunnelWithin(
  proxy: Proxy,
  target: ProxyTarget,
  { timeoutMs, signal, clock = systemClock }: TunnelBounds,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (reason: unknown): void => {
      end();
      close();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
      reject(reason);
    };
    const onAbort = (): void => giveUp(signal?.reason);
    const timer = clock.setTimer(timeoutMs, () => {
      const late = Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: "ETIMEDOUT" });
      giveUp(proxyAway(proxy, target, late));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    const close = openTunnel(proxy, target, (error, socket) => {
      end();
      if (socket === undefined) reject(error ?? new Error("no way"));
      else resolve(socket);
    });
  });
}

/** A host as sockets take it: IPv6 addresses without the brackets of URLs. */
export function withoutBrackets(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
