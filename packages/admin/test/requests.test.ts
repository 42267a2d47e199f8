import { once } from "node:events";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { memoryLeases } from "@kinesis-connectors/leases";
import { startAdmin } from "../src/index.js";
import { ask, shardOf, socketTo, TOKEN, toldConnector, until } from "./support.js";

const start = () =>
  startAdmin(toldConnector(), {
    port: 0,
    token: TOKEN,
    steering: { table: memoryLeases().connect() },
    logger: { level: "info" },
  });

describe("a request that is not served", () => {
  it.each([
    ["GET", "/assets/..%2findex.html", 404, "not-found"],
    ["GET", "/api/v1/nowhere", 404, "not-found"],
    ["GET", "/api/v1/shards/shardId-000000000009", 404, "shard-unknown"],
    ["POST", "/api/v1/shards/shardId-000000000009/pause", 404, "shard-unknown"],
    ["POST", "/api/v1/shards/..%2f..%2fx/pause", 404, "shard-unknown"],
    ["GET", "/api/v1/shards/shardId-000000000009/peek", 404, "not-found"],
    ["GET", "/api/v1/config", 404, "not-configured"],
    ["GET", "/api/v1/shards/%E0%A4%A/pause", 405, "method-not-allowed"],
    ["POST", "/livez", 405, "method-not-allowed"],
    ["DELETE", "/api/v1/shards", 405, "method-not-allowed"],
    ["GET", "/api/v1/pause", 405, "method-not-allowed"],
    ["OPTIONS", "/api/v1/status", 405, "method-not-allowed"],
    ["PUT", "/api/v1/drain", 405, "method-not-allowed"],
  ])("%s %s: %i %s, as JSON", async (method, path, status, code) => {
    await using admin = await start();
    const answer = await ask(admin, path, { method, token: TOKEN });
    expect(answer).toMatchObject({ status, json: { error: { code, message: expect.any(String) } } });
    expect(answer.headers).toMatchObject({
      "content-type": expect.stringContaining("application/json"),
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("default-src 'self'"),
      "x-content-type-options": "nosniff",
    });
    expect(answer.headers["allow"] !== undefined).toBe(status === 405);
    expect(answer.headers["x-powered-by"]).toBeUndefined();
  });

  it("HEAD answers as GET does, without a body, and opens no stream", async () => {
    await using admin = await start();
    for (const [path, status] of [
      ["/livez", 200],
      ["/api/v1/status", 200],
      ["/api/v1/events", 200],
      ["/nowhere", 404],
      ["/api/v1/pause", 405],
    ] as const) {
      const answer = await ask(admin, path, { method: "HEAD", token: TOKEN });
      expect([path, answer.status, answer.text]).toEqual([path, status, ""]);
    }
  });
});

