import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A server that answers with whatever bytes it is told to, request by request. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** Requests as they came, over all connections. */
  readonly requests: readonly string[];
  /** Connections that were opened so far. */
  readonly connections: number;
  /** Those that are open now. */
  readonly open: ReadonlySet<Socket>;
}

/** What becomes of a request, given its number from 0: the answer's pieces, written one after the other. */
export type Answering = (nth: number, socket: Socket) => Iterable<Uint8Array | string> | "silence" | "close";

/** Speaks just enough HTTP to find where a request ends; its answers are the test's. */
export async function rawServer(answering: Answering): Promise<RawServer> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    let waiting = Buffer.alloc(0);
    let busy = Promise.resolve();
    socket.on("data", (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let end = endOf(waiting); end > 0; end = endOf(waiting)) {
        requests.push(waiting.toString("latin1", 0, end));
        waiting = waiting.subarray(end);
        const answer = answering(requests.length - 1, socket);
        if (answer === "silence") continue;
        if (answer === "close") {
          socket.destroy();
          return;
        }
        busy = busy.then(() => writeAll(socket, answer));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    get connections() {
      return connections;
    },
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function writeAll(socket: Socket, pieces: Iterable<Uint8Array | string>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (piece === "") socket.end();
    else {
      socket.write(piece);
      // Each piece is to arrive by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function endOf(bytes: Buffer): number {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return -1;
  const length = Number(/content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return bytes.length < end ? -1 : end;
}
