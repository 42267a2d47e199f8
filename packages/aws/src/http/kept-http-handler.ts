import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type KeptAgents, keptAgents, type KeptAgentsOptions } from "./kept-agents.js";

/** How requests are sent. */
export interface KeptHttpHandlerOptions extends Omit<KeptAgentsOptions, "ca"> {
  /** How long one request may take until its answer begins, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** The SDK's own HTTP/1.1, for services whose bodies are streams or whose requests are few, over `keptAgents`. */
export class KeptHttpHandler extends NodeHttpHandler {
  readonly #agents: KeptAgents;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option */
  constructor(options: KeptHttpHandlerOptions) {
    const agents = keptAgents(options);
    super({
      connectionTimeout: options.connectionTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    });
    this.#agents = agents;
  }

  override async handle(
    ...call: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    try {
      return await super.handle(...call);
    } catch (error) {
      this.#agents.look();
      throw error;
    }
  }
}
