import { createServer } from "node:http";

/** A server that takes every object and keeps it until it is asked for: for the check, not for the clock. */
export interface Taker extends AsyncDisposable {
  readonly endpoint: string;
  /** The bodies since the last call, in order. */
  readonly take: () => readonly Buffer[];
}

/** Starts one on loopback. */
export async function startTaker(): Promise<Taker> {
  let bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      bodies.push(Buffer.concat(chunks));
      // An answer without one is none of S3's.
      response.setHeader("etag", '"bench"').end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    take: () => {
      const taken = bodies;
      bodies = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
