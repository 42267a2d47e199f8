import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** When an answer is sent again: with it, a turn or some milliseconds later, while its connection rests, or in place of the next answer. */
const MOMENTS = ["packet", "turn", "soon", "idle", "next"] as const;

/** A proxy that sends some of the answers two or three times. */
export interface RepeatingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** How often an answer was sent once more. */
  readonly repeats: () => number;
}

/**
 * @param target where the requests go
 * @param pick a number below a bound, from the seed
 * @param most repeats at all
 */
export async function repeatingProxy(
  target: string,
  pick: (below: number) => number,
  most: number,
): Promise<RepeatingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let repeats = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.on("data", (chunk) => upstream.write(chunk));
    const send = (bytes: Buffer): void => {
      if (!client.destroyed) client.write(bytes);
    };
    const sendAgain = (bytes: Buffer): void => {
      if (client.destroyed) return;
      repeats += 1;
      client.write(bytes);
    };
    let held: Buffer | undefined;
    let sending = Promise.resolve();
    const answer = async (bytes: Buffer): Promise<void> => {
      if (held !== undefined) {
        sendAgain(held);
        held = undefined;
        await pause(1 + pick(3));
      }
      if (repeats >= most || pick(10) !== 0) {
        send(bytes);
        return;
      }
      const copies = Buffer.concat(Array.from({ length: 1 + pick(2) }, () => bytes));
      switch (MOMENTS[pick(MOMENTS.length)]) {
        case "packet":
          sendAgain(Buffer.concat([bytes, copies]));
          return;
        case "turn":
          send(bytes);
          setImmediate(() => sendAgain(copies));
          return;
        case "soon":
          send(bytes);
          setTimeout(() => sendAgain(copies), pick(6));
          return;
        case "idle":
          send(bytes);
          setTimeout(() => sendAgain(copies), 15 + pick(40));
          return;
        default:
          send(bytes);
          held = bytes;
      }
    };
    let waiting: Buffer = Buffer.alloc(0);
    upstream.on("data", (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let end = endOf(waiting); end > 0; end = endOf(waiting)) {
        const whole = waiting.subarray(0, end);
        waiting = waiting.subarray(end);
        sending = sending.then(() => answer(whole));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeats: () => repeats,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Where the first whole answer ends, or -1. The local services name the length of each. */
function endOf(bytes: Buffer): number {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return -1;
  const length = /content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1];
  if (length === undefined) throw new Error("the local service gave an answer without a length");
  const end = head + 4 + Number(length);
  return bytes.length < end ? -1 : end;
}
