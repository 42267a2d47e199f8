import { describe, expect, it } from "vitest";
import { HttpHandler } from "../../src/index.js";
import { type Answering, rawServer } from "./raw-server.js";

const EVIL = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";

function answer(body: string, id?: string): string {
  return `HTTP/1.1 200 OK\r\n${id === undefined ? "" : `x-amzn-requestid: ${id}\r\n`}content-length: ${body.length}\r\n\r\n${body}`;
}

/** A handler of one connection: what is wrongly kept would serve the next request. */
async function asking<T>(
  answering: Answering,
  test: (
    ask: () => Promise<string>,
    server: Awaited<ReturnType<typeof rawServer>>,
    told: readonly string[],
  ) => Promise<T>,
): Promise<T> {
  await using server = await rawServer(answering);
  const told: string[] = [];
  const handler = new HttpHandler({ maxConnections: 1, onUnasked: ({ message }) => told.push(message) });
  const ask = async (): Promise<string> => {
    const { response } = await handler.handle({
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port: server.port,
      path: "/",
      headers: {},
      body: "{}",
    });
    return response.body.toString();
  };
  try {
    return await test(ask, server, told);
  } finally {
    handler.destroy();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("bytes that nobody asked for", () => {
  it.each([
    ["another answer", EVIL],
    ["an empty line", "\r\n"],
    ["one byte", "x"],
  ])(
    "behind a body, in the packet that brings its end, fail its request and end the connection: %s",
    async (_, surplus) => {
      const body = "b".repeat(5_000);
      const whole = answer(body);
      await asking(
        // The head by itself, so that the body is read straight to its place.
        (nth) =>
          nth === 0
            ? [whole.slice(0, 60), whole.slice(60, 3_000), whole.slice(3_000) + surplus]
            : [answer("own")],
        async (ask, server) => {
          await expect(ask()).rejects.toMatchObject({
            name: "HttpFormatError",
            message: /followed by bytes/,
          });
          expect(await ask()).toBe("own");
          expect(server.connections).toBe(2);
        },
      );
    },
  );

  it("that come while the connection rests end it, and somebody is told", async () => {
    await asking(
      (nth) => [answer(`own ${nth}`)],
      async (ask, server, told) => {
        expect(await ask()).toBe("own 0");
        const [socket] = server.open;
        socket?.write(EVIL);
        while (server.open.size > 0) await turn();
        expect(told).toEqual([expect.stringContaining("nobody asked for")]);
        expect(await ask()).toBe("own 1");
        expect(server.connections).toBe(2);
      },
    );
  });

  it("that lie in the socket, unread, when the next request is made, fail it before it is sent", async () => {
    await asking(
      (nth) => [answer(`own ${nth}`)],
      async (ask, server, told) => {
        expect(await ask()).toBe("own 0");
        const [socket] = server.open;
        // Given to the kernel at once; the client has not looked since.
        socket?.write(EVIL);
        await expect(ask()).rejects.toMatchObject({ name: "HttpFormatError" });
        expect(told).toHaveLength(1);
        expect(server.requests).toHaveLength(1);
        expect(await ask()).toBe("own 1");
      },
    );
  });

  it("that a server sends before it was asked for anything are no answer", async () => {
    const { createServer } = await import("node:net");
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(EVIL);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const handler = new HttpHandler();
    const request = {
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port,
      path: "/",
      headers: {},
    };
    await expect(handler.handle(request)).rejects.toMatchObject({ name: "HttpFormatError" });
    handler.destroy();
    server.close();
  });
});

describe("an answer that has come before", () => {
  it("is no answer to the request that is under way when it comes again", async () => {
    await asking(
      (nth) => {
        // What a proxy sends again while the answer to the third request is still on its way.
        const said = nth === 2 ? 0 : nth;
        return [answer(`own ${said}`, `id-${said}`)];
      },
      async (ask, server) => {
        expect([await ask(), await ask()]).toEqual(["own 0", "own 1"]);
        await expect(ask()).rejects.toMatchObject({ name: "HttpFormatError", message: /come before/ });
        expect(await ask()).toBe("own 3");
        expect(server.connections).toBe(2);
      },
    );
  });

  it.each([
    ["all its answers the same", () => "always"],
    [
      "all answers of a connection the same",
      (_nth: number, connection: number) => `connection-${connection}`,
    ],
    ["its answers by a few names in turn", (nth: number) => `id-${nth % 3}`],
  ])("is not known by its id where a server calls %s: no request fails", async (_, idOf) => {
    await asking(
      (nth, { remotePort = 0 }) => [answer(`own ${nth}`, idOf(nth, remotePort))],
      async (ask, server) => {
        for (let nth = 0; nth < 12; nth += 1) expect(await ask()).toBe(`own ${nth}`);
        expect(server.connections).toBe(1);
      },
    );
  });

  it("is told by its id though a proxy adds a header to each, and however long it is", async () => {
    const long = "b".repeat(100_000);
    await asking(
      (nth) => [answer(long, "id-0").replace("\r\n", `\r\nage: ${nth}\r\n`)],
      async (ask) => {
        expect(await ask()).toBe(long);
        await expect(ask()).rejects.toMatchObject({ name: "HttpFormatError", message: /come before/ });
      },
    );
  });

  it("costs one request, and no more, where a server calls all its answers the same and says the same in them", async () => {
    await asking(
      () => [answer("{}", "always")],
      async (ask, server) => {
        const outcomes: string[] = [];
        for (let nth = 0; nth < 8; nth += 1) outcomes.push(await ask().catch((error: Error) => error.name));
        expect(outcomes.filter((outcome) => outcome === "HttpFormatError")).toHaveLength(1);
        expect(outcomes.at(-1)).toBe("{}");
        expect(server.connections).toBe(2);
      },
    );
  });
});

describe("a connection that was closed while it rested", () => {
  it("costs no request, also when nobody has seen it yet", async () => {
    await asking(
      (nth, socket) => {
        // Right behind the answer, as a server does whose time of keeping is over.
        if (nth === 0) setImmediate(() => socket.resetAndDestroy());
        return [answer(`own ${nth}`)];
      },
      async (ask, server) => {
        expect(await ask()).toBe("own 0");
        await turn();
        expect(await ask()).toBe("own 1");
        expect(server.connections).toBe(2);
      },
    );
  });
});