describe("the body of a request", () => {
  it.each([
    ["no JSON", "{"],
    ["an array", "[]"],
    ["a text", '"pause"'],
    ["null", "null"],
    ["bytes that are no text", Buffer.from([0xff, 0xfe]).toString("latin1")],
    ["a member that is not known", { shard: "1" }],
    ["a name that is no text", { by: 5 }],
    ["a name of two lines", { by: "ops\nroot" }],
  ])("is refused as %s", async (_what, body) => {
    await using admin = await start();
    expect(await ask(admin, "/api/v1/pause", { method: "POST", token: TOKEN, body })).toMatchObject({
      status: 400,
      json: { error: { code: "body-malformed" } },
    });
  });

  it("changes no prototype", async () => {
    await using admin = await start();
    for (const body of ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'])
      expect(await ask(admin, "/api/v1/pause", { method: "POST", token: TOKEN, body })).toMatchObject({
        status: 400,
      });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("is refused above 64 KiB, whether its length was told or not, and the server goes on", async () => {
    await using admin = await start();
    const body = JSON.stringify({ by: "x".repeat(65_536) });
    for (const headers of [{ "content-length": `${body.length}` }, { "transfer-encoding": "chunked" }])
      expect(
        await ask(admin, "/api/v1/pause", { method: "POST", token: TOKEN, body, headers }),
      ).toMatchObject({ status: 413, json: { error: { code: "body-too-large" } } });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
  });

  it("may be empty, chunked or plain", async () => {
    await using admin = await start();
    for (const headers of [{ "content-length": "2" }, { "transfer-encoding": "chunked" }])
      expect(
        await ask(admin, "/api/v1/resume", { method: "POST", token: TOKEN, body: "{}", headers }),
      ).toMatchObject({ status: 202 });
    expect(await ask(admin, "/api/v1/resume", { method: "POST", token: TOKEN })).toMatchObject({
      status: 202,
    });
  });
});

describe("what is no request", () => {
  it.each([
    ["no HTTP", "hello\r\n\r\n"],
    ["no Host", "GET /livez HTTP/1.0\r\n\r\n"],
    ["an empty Host", "GET /livez HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n"],
    ["a Host that is none", "GET /livez HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n"],
    [
      "another server's URL",
      "GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    ],
    ["a tunnel", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n"],
    ["a backslash in its path", "GET /\\livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
  ])("is turned away: %s", async (_what, text) => {
    await using admin = await start();
    const socket = socketTo(admin);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(text);
    await once(socket, "close");
    const answer = Buffer.concat(chunks).toString();
    expect(answer).toMatch(/^(HTTP\/1\.1 (400|403|404) |$)/);
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
  });

  it("and who opens a connection and says nothing keeps nobody waiting, nor the server from closing", async () => {
    const admin = await start();
    const sockets = Array.from({ length: 5 }, () => socketTo(admin));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    sockets[0]?.write("POST /api/v1/pause HTTP/1.1\r\nHost: localhost\r\nContent-Le");
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
    const gone = sockets.map((socket) => {
      socket.on("error", () => undefined);
      return once(socket, "close");
    });
    await admin.close();
    await Promise.all(gone);
  });
});

describe("any request", () => {
  it("gets an answer of JSON, and never a failure of the server", async () => {
    await using admin = await start();
    const method = fc.constantFrom(
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "QUERY",
      "PURGE",
    );
    const part = fc.oneof(
      fc.constantFrom(
        "api",
        "v1",
        "shards",
        "connectors",
        "clicks-to-nowhere",
        "pause",
        "reset",
        "events",
        "..",
        "",
        "__proto__",
        "%00",
        "%2e",
      ),
      fc.webSegment(),
    );
    const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
    await fc.assert(
      fc.asyncProperty(method, path, fc.webQueryParameters(), fc.boolean(), fc.string(), async (...given) => {
        const [asked, at, query, hasToken, body] = given;
        if (asked === "GET" && at.endsWith("/events")) return;
        // The console's page, where it is built.
        if (asked === "GET" && /^\/+$/.test(new URL(`http://here${at}`).pathname)) return;
        const hasBody = !["GET", "HEAD", "OPTIONS", "TRACE"].includes(asked);
        const answer = await ask(admin, `${at}?${query}`, {
          method: asked,
          ...(hasToken ? { token: TOKEN } : {}),
          ...(hasBody ? { body } : {}),
        });
        expect(answer.status < 500 || answer.status === 501).toBe(true);
        expect(asked === "HEAD" || typeof answer.json).toBe(asked === "HEAD" ? true : "object");
        expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      }),
      { numRuns: 300 },
    );
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
  });
});

describe("a client that goes in the middle", () => {
  it("is no line on the console, and no failure of the process", async () => {
    const lines: unknown[] = [];
    const keep = (...line: unknown[]): void => void lines.push(line);
    const spies = (["log", "info", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(keep),
    );
    try {
      const connector = toldConnector();
      connector.show({ shards: Array.from({ length: 20_000 }, (_, n) => shardOf(`shardId-${n}`)) });
      await using admin = await startAdmin(connector, { port: 0, token: TOKEN });
      for (const text of [
        "GET /api/v1/shards HTTP/1.1\r\n",
        "GET /api/v1/events HTTP/1.1\r\n",
        "POST /api/v1/pause HTTP/1.1\r\nContent-Length: 500\r\n",
        "POST /api/v1/pause HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
      ]) {
        const socket = socketTo(admin);
        socket.on("error", () => undefined);
        const isReading = text.startsWith("GET");
        const body = isReading ? "" : "{";
        socket.write(`${text}Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n${body}`);
        if (isReading) await once(socket, "data");
        else await once(socket, "connect");
        socket.resetAndDestroy();
        await once(socket, "close");
      }
      expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
      await admin.close();
      expect(lines).toEqual([]);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });
});

describe("a client that does not read its answer", () => {
  it("holds up nobody, and is gone with the server", async () => {
    const connector = toldConnector();
    connector.show({ shards: Array.from({ length: 20_000 }, (_, n) => shardOf(`shardId-${n}`)) });
    const admin = await startAdmin(connector, { port: 0 });
    const socket = socketTo(admin);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.pause();
    socket.write("GET /api/v1/shards HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const { text, status } = await ask(admin, "/api/v1/shards");
    expect([status, text.length > 1_000_000]).toEqual([200, true]);
    await admin.close();
    socket.resume();
    await until(() => socket.destroyed);
  });
});
