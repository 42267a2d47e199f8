import { type Clock, type Random, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { AwsCredentials } from "../credentials.js";
import { ListedSignal } from "../following-signal.js";
import { HttpHandler, type HttpRoute } from "../http/http-handler.js";
import { stepsOf } from "./client-steps.js";
import { FirstRequests } from "./first-requests.js";
import { RequestForm } from "./request-form.js";
import {
  objectOf,
  partsOf,
  type SdkClient,
  type SdkContext,
  type SdkProtocol,
  type SdkRequest,
  type SdkResponse,
  type SdkSigner,
  type SendCommand,
  type WrittenBody,
} from "./sdk-client.js";

/** What the client came to for one operation. */
interface Kept {
  readonly name: string;
  readonly operation: object;
  readonly context: SdkContext;
  readonly form: RequestForm;
  readonly route: HttpRoute;
  /** The credentials that it holds for: endpoint and user agent may depend on them. */
  readonly identity: AwsCredentials;
  readonly signer: SdkSigner;
  readonly correctsClock: boolean;
  /** Whether a request has been written by it. */
  hasServed: boolean;
}

/** Options of `keepRequests`. */
export interface KeptRequestsOptions {
  /** Makes the identifiers of requests. Default: the machine's. */
  readonly random?: Pick<Random, "uuid">;
  /** Tells the time of signing, and how long requests wait for the first of their operation. Default: the machine's. */
  readonly clock?: Pick<Clock, "now" | "setTimer">;
  /** Time limit of one answer, in milliseconds. Default: that of the client. */
  readonly requestTimeoutMs?: number | undefined;
}

const SMITHY_CONTEXT = "__smithy_context";

/** Sends each request by the client, in all its steps. */
export function sendBy(
  client: object,
  { requestTimeoutMs }: Pick<KeptRequestsOptions, "requestTimeoutMs"> = {},
): SendCommand {
  const { send } = partsOf(client);
  const bounds = requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs };
  return async (command, input, signal) => {
    const abortSignal = signal instanceof ListedSignal ? signal.signal : signal;
    const options = abortSignal === undefined ? bounds : { ...bounds, abortSignal };
    const output = await send.call(client, new command(input), options);
    // The SDK's types leave open whose output it is: it is that of the operation that was asked for.
    return output as never;
  };
}

/**
 * A way of sending many small requests by a client of the SDK's.
 *
 * The client finds out anew for each request in which order its steps go, which endpoint is meant, what the user agent is and how to sign: several
 * times the work of writing a small request. Here it does all that for the first request of an operation, and what it came to is kept: the next ones
 * are written, signed and sent here, with the client's credentials and its correction of the clock, and what is no good answer is read by the client's
 * own protocol. When the credentials change, the client is asked again. Requests that are made while the first one is under way wait for it, half a second
 * at most.
 *
 * The first request is signed here as well. Where that gives anything else than what the client sends, nothing is kept; nor where the client has
 * steps that are not known here (its middleware), retries, or sends by anything but an `HttpHandler`. Requests go by the client alone then, as if this
 * were not here.
 *
 * All requests of one operation must go to the same resource.
 */
export function keepRequests(client: object, options: KeptRequestsOptions = {}): SendCommand {
  const sendInAllSteps = sendBy(client, options);
  const { requestHandler } = partsOf(client).config;
  if (!(requestHandler instanceof HttpHandler) || isWatched(client)) return sendInAllSteps;
  const requests = new KeptRequests(partsOf(client), requestHandler, options);
  return async (command, input, signal) => {
    let kept = await requests.keptFor(command);
    if (kept === undefined) {
      const first = requests.first.wait(command, signal);
      if (first !== undefined) {
        await first;
        kept = await requests.keptFor(command);
      }
    }
    const written = kept === undefined ? undefined : await requests.write(kept, input);
    if (kept === undefined || written === undefined) {
      requests.learnFrom(command, input);
      return await requests.first.run(command, () => sendInAllSteps(command, input, signal));
    }
    try {
      return (await requests.send(kept, written, signal)) as never;
    } catch (error) {
      if (partsOf(client).config.protocol.asksAgain?.(input, written, error) !== true) throw error;
      return sendInAllSteps(command, input, signal);
    }
  };
}

