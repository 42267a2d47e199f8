import { readFileSync } from "node:fs";
import dns from "node:dns";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";
import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it, vi } from "vitest";
import { BodyMemory, HttpHandler, type HttpHandlerOptions, type OutgoingRequest } from "../../src/index.js";
import { type Answering, rawServer } from "./raw-server.js";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

function requestTo(port: number, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Service.Operation" },
    body: "{}",
    ...more,
  };
}

/** A handler and a server, for as long as the test takes. */
async function between<T>(
  answering: Answering,
  test: (
    ask: (more?: Partial<OutgoingRequest>, options?: object) => ReturnType<HttpHandler["handle"]>,
    server: Awaited<ReturnType<typeof rawServer>>,
    handler: HttpHandler,
  ) => Promise<T>,
  options: HttpHandlerOptions = {},
): Promise<T> {
  await using server = await rawServer(answering);
  const handler = new HttpHandler(options);
  try {
    return await test((more, given) => handler.handle(requestTo(server.port, more), given), server, handler);
  } finally {
    handler.destroy();
  }
}

/** Bytes in the pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  const pieces = [...ends, bytes.length].map((end) => bytes.subarray(from, (from = end)));
  return pieces.filter((piece) => piece.length > 0);
}

describe("a request", () => {
  it("to a name none of whose addresses can be connected to fails in words, with the code", async () => {
    const { lookup } = dns;
    const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
    const found = (_host: string, _options: object, answer: (error: null, all: object) => void) =>
      setImmediate(answer, null, addresses);
    vi.spyOn(dns, "lookup").mockImplementation(found as unknown as typeof lookup);
    const handler = new HttpHandler();
    try {
      await expect(handler.handle(requestTo(1, { hostname: "two.test" }))).rejects.toMatchObject({
        name: "Error",
        code: "ECONNREFUSED",
        message: "connect ECONNREFUSED 127.0.0.1:1; connect ECONNREFUSED 127.0.0.2:1",
      });
    } finally {
      handler.destroy();
      vi.restoreAllMocks();
    }
  });

  it("comes as it was given, and its answer too, as Node's own server sees and says them", async () => {
    const seen: { head: IncomingMessage; body: string }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        seen.push({ head: request, body: Buffer.concat(chunks).toString() });
        response.writeHead(400, {
          "x-amzn-requestid": `r-${seen.length}`,
          "content-type": "application/x-amz-json-1.1",
        });
        response.end('{"__type":"ü"}');
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const handler = new HttpHandler();
    const { port } = server.address() as AddressInfo;
    const bodies = ["", "{}", "ü€😀", "x".repeat(100_000), Buffer.from([0, 255, 13, 10])];
    for (const body of bodies) {
      const { response } = await handler.handle(requestTo(port, { path: "/a/b%20c", body }));
      expect(response.statusCode).toBe(400);
      expect(response.reason).toBe("Bad Request");
      expect(response.headers).toMatchObject({ "x-amzn-requestid": `r-${seen.length}` });
      expect(response.body.toString()).toBe('{"__type":"ü"}');
    }
    expect(seen.map(({ body }) => body)).toEqual(bodies.map((body) => Buffer.from(body).toString()));
    expect(seen[0]?.head.url).toBe("/a/b%20c");
    expect(seen[0]?.head.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      "content-length": "0",
      "x-amz-target": "Service.Operation",
    });
    // One connection served them all.
    expect(new Set(seen.map(({ head }) => head.socket.remotePort)).size).toBe(1);
    handler.destroy();
    server.close();
    await once(server, "close");
  });

  it.each([
    ["a header with a line break", { headers: { "x-a": "b\r\nx-c: d" } }],
    ["a header's name with a blank", { headers: { "x a": "b" } }],
    ["a path with a line break", { path: "/ HTTP/1.1\r\nx: y\r\n" }],
    ["a path that is empty", { path: "" }],
    ["a query", { query: { a: "b" } }],
    ["HEAD, whose answer has the length of a body that does not come", { method: "HEAD" }],
    ["a method with a line break", { method: "POST / HTTP/1.1\r\nx: y\r\n\r\nPOST" }],
    ["chunks beside its length", { headers: { "Transfer-Encoding": "chunked" } }],
    ["Expect", { headers: { expect: "100-continue" } }],
    ["a body that is a stream", { body: { pipe: () => undefined } }],
  ])("with %s is refused before anything is sent", async (_, more) => {
    await between(
      () => [OK],
      async (ask, server) => {
        await expect(ask(more)).rejects.toThrow(TypeError);
        expect(server.connections).toBe(0);
      },
    );
  });
});

describe("an answer", () => {
  const framings = ["length", "chunked", "until close"] as const;

  it("is the same however its bytes come, with a length, in chunks, or until the connection ends", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.constantFrom(...framings),
        fc.array(fc.nat(6000), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (body, framing, places, sizes, hasHints) => {
          const parts: Buffer[] = [];
          if (hasHints) parts.push(Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"));
          const head = { length: `content-length: ${body.length}`, chunked: "transfer-encoding: chunked" };
          const line = framing === "until close" ? "x-a: b" : head[framing];
          parts.push(Buffer.from(`HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\n${line}\r\n\r\n`));
          if (framing === "chunked") {
            for (let at = 0, nth = 0; at < body.length; nth += 1) {
              const size = Math.min(sizes[nth % sizes.length] ?? 1, body.length - at);
              parts.push(Buffer.from(`${size.toString(16)}${nth % 2 === 0 ? "" : ";x=y"}\r\n`));
              parts.push(Buffer.from(body.subarray(at, at + size)), Buffer.from("\r\n"));
              at += size;
            }
            parts.push(Buffer.from("0\r\nx-trailer: t\r\n\r\n"));
          } else parts.push(Buffer.from(body));
          const pieces: (Buffer | string)[] = cut(Buffer.concat(parts), places);
          if (framing === "until close") pieces.push("");
          await between(
            () => pieces,
            async (ask, server) => {
              for (const _ of [1, 2]) {
                const { response } = await ask();
                expect(response.body.equals(body)).toBe(true);
                expect(response.headers["x-one"]).toBe("1, 2");
              }
              expect(server.connections).toBe(framing === "until close" ? 2 : 1);
            },
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("of some megabytes lies in memory that is used again once it is given back, and not before", async () => {
    const memory = new BodyMemory();
    const bytes = 3_000_000;
    const answers = [1, 2, 3].map((fill) => [
      `HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`,
      Buffer.alloc(bytes, fill),
    ]);
    await between(
      (nth) => answers[nth] ?? [OK],
      async (ask) => {
        const first = (await ask()).response.body;
        const second = (await ask()).response.body;
        expect(second.buffer).not.toBe(first.buffer);
        memory.give(first);
        const third = (await ask()).response.body;
        expect(third.buffer).toBe(first.buffer);
        expect([second.every((byte) => byte === 2), third.every((byte) => byte === 3)]).toEqual([true, true]);
      },
      { memory },
    );
  });

  it.each([
    ["is no HTTP", ["SSH-2.0-OpenSSH\r\n\r\n"]],
    ["is of another version", ["HTTP/2 200\r\n\r\n"]],
    ["has a line that is no header", ["HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"]],
    ["has a folded header", ["HTTP/1.1 200 OK\r\na: b\r\n c: d\r\ncontent-length: 0\r\n\r\n"]],
    ["has two lengths", ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"]],
    ["has the same length twice", ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok"]],
    [
      "has a length and chunks",
      ["HTTP/1.1 200 OK\r\ncontent-length: 7\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"],
    ],
    ["has a bare LF in its head", ["HTTP/1.1 200 OK\r\na: b\ncontent-length: 2\r\n\r\nok"]],
    ["has a head of bare LFs", ["HTTP/1.1 200 OK\ncontent-length: 2\n\nok"]],
    ["has a bare CR in its head", ["HTTP/1.1 200 OK\r\na: b\rcontent-length: 2\r\n\r\nok"]],
    ["has a NUL in its head", ["HTTP/1.1 200 OK\r\na: b\0\r\ncontent-length: 2\r\n\r\nok"]],
    ["has a NUL in its reason", ["HTTP/1.1 200 O\0K\r\ncontent-length: 2\r\n\r\nok"]],
    ["has a blank before a colon", ["HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok"]],
    ["has a length that is signed", ["HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok"]],
    ["is declared without end", ["HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100), OK]],
    [
      "has a blank behind a chunk's size",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 \r\nok\r\n"],
    ],
    [
      "has a chunk's size with a bare LF",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n"],
    ],
    [
      "has extensions beyond all bounds",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", `1;${"x".repeat(300)}\r\na\r\n`.repeat(100)],
    ],
    [
      "has trailers beyond all bounds",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "a: b\r\n".repeat(10_000)],
    ],
    [
      "has a trailer that is none",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n"],
    ],
    ["has a length that is no number", ["HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok"]],
    ["has a length beyond all bounds", ["HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nok"]],
    ["has an encoding that was not asked for", ["HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok"]],
    ["changes the protocol", ["HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"]],
    ["has a chunk without a size", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"]],
    ["has a chunk longer than it says", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nok\r\n"]],
    ["has chunks beyond all bounds", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\n"]],
    ["is followed by another", [`${OK}${OK}`]],
    ["has headers without end", [`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(20_000)}`]],
  ])("that %s is an error, and the next request has a new connection", async (_, pieces) => {
    await between(
      (nth) => (nth === 0 ? pieces : [OK]),
      async (ask, server) => {
        await expect(ask()).rejects.toThrow(/server/);
        expect((await ask()).response.body.toString()).toBe("ok");
        expect(server.connections).toBe(2);
      },
    );
  });

  it.each([
    ["before its head", []],
    ["within its head", ["HTTP/1.1 200 OK\r\ncontent-le"]],
    ["within its body", ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok"]],
    ["within its chunks", ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nok"]],
  ])("that is cut off %s is a reset", async (_, pieces) => {
    await between(
      (nth) => (nth === 0 ? [...pieces, ""] : [OK]),
      async (ask) => {
        await expect(ask()).rejects.toMatchObject({ name: "TimeoutError", code: "ECONNRESET" });
        expect((await ask()).response.statusCode).toBe(200);
      },
    );
  });

  it("that says close, or is of HTTP/1.0, ends its connection", async () => {
    const closing = [
      "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
      "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ];
    await between(
      (nth) => [closing[nth] ?? OK],
      async (ask, server) => {
        for (const _ of [1, 2, 3, 4]) expect((await ask()).response.body.toString()).toBe("ok");
        expect(server.connections).toBe(3);
      },
    );
  });

  it("that comes before the whole request was taken ends its connection", async () => {
    await using server = await rawServer(() => [OK]);
    const early = createServer((request, response) => {
      request.pause();
      response.writeHead(413, { "content-length": "0" }).end();
    }).listen(0, "127.0.0.1");
    await once(early, "listening");
    const handler = new HttpHandler();
    const { port } = early.address() as AddressInfo;
    const { response } = await handler.handle(requestTo(port, { body: Buffer.alloc(20_000_000) }));
    expect(response.statusCode).toBe(413);
    expect((await handler.handle(requestTo(server.port))).response.statusCode).toBe(200);
    handler.destroy();
    early.closeAllConnections();
    early.close();
  });
});

describe("over TLS", () => {
  const file = (name: string): Buffer =>
    readFileSync(new URL(`../../../../bench/tls/test-only-${name}.pem`, import.meta.url));
  const ca = file("certificate");

  it("the same, to a server that is trusted; to no other, whatever the environment says", async () => {
    const body = Buffer.alloc(700_000, "0123456789");
    const server = createTlsServer({ cert: ca, key: file("key") }, (request, response) => {
      request.resume().on("end", () => response.end(body));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const request = requestTo((server.address() as AddressInfo).port, { protocol: "https:" });
    const trusting = new HttpHandler({ ca });
    for (const _ of [1, 2, 3]) expect((await trusting.handle(request)).response.body.equals(body)).toBe(true);
    trusting.destroy();
    const handler = new HttpHandler();
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      await expect(handler.handle(request)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
    handler.destroy();
    server.closeAllConnections();
    server.close();
  });
});

describe("time and connections", () => {
  it("an answer that does not come is a time-out, and its connection is not used again", async () => {
    const clock = virtualClock();
    await between(
      (nth) => (nth === 0 ? "silence" : [OK]),
      async (ask, server) => {
        const late = ask().catch((error: unknown) => error);
        await expect.poll(() => server.requests).toHaveLength(1);
        await clock.advance(49);
        expect(clock.pendingTimers()).toBe(1);
        await clock.advance(1);
        expect(await late).toMatchObject({ name: "TimeoutError", message: /50 ms/ });
        await ask();
        expect(server.connections).toBe(2);
      },
      { requestTimeoutMs: 50, clock },
    );
  });

  it("a connection that cannot be opened is an error at once, one that takes too long a time-out", async () => {
    const gone = await rawServer(() => [OK]);
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    const handler = new HttpHandler();
    await expect(handler.handle(requestTo(port))).rejects.toMatchObject({ code: "ECONNREFUSED" });
    handler.destroy();
    const clock = virtualClock();
    await between(
      () => "silence",
      async (ask, server) => {
        const busy = ask({}, { requestTimeout: 1000 }).catch((error: unknown) => error);
        await expect.poll(() => server.requests).toHaveLength(1);
        // The one connection that it may have is in use.
        const waiting = ask().catch((error: unknown) => error);
        await clock.advance(60);
        expect(await waiting).toMatchObject({ name: "TimeoutError", message: /connection within 60 ms/ });
        await clock.advance(940);
        expect(await busy).toMatchObject({ name: "TimeoutError", message: /answer within 1000 ms/ });
      },
      { connectionTimeoutMs: 60, maxConnections: 1, clock },
    );
  });

  it("an abort ends a request before it is sent, while it waits for a connection, and while it waits for its answer", async () => {
    await between(
      () => "silence",
      async (ask, server) => {
        const aborted = AbortSignal.abort(new Error("the shard is gone"));
        await expect(ask({}, { abortSignal: aborted })).rejects.toMatchObject({ name: "AbortError" });
        expect(server.connections).toBe(0);
        const controllers = [new AbortController(), new AbortController()];
        const asked = controllers.map(({ signal }) => ask({}, { abortSignal: signal }));
        const settled = Promise.allSettled(asked);
        while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
        for (const controller of controllers.reverse()) controller.abort();
        for (const outcome of await settled)
          expect(outcome).toMatchObject({ status: "rejected", reason: { name: "AbortError" } });
        expect(server.requests).toHaveLength(1);
      },
      { maxConnections: 1 },
    );
  });

  it("never more connections than allowed; who waits is served in turn, also past failures", async () => {
    let most = 0;
    await between(
      (nth, socket) => {
        most = Math.max(most, nth);
        if (nth % 7 === 3) return "close";
        setTimeout(() => socket.write(OK), 2);
        return "silence";
      },
      async (ask, server) => {
        let open = 0;
        const watch = setInterval(() => (open = Math.max(open, server.open.size)), 1);
        const asked = Array.from({ length: 60 }, () =>
          ask().then(
            () => "ok",
            () => "failed",
          ),
        );
        const outcomes = await Promise.all(asked);
        clearInterval(watch);
        expect(outcomes.filter((outcome) => outcome === "failed").length).toBeGreaterThan(3);
        expect(outcomes.filter((outcome) => outcome === "ok").length).toBeGreaterThan(40);
        expect(open).toBeLessThanOrEqual(3);
        expect(server.requests).toHaveLength(60);
      },
      { maxConnections: 3 },
    );
  });

  it("a connection that the server closed while it rested is not used", async () => {
    await between(
      () => [OK],
      async (ask, server) => {
        await ask();
        const [socket] = server.open;
        socket?.end();
        while (server.open.size > 0) await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect((await ask()).response.statusCode).toBe(200);
        expect(server.connections).toBe(2);
      },
    );
  });

  it("what a server says without being asked ends the connection, and is the answer to nothing", async () => {
    await between(
      () => [OK],
      async (ask, server) => {
        await ask();
        const [socket] = server.open;
        socket?.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
        while (server.open.size > 0) await new Promise((resolve) => setImmediate(resolve));
        expect((await ask()).response.body.toString()).toBe("ok");
      },
    );
  });

  it("closing fails what is under way or waiting, and leaves no connection open", async () => {
    await between(
      () => "silence",
      async (ask, server, handler) => {
        const asked = [ask(), ask(), ask()].map((promise) => promise.catch((error: unknown) => error));
        while (server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
        handler.destroy();
        for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: "ECONNABORTED" });
        while (server.open.size > 0) await new Promise((resolve) => setImmediate(resolve));
      },
      { maxConnections: 2 },
    );
  });

  it("a bad option is named", () => {
    for (const option of ["connectionTimeoutMs", "requestTimeoutMs", "maxConnections"])
      expect(() => new HttpHandler({ [option]: 0 })).toThrow(option);
  });
});
