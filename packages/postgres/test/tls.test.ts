import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { silentLogger } from "@kinesis-connectors/core";
import { batchOf, deliver } from "@kinesis-connectors/testkit";
import { postgresEmitter, type PostgresConnectionOptions } from "@kinesis-connectors/postgres";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { afterAll, describe, expect, it } from "vitest";
import { rejectionOf } from "./support/deliveries.js";
import { selfSigned } from "./support/self-signed.js";
import { createSchema, type TestSchema } from "./support/tables.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

/** SSLRequest (manual, "Message Formats"): 8 bytes, which the server answers by one letter. */
const SSL_REQUEST_BYTES = 8;

/** Speaks TLS to clients in front of a server that does not. */
async function startTlsFront(
  port: number,
  given: { readonly key: string; readonly cert: string },
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const front = createServer((client) => {
    keep(client);
    client.once("data", (bytes) => {
      expect(bytes).toHaveLength(SSL_REQUEST_BYTES);
      client.write("S");
      const secure = new TLSSocket(client, { isServer: true, ...given });
      const upstream = connect({ host: "127.0.0.1", port });
      keep(secure);
      keep(upstream);
      secure.pipe(upstream).pipe(secure);
    });
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    port: (front.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, "close");
    },
  };
}

describeOn(describe, server, "PostgreSQL", ({ url }) => {
  const { port, pathname, username, password } = new URL(url);

  const connection = (more: Partial<PostgresConnectionOptions>): PostgresConnectionOptions => ({
    host: "localhost",
    database: pathname.slice(1),
    user: username,
    password,
    ...more,
  });
  const emit = async (test: TestSchema, more: Partial<PostgresConnectionOptions>): Promise<unknown> => {
    const emitter = postgresEmitter<{ n: number }>({
      connection: connection(more),
      table: `${test.schema}.items`,
      columns: { n: "integer" },
    });
    try {
      return await rejectionOf(async () => {
        await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
        await deliver(emitter, batchOf([{ n: 1 }]));
      });
    } finally {
      await emitter.close?.();
    }
  };

  it("is written to over TLS, once its certificate and its name are known", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (n integer)");
    const own = selfSigned();
    await using front = await startTlsFront(Number(port), own);
    expect(await emit(test, { port: front.port, tls: { ca: own.cert } })).toBeUndefined();
    expect(await test.run("SELECT n FROM items")).toEqual([{ n: 1 }]);
    for (const more of [
      { tls: true },
      { tls: { ca: selfSigned().cert } },
      { host: "127.0.0.1", tls: { ca: own.cert } },
    ]) {
      expect(await emit(test, { port: front.port, ...more })).toMatchObject({
        code: "KC_EMIT_REFUSED",
        message: expect.stringContaining("connection.tls.ca"),
      });
    }
  });

  it("is not written to readable because it has no TLS", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (n integer)");
    expect(await emit(test, { port: Number(port), tls: true })).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("connection.tls to false"),
    });
  });
});
