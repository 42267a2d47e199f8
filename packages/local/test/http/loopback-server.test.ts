import { request as http1Request } from "node:http";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { expect, test } from "vitest";
import { LocalAwsError } from "../../src/errors.js";
import { startLoopbackServer } from "../../src/http/loopback-server.js";
import { readBody } from "../../src/http/read-body.js";

const echo = () =>
  startLoopbackServer({
    onRequest: async ({ request, response, protocol }) => {
      const body = await readBody(request, 1024 * 1024);
      response.writeHead(200, { "x-protocol": protocol });
      response.end(body);
    },
  });

function viaHttp1(url: string, body: string): Promise<{ protocol: unknown; body: string }> {
  return new Promise((resolve, reject) => {
    const call = http1Request(url, { method: "POST", agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => {
        resolve({ protocol: answer.headers["x-protocol"], body: text });
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

function viaHttp2(url: string, body: string): Promise<{ protocol: unknown; body: string }> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    let protocol: unknown;
    let text = "";
    stream.on("response", (headers) => (protocol = headers["x-protocol"]));
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("end", () => {
      session.close();
      resolve({ protocol, body: text });
    });
    stream.on("error", reject);
    stream.end(body);
  });
}

test("HTTP/1.1 and HTTP/2 with prior knowledge share one port", async () => {
  const server = await echo();
  const large = "x".repeat(700_000);
  expect(await viaHttp1(server.url, "one")).toEqual({ protocol: "http/1.1", body: "one" });
  expect(await viaHttp2(server.url, "two")).toEqual({ protocol: "h2", body: "two" });
  expect((await viaHttp1(server.url, large)).body).toBe(large);
  expect((await viaHttp2(server.url, large)).body).toBe(large);
  await server.close();
});

test("a request whose first byte arrives alone is still told apart", async () => {
  const server = await echo();
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connectTcp(server.port, "127.0.0.1", () => {
      socket.setNoDelay(true);
      socket.write("P", () => {
        setImmediate(() => socket.write("OST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi"));
      });
    });
    socket.on("data", (chunk: Buffer) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.on("error", reject);
  });
  expect(answer).toContain("x-protocol: http/1.1");
  await server.close();
});

test("closing cuts open connections of both kinds", async () => {
  const server = await echo();
  const idle = connectTcp(server.port, "127.0.0.1");
  const idleClosed = new Promise((resolve) => idle.once("close", resolve));
  idle.on("error", () => idle.destroy());
  const session = connect(server.url);
  session.on("error", () => session.destroy());
  const sessionClosed = new Promise((resolve) => session.once("close", resolve));
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  await server.close();
  await expect(Promise.all([idleClosed, sessionClosed])).resolves.toHaveLength(2);
});

test("a port that is taken is one clear error that names its option", async () => {
  const server = await echo();
  const second = startLoopbackServer({
    onRequest: () => {},
    port: server.port,
    portOption: "kinesis.port",
  });
  await expect(second).rejects.toThrow(
    `[local] port ${server.port} on 127.0.0.1 is already in use: set \`kinesis.port\` to another port, or to 0 to take a free one`,
  );
  await expect(second).rejects.toSatisfy((error) => LocalAwsError.isInstance(error));
  await server.close();
});

test("a failing answer is a 500 with words, never an empty one", async () => {
  const server = await startLoopbackServer({
    onRequest: () => {
      throw new Error("the reason");
    },
  });
  expect((await viaHttp1(server.url, "")).body).toContain("the reason");
  await server.close();
});

test("a client that ends its side after the request still gets its answer", async () => {
  const server = await echo();
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connectTcp({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("end", () => {
      resolve(text);
    });
    socket.on("error", reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nhi\r\n/u);
  await server.close();
});

test("a connection that ends before it said anything is closed", async () => {
  const server = await echo();
  const closed = await new Promise<boolean>((resolve) => {
    const socket = connectTcp({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end();
    socket.resume();
    socket.on("close", () => {
      resolve(true);
    });
  });
  expect(closed).toBe(true);
  await server.close();
});