/**
 * Whether requests have to pass the client because of what is around it: a function of AWS Lambda, in which the client's step against recursion hands
 * on the trace of each invocation, or a `send` that somebody has put in place of the client's own, as OpenTelemetry's instrumentation does.
 */
export function isWatched(client: object): boolean {
  if (process.env["AWS_LAMBDA_FUNCTION_NAME"] !== undefined) return true;
  return Object.hasOwn(client, "send") || Object.hasOwn(partsOf(client).send, "__wrapped");
}

class KeptRequests {
  readonly first: FirstRequests;
  readonly #client: SdkClient;
  readonly #send: SdkClient["send"];
  readonly #protocol: SdkProtocol;
  readonly #handler: HttpHandler;
  readonly #random: Pick<Random, "uuid">;
  readonly #clock: Pick<Clock, "now" | "setTimer">;
  readonly #requestTimeoutMs: number | undefined;
  readonly #kept = new Map<unknown, Kept>();
  readonly #steps: ReturnType<typeof stepsOf>;

  constructor(client: SdkClient, handler: HttpHandler, options: KeptRequestsOptions) {
    this.#client = client;
    this.#send = client.send;
    this.#protocol = client.config.protocol;
    this.#handler = handler;
    this.#random = options.random ?? systemRandom;
    this.#clock = options.clock ?? systemClock;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.first = new FirstRequests(this.#clock);
    this.#steps = stepsOf(client);
  }

  /** What is kept for an operation, if it still holds. */
  async keptFor(command: unknown): Promise<Kept | undefined> {
    const kept = this.#kept.get(command);
    if (kept === undefined) return undefined;
    const { config } = this.#client;
    const holds =
      this.#steps.areKnown &&
      this.#client.send === this.#send &&
      config.requestHandler === this.#handler &&
      config.protocol === this.#protocol &&
      kept.identity === (await config.credentials());
    if (holds) return kept;
    // Credentials that are others each time would have all requests go one after the other.
    if (kept.hasServed) this.first.beginAgain(command);
    return undefined;
  }

