import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { sleep, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it, vi } from "vitest";
import { ListedSignal } from "../src/following-signal.js";
import { PooledHandler, type PooledHandlerOptions } from "../src/pooled-handler.js";
import { selfSigned } from "./self-signed.js";

type HttpRequest = Parameters<PooledHandler["handle"]>[0];

interface Loopback extends AsyncDisposable {
  readonly port: number;
  readonly sockets: () => number;
}

/** A server of Node's own on loopback. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Loopback> {
  let sockets = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => answer(request, response, body));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket: Socket) => {
    sockets += 1;
    socket.on("error", () => undefined);
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    sockets: () => sockets,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function handlerWith(options: Partial<PooledHandlerOptions> = {}): PooledHandler & AsyncDisposable {
  const handler = new PooledHandler({
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
    maxSockets: 8,
    ...options,
  });
  return Object.assign(handler, {
    [Symbol.asyncDispose]: () => {
      handler.destroy();
      return Promise.resolve();
    },
  });
}

const requestTo = (port: number, more: Partial<HttpRequest> = {}): HttpRequest =>
  ({
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    method: "POST",
    path: "/",
    query: {},
    headers: { "content-type": "text/plain" },
    body: Buffer.from("grüße"),
    ...more,
  }) as HttpRequest;

const failureFrom = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error,
  );

const textOf = (body: unknown): string => Buffer.from(body as Uint8Array).toString();

describe("the HTTP of small requests", () => {
  it("brings a request over as it is, and the answer back in one piece", async () => {
    const seen: unknown[] = [];
    await using server = await serve(({ method, url, headers }, response, body) => {
      seen.push([method, url, headers["content-type"], headers["content-length"], body]);
      response.writeEarlyHints({ link: "</early>; rel=preload" });
      response.writeHead(207, "Many", { "X-Some-Header": ["a", "b"], "content-type": "x/y" });
      response.write("one ");
      setTimeout(() => response.end("two"), 20);
    });
    await using handler = handlerWith();
    const request = requestTo(server.port, { path: "/some/path", query: { a: "1 2", b: ["x", "y"] } });
    const { response } = await handler.handle(request);
    expect(seen).toEqual([["POST", "/some/path?a=1%202&b=x&b=y", "text/plain", "7", "grüße"]]);
    expect(response.statusCode).toBe(207);
    expect(response.reason).toBe("Many");
    expect(response.headers).toMatchObject({ "x-some-header": "a, b", "content-type": "x/y" });
    expect(response.headers).not.toHaveProperty("link");
    expect(textOf(response.body)).toBe("one two");
    const empty = await handler.handle(requestTo(server.port, { body: undefined }));
    expect(textOf(empty.response.body)).toBe("one two");
    expect(seen[1]).toEqual(["POST", "/", "text/plain", "0", ""]);
  });

  it("keeps its connections, and opens no more than it may", async () => {
    let underWay = 0;
    let most = 0;
    await using server = await serve((_request, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        response.end("{}");
      }, 5);
    });
    await using handler = handlerWith({ maxSockets: 3 });
    for (let count = 0; count < 10; count += 1) await handler.handle(requestTo(server.port));
    // A second one, because the first is free again only a moment after its answer.
    expect(server.sockets()).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 20 }, () => handler.handle(requestTo(server.port))));
    expect(most).toBe(3);
    expect(server.sockets()).toBeLessThanOrEqual(3);
  });

  it("sends nothing twice when a connection breaks", async () => {
    let count = 0;
    await using server = await serve((request) => {
      count += 1;
      request.socket.destroy();
    });
    await using handler = handlerWith();
    expect(await failureFrom(handler.handle(requestTo(server.port)))).toBeInstanceOf(Error);
    expect(count).toBe(1);
  });

  it("rejects what ends too early, comes too late or from nowhere", async () => {
    await using server = await serve((request, response, body) => {
      if (body === "short") {
        response.writeHead(200, { "content-length": "10" });
        response.write("12345");
        setTimeout(() => request.socket.destroy(), 5);
      }
    });
    await using handler = handlerWith({ requestTimeoutMs: 30 });
    expect(await failureFrom(handler.handle(requestTo(server.port, { body: "short" })))).toBeInstanceOf(
      Error,
    );
    expect(await failureFrom(handler.handle(requestTo(server.port, { body: "late" })))).toMatchObject({
      name: "HeadersTimeoutError",
    });
    const nowhere = await serve(() => undefined);
    await nowhere[Symbol.asyncDispose]();
    expect(await failureFrom(handler.handle(requestTo(nowhere.port)))).toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  it.each(["an AbortSignal", "a ListedSignal"])(
    "gives up when %s is aborted, before and during",
    async (kind) => {
      await using server = await serve((_request, response) => response.write("begun"));
      await using handler = handlerWith();
      const listed = new ListedSignal();
      const abortSignal = kind === "a ListedSignal" ? (listed as unknown as AbortSignal) : listed.signal;
      const failure = failureFrom(handler.handle(requestTo(server.port), { abortSignal }));
      while (server.sockets() === 0) await sleep(systemClock, 1);
      listed.abort(new Error("lease lost"));
      expect(await failure).toMatchObject({ name: "AbortError", cause: { message: "lease lost" } });
      expect(await failureFrom(handler.handle(requestTo(server.port), { abortSignal }))).toMatchObject({
        name: "AbortError",
      });
      expect(server.sockets()).toBe(1);
    },
  );

  it("trusts no certificate that nobody vouches for, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      await using server = await serve((_request, response) => response.end("{}"), selfSigned());
      await using handler = handlerWith();
      const failure = await failureFrom(handler.handle(requestTo(server.port, { protocol: "https:" })));
      expect(failure).toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("ends what is under way when it is destroyed, and may be destroyed again", async () => {
    await using server = await serve(() => undefined);
    const handler = handlerWith();
    const failure = failureFrom(handler.handle(requestTo(server.port)));
    while (server.sockets() === 0) await sleep(systemClock, 1);
    handler.destroy();
    handler.destroy();
    expect(await failure).toBeInstanceOf(Error);
  });
});
