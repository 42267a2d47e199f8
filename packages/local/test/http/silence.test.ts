import { Agent, request as http1Request } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import { connect } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { startLoopbackServer, type LoopbackServerOptions } from "../../src/http/loopback-server.js";
import { selfSigned } from "../certificate.js";

interface Client {
  /** Settles with the answer's text, or with the error. */
  readonly ask: (path: string) => Promise<string>;
  readonly end: () => void;
}

/** HTTP/1.1 over one connection that is kept. */
function onOneSocket(url: string): Client {
  const isTls = url.startsWith("https:");
  const settings = { keepAlive: true, maxSockets: 1, rejectUnauthorized: false };
  const agent = isTls ? new TlsAgent(settings) : new Agent(settings);
  return {
    ask: (path) =>
      new Promise((resolve) => {
        const sent = (isTls ? httpsRequest : http1Request)(`${url}${path}`, { agent }, (answer) => {
          let text = "";
          answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
          answer.on("end", () => resolve(text));
        });
        sent.on("error", (error) => resolve(error.message));
        sent.end();
      }),
    end: () => agent.destroy(),
  };
}

/** HTTP/2 over one session. */
function onOneSession(url: string): Client {
  const session = connect(url, { rejectUnauthorized: false });
  session.on("error", () => undefined);
  return {
    ask: (path) =>
      new Promise((resolve) => {
        const stream = session.request({ ":path": path });
        let text = "";
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
        stream.on("end", () => resolve(text));
        stream.on("error", (error) => resolve(error.message));
      }),
    end: () => session.destroy(),
  };
}

const STILL = "still waiting";
const soonOr = (asked: Promise<string>): Promise<string> =>
  Promise.race([asked, wait(300).then(() => STILL)]);

test.each<[string, (url: string) => Client, boolean]>([
  ["HTTP/1.1", onOneSocket, false],
  ["HTTP/2", onOneSession, false],
  ["HTTP/1.1 over TLS", onOneSocket, true],
  ["HTTP/2 over TLS", onOneSession, true],
])(
  "connections of %s that fall silent stay open and answer nothing; new ones work",
  async (_name, open, isTls) => {
    const handled: string[] = [];
    let release: () => void = () => undefined;
    const options: LoopbackServerOptions = {
      ...(isTls ? { tls: selfSigned() } : {}),
      onRequest: async (exchange) => {
        const path = exchange.request.url ?? "";
        handled.push(path);
        if (path === "/held") await new Promise<void>((resolve) => (release = resolve));
        if (path === "/fall") exchange.silenceAll();
        exchange.response.writeHead(200);
        exchange.response.end(path);
      },
    };
    const server = await startLoopbackServer(options);
    const [resting, asking, holding] = [open(server.url), open(server.url), open(server.url)];
    expect(await resting.ask("/one")).toBe("/one");
    const held = holding.ask("/held");
    while (!handled.includes("/held")) await wait(5);
    const fell = asking.ask("/fall");
    while (!handled.includes("/fall")) await wait(5);
    release();
    const late = resting.ask("/late");
    expect(await Promise.all([held, fell, late].map(soonOr))).toEqual([STILL, STILL, STILL]);
    // What comes over a silent connection is not even looked at.
    expect(handled).toEqual(["/one", "/held", "/fall"]);
    const fresh = open(server.url);
    expect(await fresh.ask("/two")).toBe("/two");
    expect(await soonOr(late)).toBe(STILL);
    for (const client of [resting, asking, holding, fresh]) client.end();
    await server.close();
  },
);
