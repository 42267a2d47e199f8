// Ports of this machine that a server may have.
import { createServer } from "node:net";

/** The first of some ports in a row that nobody listens on now. */
export async function freePorts(count = 4) {
  for (;;) {
    // Below the ports that a kernel gives to whoever asks for any: one of those may be taken before it is used.
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
}

/** Whether nobody listens on a port. */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
