import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as requestHttp } from "node:http";
import { createServer as createTlsServer, request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type LoopbackProxy,
  type LoopbackProxyOptions,
  startLoopbackProxy,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import {
  cureAtProxy,
  HttpHandler,
  keptAgents,
  KeptHttpHandler,
  type OutgoingRequest,
} from "../../src/index.js";

const file = (name: string): Buffer =>
  readFileSync(new URL(`../../../../bench/tls/test-only-${name}.pem`, import.meta.url));
const ca = file("certificate");

/** A server that says back what it was sent, over TLS or in the clear. */
async function echo(isTls: boolean) {
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.end(Buffer.concat(chunks)));
  };
  const server = isTls ? createTlsServer({ cert: ca, key: file("key") }, answer) : createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** For connections that come about. */
const PATIENCE_MS = 30_000;

/** The two ways in which requests are sent here; each gives the answer's body. */
const WAYS = {
  "our own handler": (port: number, isTls: boolean, proxy: string, connectionTimeoutMs = PATIENCE_MS) => {
    const handler = new HttpHandler({ proxy, ca, connectionTimeoutMs });
    return {
      ask: async (body: string): Promise<string> => {
        const request: OutgoingRequest = {
          method: "POST",
          protocol: isTls ? "https:" : "http:",
          hostname: "localhost",
          port,
          path: "/",
          headers: {},
          body,
        };
        return (await handler.handle(request)).response.body.toString();
      },
      close: () => handler.destroy(),
    };
  },
  "the agents of node:http": (
    port: number,
    isTls: boolean,
    proxy: string,
    connectionTimeoutMs = PATIENCE_MS,
  ) => {
    const agents = keptAgents({ maxSockets: 8, ca, proxy, connectionTimeoutMs });
    return {
      ask: async (body: string): Promise<string> => {
        const options = { method: "POST", host: "localhost", port };
        const request = isTls
          ? requestHttps({ ...options, agent: agents.https })
          : requestHttp({ ...options, agent: agents.http });
        request.end(body);
        const [answer] = (await once(request, "response")) as [AsyncIterable<Buffer>];
        let text = "";
        for await (const chunk of answer) text += chunk.toString();
        return text;
      },
      close: () => {
        agents.http.destroy();
        agents.https.destroy();
      },
    };
  },
};

describe.each(Object.entries(WAYS))("%s, through a proxy", (_name, way) => {
  async function through<T>(
    isTls: boolean,
    options: LoopbackProxyOptions,
    test: (ask: (body: string) => Promise<string>, proxy: LoopbackProxy) => Promise<T>,
    urlOf = (proxy: LoopbackProxy): string => `http://127.0.0.1:${proxy.port}`,
    connectionTimeoutMs?: number,
  ): Promise<T> {
    await using server = await echo(isTls);
    await using proxy = await startLoopbackProxy({ route: () => server.port, ...options });
    const { ask, close } = way(server.port, isTls, urlOf(proxy), connectionTimeoutMs);
    try {
      return await test(ask, proxy);
    } finally {
      close();
    }
  }

  it.each([true, false])("reaches a server, over TLS (%s), and keeps its connection", async (isTls) => {
    await through(isTls, {}, async (ask, proxy) => {
      for (const body of ["{}", "x".repeat(700_000), "end"]) expect(await ask(body)).toBe(body);
      expect(proxy.connections()).toBe(1);
      expect(proxy.asked).toHaveLength(1);
      expect(proxy.asked[0]).toMatch(/^localhost:\d+$/);
    });
  });

  it("gives it user and password; without the right ones it is refused by name, and they are not shown", async () => {
    const credentials = "user:SE%CRET";
    await through(
      true,
      { credentials },
      async (ask) => expect(await ask("ok")).toBe("ok"),
      ({ port }) => `http://user:SE%25CRET@127.0.0.1:${port}`,
    );
    for (const [wrong, said] of [
      ["", "asks for credentials"],
      ["user:SECRET@", "does not take these credentials"],
    ]) {
      const error = await through(
        true,
        { credentials },
        (ask, { port }) =>
          ask("ok").then(
            () => undefined,
            (thrown: Error) => Object.assign(thrown, { port }),
          ),
        ({ port }) => `http://${wrong}127.0.0.1:${port}`,
      );
      expect(error).toMatchObject({
        name: "ProxyAuthenticationRequired",
        message: `the proxy http://127.0.0.1:${error?.port} ${said} (407)`,
      });
      expect(cureAtProxy(error)).toMatch(/^the proxy http:\S+ .* \(407\): put the user and password/);
      expect(JSON.stringify([error, error?.stack, error?.cause])).not.toContain("SECRET");
    }
  });

  it.each([
    ["answers 502", 502, { message: /opens no way to localhost:\d+ \(HTTP 502\)/ }],
    ["answers 403", 403, { message: /HTTP 403/ }],
    ["closes", "close", { message: /opened no way to localhost:\d+ \(ECONNRESET\)/, code: "ECONNRESET" }],
  ] as const)(
    "that %s: an outage by name, and the next request is served",
    async (_what, answer, expected) => {
      await through(true, {}, async (ask, proxy) => {
        proxy.answer(answer);
        const error = await ask("ok").catch((thrown: unknown) => thrown);
        expect(error).toMatchObject(expected);
        expect(cureAtProxy(error)).toBeUndefined();
        proxy.answer("open");
        expect(await ask("ok")).toBe("ok");
      });
    },
  );

  it("that hangs: a time-out, and the next request is served", async () => {
    const silent = async (ask: (body: string) => Promise<string>, proxy: LoopbackProxy): Promise<void> => {
      proxy.answer("silence");
      await expect(ask("ok")).rejects.toMatchObject({ code: "ETIMEDOUT" });
      proxy.answer("open");
      // On a busy machine a handshake may take longer than was waited for the silence.
      await expect.poll(() => ask("ok").catch(() => "late")).toBe("ok");
    };
    await through(true, {}, silent, undefined, 400);
  });

  it("that is not there: an error that names it", async () => {
    const proxy = await startLoopbackProxy();
    await proxy[Symbol.asyncDispose]();
    const { ask, close } = way(443, true, `http://user:SECRET@127.0.0.1:${proxy.port}`);
    const error: unknown = await ask("ok").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "ECONNREFUSED",
      message: `the proxy http://127.0.0.1:${proxy.port} opened no way to localhost:443 (ECONNREFUSED)`,
    });
    close();
  });

  it("still checks whom it speaks to at the other end", async () => {
    await using server = await echo(true);
    await using proxy = await startLoopbackProxy({ route: () => server.port });
    const url = `http://127.0.0.1:${proxy.port}`;
    const handler = new HttpHandler({ proxy: url });
    const sdk = new KeptHttpHandler({
      proxy: url,
      maxSockets: 1,
      connectionTimeoutMs: PATIENCE_MS,
      requestTimeoutMs: PATIENCE_MS,
    });
    const request = {
      method: "GET",
      protocol: "https:",
      hostname: "localhost",
      port: 1,
      path: "/",
      headers: {},
    };
    await expect(handler.handle({ ...request, body: "" })).rejects.toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    await expect(sdk.handle(request as never)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    handler.destroy();
    sdk.destroy();
  });
});
