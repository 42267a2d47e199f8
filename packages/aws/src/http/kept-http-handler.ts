import { IncomingMessage } from "node:http";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { asError } from "@kinesis-connectors/core";
import { type Later, later } from "../later.js";
import { sdkPart } from "../sdk-part.js";
import { type KeptAgents, keptAgents, type KeptAgentsOptions } from "./kept-agents.js";
import { AnswerIds, SeenAnswers } from "./seen-answers.js";

type Answer = Awaited<ReturnType<NodeHttpHandler["handle"]>>["response"];

/** How requests are sent. */
export interface KeptHttpHandlerOptions extends Omit<KeptAgentsOptions, "ca"> {
  /** How long one request may take until its answer begins, in milliseconds. */
  readonly requestTimeoutMs: number;
}

const nodeHttpHandler = sdkPart(
  "@smithy/node-http-handler",
  import.meta.url,
  () => import("./node-http-handler.js"),
);

/** The SDK's own HTTP/1.1, for services whose bodies are streams or whose requests are few, over `keptAgents`. It is loaded with the first request. */
export class KeptHttpHandler {
  readonly metadata: { readonly handlerProtocol: string } = { handlerProtocol: "http/1.1" };
  readonly #agents: KeptAgents;
  readonly #ids = new AnswerIds();
  readonly #seen = new WeakMap<object, SeenAnswers>();
  readonly #handler: Later<NodeHttpHandler>;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option */
  constructor(options: KeptHttpHandlerOptions) {
    const agents = keptAgents(options);
    this.#agents = agents;
    this.#handler = later(
      async () => {
        const { NodeHttpHandler: Handler } = await nodeHttpHandler();
        return new Handler({
          connectionTimeout: options.connectionTimeoutMs,
          requestTimeout: options.requestTimeoutMs,
          throwOnRequestTimeout: true,
          httpAgent: agents.http,
          httpsAgent: agents.https,
        });
      },
      (handler) => handler.destroy(),
    );
  }

  /** Sends a request over a connection that is kept, as `NodeHttpHandler` does. */
  async handle(...call: Parameters<NodeHttpHandler["handle"]>): ReturnType<NodeHttpHandler["handle"]> {
    const handler = await this.#handler.made();
    let answer: Awaited<ReturnType<NodeHttpHandler["handle"]>>;
    try {
      answer = await handler.handle(...call);
    } catch (error) {
      this.#agents.look();
      throw asError(error);
    }
    this.#see(answer.response);
    return answer;
  }

  /** Closes the connections. */
  destroy(): void {
    this.#handler.end();
  }

  /** Asked for by the SDK's clients. */
  updateHttpClientConfig(): void {
    // Nothing can be changed later.
  }

  /** Asked for by the SDK's clients. */
  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /**
   * A proxy that sends an answer twice would have the second one taken for that of the next request: a write that was never carried out would
   * count as done. The body is not there yet, so what an answer says is told by its head.
   * @throws HttpFormatError when the answer has come over the same connection before
   */
  #see({ statusCode, headers, body }: Answer): void {
    if (!(body instanceof IncomingMessage)) return;
    const { socket } = body;
    let seen = this.#seen.get(socket);
    if (seen === undefined) this.#seen.set(socket, (seen = new SeenAnswers(this.#ids)));
    try {
      seen.see(
        headers,
        Buffer.from(`${statusCode} ${headers["content-length"] ?? ""} ${headers["etag"] ?? ""}`),
      );
    } catch (error) {
      // Whatever else comes over it belongs to an earlier request too.
      body.destroy();
      socket.destroy();
      throw error;
    }
  }
}