  /** The next request with this input shows what the client comes to. */
  learnFrom(command: unknown, input: object): void {
    this.#kept.delete(command);
    this.#steps.watch(input, async (request, context) => {
      const kept = await this.#keptOf(request, context, input);
      if (kept !== undefined) this.#kept.set(command, kept);
    });
  }

  /** The body of a request, where it is of the kept form. */
  async write(kept: Kept, input: object): Promise<WrittenBody<Uint8Array> | undefined> {
    const { name, operation, context, form } = kept;
    const written = await this.#written(name, operation, context, input);
    if (written?.contentType !== form.contentType) return undefined;
    kept.hasServed = true;
    return written;
  }

  async send(
    { name, operation, context, form, route, identity, signer, correctsClock }: Kept,
    { body, release }: WrittenBody<Uint8Array>,
    signal: AbortSignal | ListedSignal | undefined,
  ): Promise<unknown> {
    const { config } = this.#client;
    const nowMs = this.#clock.now();
    const offsetMs = correctsClock ? config.systemClockOffset : 0;
    // What the SDK's correction of the clock looks at, in the words of its signer.
    const learning = {
      config,
      context,
      _preRequestSystemClockOffset: config.systemClockOffset,
      _requestSentAt: nowMs,
      _skipClockSkewSampling: !correctsClock,
      _disableClockSkewCorrection: !correctsClock,
    };
    try {
      const pieces = form.pieces(identity, body, nowMs + offsetMs, this.#random.uuid());
      const response = await route.send(pieces, signal, this.#requestTimeoutMs);
      // Who refuses may answer before it has taken the whole body: the socket still looks at it then.
      if (response.statusCode === 200) release?.();
      let output: unknown;
      try {
        output =
          this.#protocol.readOutput?.(name, response) ??
          (await this.#protocol.deserializeResponse(operation, context, response));
      } catch (error) {
        throw withResponse(error, response);
      }
      signer.successHandler?.(response, learning);
      return output;
    } catch (error) {
      signer.errorHandler?.(learning)(error);
      throw error;
    }
  }

  async #written(
    name: string,
    operation: object,
    context: SdkContext,
    input: object,
  ): Promise<WrittenBody<Uint8Array> | undefined> {
    const own = this.#protocol.writeBody?.(name, input);
    if (own !== undefined) return { ...own, body: bytesOf(own.body) };
    const { headers, body } = await this.#protocol.serializeRequest(operation, input, context);
    if (typeof body !== "string" && !(body instanceof Uint8Array)) return undefined;
    return { contentType: headers["content-type"] ?? "", body: bytesOf(body) };
  }

  /** What can be kept of a request; undefined where the client does anything that is not known here. */
  async #keptOf(request: SdkRequest, context: SdkContext, input: object): Promise<Kept | undefined> {
    const { config } = this.#client;
    if ((await config.maxAttempts()) !== 1 || (await config.retryStrategy()).mode !== "standard")
      return undefined;
    const smithy = objectOf(context[SMITHY_CONTEXT]);
    const { signer, identity } = objectOf(smithy["selectedHttpAuthScheme"]);
    const endpoint = endpointOf(context["endpointV2"]);
    const schema: unknown = smithy["operationSchema"];
    if (!Array.isArray(schema) || endpoint === undefined || !isCredentials(identity)) return undefined;
    const [, namespace, name, traits, inputSchema, outputSchema] = schema as readonly unknown[];
    if (typeof name !== "string" || identity !== (await config.credentials())) return undefined;
    // Without the first request and its signal, which would stay alive with it.
    const { commandInstance: _command, abortSignal: _signal, ...others } = smithy;
    const kept = {
      name,
      operation: { namespace, name, traits, input: inputSchema, output: outputSchema },
      context: {
        ...config,
        ...context,
        [SMITHY_CONTEXT]: others,
        endpoint: () => Promise.resolve(endpoint),
      },
    };
    const written = await this.#written(name, kept.operation, kept.context, input);
    const form = written === undefined ? undefined : RequestForm.of(request, identity, written.body);
    if (form === undefined || form.contentType !== written?.contentType) return undefined;
    return {
      ...kept,
      form,
      route: this.#handler.routeTo(request),
      identity,
      signer: objectOf(signer),
      correctsClock: (await config.disableClockSkewCorrection?.()) !== true,
      hasServed: false,
    };
  }
}

/** An endpoint in the form in which protocols take it. */
function endpointOf(endpoint: unknown): object | undefined {
  const { url, headers } = objectOf(endpoint);
  // Headers of an endpoint belong to services whose requests are not kept.
  if (!(url instanceof URL) || url.search !== "" || Object.keys(objectOf(headers)).length > 0)
    return undefined;
  const { protocol, hostname, port, pathname } = url;
  return { protocol, hostname, path: pathname, ...(port === "" ? {} : { port: Number(port) }) };
}

/** What the client's own step of reading adds to its errors. */
function withResponse(error: unknown, response: SdkResponse): unknown {
  if (typeof error !== "object" || error === null) return error;
  Object.defineProperty(error, "$response", { value: response, enumerable: false, configurable: true });
  if (!("$metadata" in error))
    Object.defineProperty(error, "$metadata", {
      value: { httpStatusCode: response.statusCode },
      configurable: true,
      writable: true,
      enumerable: true,
    });
  return error;
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}

function isCredentials(identity: unknown): identity is AwsCredentials {
  const { accessKeyId, secretAccessKey } = objectOf(identity);
  return typeof accessKeyId === "string" && typeof secretAccessKey === "string";
}
