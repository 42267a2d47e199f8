import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { HttpHandler } from "../../src/index.js";
import { askByNode, type Outcome } from "./fuzz/node-client.js";
import { ONE_READ_BYTES, type Scenario, scenarioOf } from "./fuzz/scenarios.js";
import { nextBody, type ScriptedServer, scriptedServer } from "./fuzz/scripted-server.js";

const ANSWERS = 5_000;
/** Side by side, each with a handler of one connection. */
const CONVERSATIONS = 16;
const SMALL = Buffer.from("{}");
/** More than the buffers of a connection hold, so that it is not sent whole unless it is read. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);

/** Asks one server, with one connection. */
class Conversation {
  readonly #handler = new HttpHandler({ maxConnections: 1, requestTimeoutMs: 20_000 });
  readonly #server: ScriptedServer;

  constructor(server: ScriptedServer) {
    this.#server = server;
  }

  close(): void {
    this.#handler.destroy();
  }

  async ask(name: string, body: Uint8Array, abortSignal?: AbortSignal): Promise<Outcome> {
    try {
      const { response } = await this.#handler.handle(
        {
          method: "POST",
          protocol: "http:",
          hostname: "127.0.0.1",
          port: this.#server.port,
          path: "/",
          headers: { "x-request": name },
          body,
        },
        abortSignal === undefined ? {} : { abortSignal },
      );
      return response;
    } catch (failure) {
      return { failure: failure instanceof Error ? failure : new Error(String(failure)) };
    }
  }

  /** Plays one scenario and what follows it, and says what was wrong. */
  async play(scenario: Scenario): Promise<string | undefined> {
    const { nth, kind } = scenario;
    const first = `own scenario ${nth}`;
    const aborting = new AbortController();
    this.#server.onAbort.set(`own ${nth}`, () => aborting.abort());
    const own = await this.ask(first, kind === "early" ? LARGE : SMALL, aborting.signal);
    const wrong = await this.#compare(scenario, own);
    if (wrong !== undefined) return wrong;

    // The answer to the next request is its own, whatever came before.
    const [next, last] = [`next ${nth}`, `last ${nth}`];
    const followed = await this.ask(next, SMALL);
    if (!("failure" in followed)) {
      if (followed.body.toString() !== nextBody(next))
        return "the next request got an answer that is not its own";
    } else if (kind !== "repeat" && kind !== "surplus")
      return `the next request failed: ${followed.failure.message}`;
    const afterwards = await this.ask(last, SMALL);
    if ("failure" in afterwards) return `the request after it failed: ${afterwards.failure.message}`;
    if (afterwards.body.toString() !== nextBody(last)) return "the request after it got another's answer";

    const isSame = this.#server.connectionOf(next) === this.#server.connectionOf(first);
    const mayBeKept = kind === "repeat" || kind === "surplus" || scenario.isKept;
    if (kind === "whole" && isSame !== scenario.isKept)
      return scenario.isKept ? "its connection was not kept" : "its connection was kept";
    if ((kind === "abort" || kind === "early" || !mayBeKept) && isSame) return "its connection was kept";
    return undefined;
  }

  async #compare(scenario: Scenario, own: Outcome): Promise<string | undefined> {
    const { nth, kind, pieces } = scenario;
    if (kind === "abort")
      return "failure" in own && own.failure.name === "AbortError" ? undefined : "it was not aborted";
    if (kind === "surplus") {
      if ("failure" in own) return undefined;
      const isOneRead = (pieces.at(-1)?.length ?? 0) < ONE_READ_BYTES;
      return isOneRead ? "bytes behind its answer were passed over" : undefined;
    }
    const node = await askByNode(this.#server.port, `node scenario ${nth}`, kind === "early" ? LARGE : SMALL);
    if ("failure" in node) return "failure" in own ? undefined : `Node refuses it: ${node.failure.message}`;
    // Sent again so soon that both came in one read.
    if (kind === "repeat" && "failure" in own && own.failure.name === "HttpFormatError") return undefined;
    if ("failure" in own) return `Node takes it: ${own.failure.message}`;
    if (kind === "malformed") return "Node and this take what is no answer";
    const { body, ...head } = own;
    const { body: nodeBody, ...nodeHead } = node;
    if (!isDeepStrictEqual(head, nodeHead)) return "Node reads another head";
    return body.equals(nodeBody) ? undefined : "Node reads another body";
  }
}

describe("beside Node's own client", () => {
  it(`${ANSWERS} answers, cut, cut off, reset, repeated, aborted and early, come to the same, and the next request to its own`, async () => {
    await using server = await scriptedServer();
    const wrong: string[] = [];
    let at = 0;
    const play = async (conversation: Conversation): Promise<void> => {
      while (at < ANSWERS) {
        const scenario = scenarioOf(at++);
        const said = await conversation.play(scenario);
        if (said !== undefined) wrong.push(`${scenario.nth} (${scenario.kind}): ${said}`);
      }
      conversation.close();
    };
    await Promise.all(Array.from({ length: CONVERSATIONS }, () => play(new Conversation(server))));
    expect(wrong).toEqual([]);
  });
});
