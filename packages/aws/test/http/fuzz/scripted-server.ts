import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Scenario, scenarioOf } from "./scenarios.js";

/** A server that does what the scenarios say. A request names its own: "scenario <number>", or "next <text>", which is answered as it should be. */
export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** The connection that a request came over, by the name of the request. */
  readonly connectionOf: (name: string) => number | undefined;
  /** Called in the midst of an answer that the client is to give up. */
  readonly onAbort: Map<string, () => void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const open = new Set<Socket>();
  const connections = new Map<string, number>();
  const onAbort: ScriptedServer["onAbort"] = new Map();
  let opened = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = opened;
    opened += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    let waiting: Buffer = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      const head = waiting.indexOf("\r\n\r\n");
      if (head < 0) return;
      const text = waiting.toString("latin1", 0, head);
      const name = /\r\nx-request: ([^\r]+)/i.exec(text)?.[1] ?? "";
      const [, client = "", nth] = /^(\w+) scenario (\d+)$/.exec(name) ?? [];
      const scenario = nth === undefined ? undefined : scenarioOf(Number(nth));
      if (scenario?.kind === "early") {
        // What is left of the request stays where it is: a request behind it would never be read.
        socket.off("data", take).pause();
      } else {
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (waiting.length < head + 4 + length) return;
      }
      waiting = Buffer.alloc(0);
      connections.set(name, connection);
      if (scenario === undefined) socket.write(answerTo(name));
      else void play(socket, scenario, () => onAbort.get(`${client} ${nth}`)?.());
    };
    socket.on("data", take);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connectionOf: (name) => connections.get(name),
    onAbort,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What a "next" request is answered. */
export function nextBody(name: string): string {
  return `the answer to ${name}`;
}

function answerTo(name: string): string {
  const body = nextBody(name);
  return `HTTP/1.1 200 OK\r\nx-amzn-requestid: ${name}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

async function play(
  socket: Socket,
  { kind, pieces, after, isKept }: Scenario,
  abort: () => void,
): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (kind === "abort" && index === after) {
      abort();
      await nextTurn();
    }
    if (!socket.destroyed) socket.write(piece);
    await nextTurn();
  }
  switch (kind) {
    case "reset":
      socket.resetAndDestroy();
      return;
    case "repeat":
      if (!isKept) break;
      for (let turn = 0; turn < after; turn += 1) await nextTurn();
      if (!socket.destroyed) socket.write(Buffer.concat(pieces));
      return;
    default:
  }
  if (!isKept) socket.end();
}
