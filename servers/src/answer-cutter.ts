import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestServer } from "./test-server.js";

/** Stands between a client and a server, and can see to it that an answer never comes. */
export interface AnswerCutter extends AsyncDisposable {
  /** The URL of the server, by this way. */
  readonly url: string;
  /**
   * From the next bytes on that a client sends: the server gets them, what it answers is dropped, and once `then` has settled (or at once) all connections
   * break. Gives whether it has happened.
   *
   * @param skip lets so many pieces by before: a client may ask the server to prepare a statement. Default 0
   */
  readonly cut: (then?: () => Promise<void>, skip?: number) => () => boolean;
  /** Passes nothing on any more, in either direction, and closes nothing; new connections hang likewise. */
  readonly silence: () => void;
  /** Passes on again what new connections send; those that were silenced break. */
  readonly speak: () => void;
}

/** Starts one in front of a server. */
export async function startAnswerCutter(server: Pick<TestServer, "url">): Promise<AnswerCutter> {
  const target = new URL(server.url);
  const sockets = new Set<Socket>();
  let armed: (() => Promise<void>) | undefined;
  let skipped = 0;
  let isSilent = false;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const front = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    let isCut = false;
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
    }
    client.on("data", (bytes) => {
      if (isSilent) return;
      upstream.write(bytes);
      const then = armed;
      if (then === undefined) return;
      if (skipped > 0) {
        skipped -= 1;
        return;
      }
      armed = undefined;
      isCut = true;
      void then().finally(breakAll);
    });
    upstream.on("data", (bytes) => {
      if (!isSilent && !isCut) client.write(bytes);
    });
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  front.unref();
  const url = new URL(server.url);
  url.host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cut: (then = () => Promise.resolve(), skip = 0) => {
      let hasHappened = false;
      skipped = skip;
      armed = async () => {
        hasHappened = true;
        await then();
      };
      return () => hasHappened;
    },
    silence: () => {
      isSilent = true;
    },
    speak: () => {
      isSilent = false;
      breakAll();
    },
    [Symbol.asyncDispose]: async () => {
      breakAll();
      front.close();
      await once(front, "close");
    },
  };
}
