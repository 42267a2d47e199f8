import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** Counts the requests of an owner over all of its servers, and strikes at one of them. */
export interface CrashPoint {
  /** From 1. */
  readonly at: number;
  /** `before`: the request never arrives. `after`: it is applied, and nobody hears of it. */
  readonly phase: "before" | "after";
  readonly crash: () => void;
  requests: number;
}

/** Forwards HTTP to a server until the crash point is reached; nothing passes after that. */
export async function startCrashProxy(
  target: string,
  point: CrashPoint,
): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    point.requests += 1;
    const number = point.requests;
    if (number > point.at || (number === point.at && point.phase === "before")) {
      incoming.socket.destroy();
      point.crash();
      return;
    }
    const forwarded = send(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (number === point.at) {
          answer.resume();
          incoming.socket.destroy();
          point.crash();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on("error", () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
