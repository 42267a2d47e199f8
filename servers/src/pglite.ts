import { once } from "node:events";
import { type AddressInfo, createServer, connect, type Socket } from "node:net";
import type { TestServer } from "./test-server.js";

interface PGlite {
  readonly close: () => Promise<void>;
}

interface SocketServer {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly getServerConn: () => string;
}

// Not written out in the import: the compiler would read PGlite's own declarations, which need Emscripten's and the browser's types.
const PGLITE: string = "@electric-sql/pglite";
const SOCKET: string = "@electric-sql/pglite-socket";

/**
 * Starts PostgreSQL in WebAssembly, in this process, behind a port of loopback. All connections share one session, one statement after the other, and no
 * password is asked for. To kill it breaks its connections; its data stay.
 */
export async function startPglite(): Promise<TestServer> {
  const { PGlite } = (await import(PGLITE)) as {
    readonly PGlite: { readonly create: () => Promise<PGlite> };
  };
  const { PGLiteSocketServer } = (await import(SOCKET)) as {
    readonly PGLiteSocketServer: new (options: object) => SocketServer;
  };
  const database = await PGlite.create();
  const server = new PGLiteSocketServer({ db: database, host: "127.0.0.1", port: 0, maxConnections: 100 });
  await server.start();
  const front = await startFront(Number(server.getServerConn().split(":").at(-1)));
  return {
    name: "PGlite",
    url: `postgres://postgres:none@127.0.0.1:${front.port}/postgres`,
    process: { kill: front.close, start: front.open },
    [Symbol.asyncDispose]: async () => {
      await front.close();
      await server.stop();
      await database.close();
    },
  };
}

/** What is closed and opened in the place of PGlite, whose data are in this process. */
async function startFront(target: number): Promise<{
  readonly port: number;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host: "127.0.0.1", port: target });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.unref();
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open: async () => {
      if (!server.listening) await listen(port);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}
