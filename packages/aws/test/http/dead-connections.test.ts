import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@kinesis-connectors/core";
import { startLoopbackProxy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { HttpHandler, KeptHttpHandler } from "../../src/index.js";

/** Long enough for a busy machine to answer over loopback. */
const TIMEOUT_MS = 2_500;
const CONNECTIONS = 8;

/** A server that answers each request once as many wait as it was told. */
async function gathering() {
  let expected = 1;
  let ignored = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (ignored > 0) {
      ignored -= 1;
      return;
    }
    waiting.push(() => response.end("ok"));
    if (waiting.length >= expected) for (const answer of waiting.splice(0)) answer();
  });
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    expect: (count: number) => {
      expected = count;
    },
    /** The next request is never answered. */
    ignoreOne: () => {
      ignored += 1;
    },
    ignored: () => ignored === 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Handler {
  readonly ask: (signal?: AbortSignal) => Promise<unknown>;
  readonly destroy: () => void;
}

const requestTo = (port: number) =>
  ({
    method: "GET",
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    path: "/",
    headers: {},
    body: "",
  }) as const;

const HANDLERS: Record<string, (port: number, maxRestMs?: number) => Handler> = {
  "our own handler": (port, maxRestMs = 180_000) => {
    const handler = new HttpHandler({ requestTimeoutMs: TIMEOUT_MS, maxRestMs });
    return {
      ask: (abortSignal) => handler.handle(requestTo(port), abortSignal === undefined ? {} : { abortSignal }),
      destroy: () => handler.destroy(),
    };
  },
  "the SDK's own over kept agents": (port, maxRestMs = 180_000) => {
    const handler = new KeptHttpHandler({
      requestTimeoutMs: TIMEOUT_MS,
      connectionTimeoutMs: 5_000,
      maxSockets: 64,
      maxRestMs,
    });
    return {
      ask: async (abortSignal) => {
        const options = abortSignal === undefined ? {} : { abortSignal };
        const { response } = await handler.handle(requestTo(port) as never, options);
        // Read to its end, so that the connection can be kept.
        const body = response.body as AsyncIterable<Buffer>;
        for await (const chunk of body) void chunk;
      },
      destroy: () => handler.destroy(),
    };
  },
};

describe.each(Object.entries(HANDLERS))(
  "%s, when the network has forgotten its connections",
  (_name, make) => {
    async function withKept(
      test: (given: {
        readonly ask: Handler["ask"];
        readonly network: Awaited<ReturnType<typeof startLoopbackProxy>>;
      }) => Promise<void>,
    ): Promise<void> {
      await using server = await gathering();
      await using network = await startLoopbackProxy({ forwardTo: server.port });
      const { ask, destroy } = make(network.port);
      try {
        server.expect(CONNECTIONS);
        await Promise.all(Array.from({ length: CONNECTIONS }, () => ask()));
        expect(network.connections()).toBe(CONNECTIONS);
        server.expect(1);
        await test({ ask, network });
      } finally {
        destroy();
      }
    }

    const outcome = (asked: Promise<unknown>): Promise<string> =>
      asked.then(
        () => "answered",
        (error: Error) => error.name,
      );

    it("one time-out tells of all: what rested with it is closed, and the next requests are served", async () => {
      await withKept(async ({ ask, network }) => {
        network.forgetConnections();
        const outcomes: string[] = [];
        for (let nth = 0; nth < CONNECTIONS; nth += 1) outcomes.push(await outcome(ask()));
        expect(outcomes[0]).toBe("TimeoutError");
        expect(outcomes.filter((name) => name !== "answered").length).toBeLessThanOrEqual(2);
        expect(outcomes.at(-1)).toBe("answered");
      });
    });

    it("the same when whoever asks gives up first, and for the request that follows at once", async () => {
      await withKept(async ({ ask, network }) => {
        network.forgetConnections();
        const late = Object.assign(new Error("late"), { name: "TimeoutError" });
        const waiting = new AbortController();
        const timer = systemClock.setTimer(50, () => waiting.abort(late));
        expect(await outcome(ask(waiting.signal))).toBe("AbortError");
        timer.cancel();
        expect(await outcome(ask())).toBe("answered");
      });
    });

    it("several requests time out together, and none after them", async () => {
      await withKept(async ({ ask, network }) => {
        network.forgetConnections();
        const together = await Promise.all(Array.from({ length: 3 }, () => outcome(ask())));
        expect(together).toEqual(["TimeoutError", "TimeoutError", "TimeoutError"]);
        const opened = network.connections();
        expect(await outcome(ask())).toBe("answered");
        expect(network.connections()).toBe(opened + 1);
      });
    });

    it("what has answered since is left alone", async () => {
      await using server = await gathering();
      await using network = await startLoopbackProxy({ forwardTo: server.port });
      const { ask, destroy } = make(network.port);
      server.expect(3);
      await Promise.all([ask(), ask(), ask()]);
      server.expect(1);
      server.ignoreOne();
      const late = outcome(ask());
      await expect.poll(() => server.ignored()).toBe(true);
      expect(await outcome(ask())).toBe("answered");
      expect(await late).toBe("TimeoutError");
      // One was late, one has rested since before; the one that answered is left.
      server.expect(2);
      expect(await Promise.all([outcome(ask()), outcome(ask())])).toEqual(["answered", "answered"]);
      expect(network.connections()).toBe(4);
      destroy();
    });

    it("a connection that has rested for too long is not used", async () => {
      await using server = await gathering();
      await using network = await startLoopbackProxy({ forwardTo: server.port });
      const { ask, destroy } = make(network.port, 20);
      await ask();
      // Whether it is closed while it rests or when it would be used.
      await new Promise((resolve) => systemClock.setTimer(200, () => resolve(undefined)));
      await ask();
      expect(network.connections()).toBe(2);
      destroy();
    });
  },
);
