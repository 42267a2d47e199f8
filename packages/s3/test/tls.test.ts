import { batchOf, deliver, failureFrom } from "@kinesis-connectors/testkit";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ndjson, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";
import type { Emitter } from "@kinesis-connectors/core";
import { selfSigned } from "./support/self-signed.js";

const DEFAULT_MIN_VERSION = tls.DEFAULT_MIN_VERSION;

afterEach(() => {
  tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  vi.unstubAllEnvs();
});

async function emitterAt(server: Server): Promise<Emitter<unknown, S3Plan>> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return s3Emitter<unknown>({
    bucket: "clicks",
    format: ndjson(),
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    endpoint: `https://127.0.0.1:${port}`,
    forcePathStyle: true,
    requestTimeoutMs: 2_000,
  });
}

/** The versions that a ClientHello offers, newest first (RFC 8446 §4.2.1). */
function offeredVersions(hello: Buffer): number[] {
  // Record header, handshake header, version, random; then session id, cipher suites and compression methods, each behind its length.
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    const isVersions = hello.readUInt16BE(at) === 43;
    if (isVersions)
      return Array.from({ length: hello.readUInt8(at + 4) / 2 }, (_, nth) =>
        hello.readUInt16BE(at + 5 + nth * 2),
      );
  }
  throw new Error("the ClientHello names no versions");
}

describe("S14 a connection over TLS", () => {
  it("is refused to a server whose certificate nobody vouches for, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    let requests = 0;
    const server = createHttpsServer(selfSigned(), (_, response) => {
      requests += 1;
      response.end();
    });
    const emitter = await emitterAt(server);
    const error = await failureFrom(deliver(emitter, batchOf<unknown>([1])));
    expect(error.message).toMatch(/self-signed certificate/);
    expect(requests).toBe(0);
    await emitter.close?.();
    server.close();
  });

  it("offers TLS 1.2 and 1.3 and nothing older, whatever the process allows", async () => {
    tls.DEFAULT_MIN_VERSION = "TLSv1";
    const hellos: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (hello: Buffer) => {
        hellos.push(hello);
        socket.destroy();
      });
    });
    const emitter = await emitterAt(server);
    await failureFrom(deliver(emitter, batchOf<unknown>([1])));
    expect(hellos.length).toBeGreaterThan(0);
    for (const hello of hellos) expect(offeredVersions(hello)).toEqual([0x0304, 0x0303]);
    await emitter.close?.();
    server.close();
  });
});
