import {
  type BodyMemory,
  type HandlerResponse,
  HttpHandler,
  type HttpRoute,
  type OutgoingRequest,
} from "@kinesis-connectors/aws";
import { type Dispatcher, Pool } from "undici";

const HEAD_END = "\r\n\r\n";

/**
 * A `requestHandler` for the SDK's clients over undici, at its fastest: `dispatch` on a pool of one server, without streams or promises of its own, and bodies
 * copied once, from undici's chunks into the same memory that our own handler reads into.
 *
 * It stands for our own to the SDK's clients and to `keepRequests`, so that nothing differs but the HTTP. Requests that are kept come as bytes: reading their head
 * back takes 4 us.
 */
export class UndiciHandler extends HttpHandler {
  readonly #pool: Pool;
  readonly #answers: BodyMemory;

  constructor(origin: string, memory: BodyMemory) {
    super();
    this.#pool = new Pool(origin, { connections: 64, headersTimeout: 30_000, bodyTimeout: 30_000 });
    this.#answers = memory;
  }

  override async handle({ path, headers, body }: OutgoingRequest): Promise<{ response: HandlerResponse }> {
    if (typeof body !== "string" && !(body instanceof Uint8Array))
      throw new TypeError("the bench sends no other bodies");
    return { response: await this.#dispatch(path, Object.entries(headers).flat(), body) };
  }

  override routeTo(): HttpRoute {
    return {
      send: ([first, second], signal) => {
        const bytes = Buffer.from(first?.buffer ?? new ArrayBuffer(0), first?.byteOffset, first?.length);
        const end = bytes.indexOf(HEAD_END, 0, "latin1");
        const [start = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
        const headers = lines.flatMap((line) => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon), line.slice(colon + 2)];
        });
        const body = second ?? bytes.subarray(end + HEAD_END.length);
        return this.#dispatch(start.split(" ", 2)[1] ?? "/", headers, body, signal);
      },
    };
  }

  override destroy(): void {
    void this.#pool.destroy();
  }

  #dispatch(
    path: string,
    headers: string[],
    body: string | Uint8Array,
    signal?: Parameters<HttpRoute["send"]>[1],
  ): Promise<HandlerResponse> {
    return new Promise((resolve, reject) => {
      const answer = new WholeAnswer(this.#answers, resolve, reject, signal);
      this.#pool.dispatch({ method: "POST", path, headers, body }, answer);
    });
  }
}

/** Puts one answer together. The canned server names the length of each. */
class WholeAnswer implements Dispatcher.DispatchHandler {
  readonly #memory: BodyMemory;
  readonly #resolve: (answer: HandlerResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: Parameters<HttpRoute["send"]>[1];
  #forget: (() => void) | undefined;
  #answer: HandlerResponse | undefined;
  #filled = 0;

  constructor(
    memory: BodyMemory,
    resolve: (answer: HandlerResponse) => void,
    reject: (error: Error) => void,
    signal: Parameters<HttpRoute["send"]>[1],
  ) {
    this.#memory = memory;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    const abort = (): void => controller.abort(new Error("the request was aborted"));
    if (signal instanceof AbortSignal) {
      signal.addEventListener("abort", abort, { once: true });
      this.#forget = () => signal.removeEventListener("abort", abort);
    } else this.#forget = signal.whenAborted(abort);
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
    this.#forget?.();
    if (this.#answer?.body.length === this.#filled) this.#resolve(this.#answer);
    else this.#reject(new Error("an answer is not as long as it said"));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#forget?.();
    this.#reject(error);
  }
}
