import { connect } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import {
  describeOn,
  startAnswerCutter,
  startMariadb,
  startPglite,
  startPostgres,
  startRedis,
  type TestServer,
} from "../src/index.js";

/** What a server says first, of itself or when it is told something; empty when it ends the connection, undefined when nobody listens. */
async function firstWords(url: string, say?: string | Buffer): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const end = (words: string | undefined): void => {
      socket.destroy();
      resolve(words);
    };
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(""));
    socket.on("data", (bytes) => end(bytes.toString("latin1")));
    if (say !== undefined) socket.write(say);
  });
}

/** SSLRequest of PostgreSQL, which is answered by one letter. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

const SERVERS: readonly [string, TestServer | undefined, string, string | Buffer | undefined, RegExp][] = [
  ["PostgreSQL", await startPostgres(), "PostgreSQL", SSL_REQUEST, /^N/],
  ["PGlite", await startPglite(), "PGlite", SSL_REQUEST, /^N/],
  ["MariaDB", await startMariadb(), "MariaDB or MySQL", undefined, /mysql_native_password|caching_sha2/],
  ["Redis", await startRedis(), "Redis or Valkey", "PING\r\n", /^-NOAUTH|\+PONG/],
];

afterAll(async () => {
  for (const [, server] of SERVERS) await server?.[Symbol.asyncDispose]();
});

describe.each(SERVERS)("a server for tests (%s)", (_name, server, wanted, say, answer) => {
  describeOn(describe, server, wanted, ({ url, process }) => {
    it("answers, is gone once it is killed, and answers at the same place when it is started again", async () => {
      expect(await firstWords(url, say)).toMatch(answer);
      // A server of the user's is nobody's to kill.
      if (process === undefined) return;
      await process.kill();
      expect(await firstWords(url, say)).toBeUndefined();
      await process.start();
      expect(await firstWords(url, say)).toMatch(answer);
    });

    it("is asked, and its answer never comes", async () => {
      await using cutter = await startAnswerCutter({ url });
      expect(await firstWords(cutter.url, say)).toMatch(answer);
      const hasHappened = cutter.cut();
      const words = await firstWords(cutter.url, say ?? "hello");
      // MariaDB speaks first.
      expect(words === "" || say === undefined).toBe(true);
      await expect.poll(hasHappened).toBe(true);
    });
  });
});
