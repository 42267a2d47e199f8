import type { BodyMemory, HandlerResponse, OutgoingRequest } from "@kinesis-connectors/aws";
import { type Dispatcher, Pool } from "undici";

/**
 * A `requestHandler` for the SDK's clients over undici, at its fastest: `dispatch` on a pool of one server, without streams, promises of its own or
 * signals, and bodies copied once, from undici's chunks into the same memory that our own handler reads into.
 */
export class UndiciHandler {
  readonly metadata: { readonly handlerProtocol: string } = { handlerProtocol: "http/1.1" };
  readonly #pool: Pool;
  readonly #memory: BodyMemory;

  constructor(origin: string, memory: BodyMemory) {
    this.#pool = new Pool(origin, { connections: 64, headersTimeout: 30_000, bodyTimeout: 30_000 });
    this.#memory = memory;
  }

  handle({ path, headers, body }: OutgoingRequest): Promise<{ response: HandlerResponse }> {
    if (typeof body !== "string" && !(body instanceof Uint8Array))
      throw new TypeError("the bench sends no other bodies");
    return new Promise((resolve, reject) => {
      this.#pool.dispatch(
        { method: "POST", path, headers: { ...headers }, body },
        new WholeAnswer(this.#memory, resolve, reject),
      );
    });
  }

  destroy(): void {
    void this.#pool.destroy();
  }

  updateHttpClientConfig(): void {
    // Nothing can be changed later.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}

/** Puts one answer together. The canned server names the length of each. */
class WholeAnswer implements Dispatcher.DispatchHandler {
  readonly #memory: BodyMemory;
  readonly #resolve: (answer: { response: HandlerResponse }) => void;
  readonly #reject: (error: Error) => void;
  #answer: HandlerResponse | undefined;
  #filled = 0;

  constructor(
    memory: BodyMemory,
    resolve: (answer: { response: HandlerResponse }) => void,
    reject: (error: Error) => void,
  ) {
    this.#memory = memory;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {
    // undici asks for it.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
    reason = "",
  ): void {
    const body = this.#memory.take(Number(headers["content-length"]));
    // Every header of the canned server comes once.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    this.#answer = { statusCode, reason, headers: headers as Record<string, string>, body };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#answer === undefined) return;
    chunk.copy(this.#answer.body, this.#filled);
    this.#filled += chunk.length;
  }

  onResponseEnd(): void {
    if (this.#answer?.body.length === this.#filled) this.#resolve({ response: this.#answer });
    else this.#reject(new Error("an answer is not as long as it said"));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}
