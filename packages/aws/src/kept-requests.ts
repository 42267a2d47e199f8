import { type Random, systemRandom } from "@kinesis-connectors/core";
import type { ListedSignal } from "./following-signal.js";

/** A class of the SDK's that stands for one operation, such as `PutItemCommand`. */
export type AwsCommand<Input extends object, Output> = new (input: Input) => {
  readonly resolveMiddleware: (
    ...given: never[]
  ) => (request: { input: Input }) => Promise<{ output: Output }>;
};

/** Sends one request by a client, and gives its output or throws the SDK's error. */
export type SendCommand = <Input extends object, Output>(
  command: AwsCommand<Input, Output>,
  input: Input,
  listed: ListedSignal,
) => Promise<Output>;

/** A request as the SDK's protocols make it; the members that are touched here. */
interface Request {
  headers: Record<string, string>;
  body?: unknown;
}

interface Response {
  readonly statusCode: number;
}

interface Signer {
  readonly sign: (request: Request, identity: unknown, properties: object) => Promise<Request>;
  readonly successHandler?: (response: Response, properties: object) => void;
  readonly errorHandler?: (properties: object) => (error: unknown) => never;
}

type Context = Readonly<Record<string, unknown>>;

/** The parts of an SDK client that a request passes through. */
interface ClientParts {
  readonly send: (command: object, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
  readonly config: {
    readonly credentials: () => Promise<unknown>;
    readonly maxAttempts: () => Promise<number>;
    readonly retryStrategy: () => Promise<{ readonly mode?: string }>;
    readonly signer: (authScheme?: unknown) => Promise<unknown>;
    systemClockOffset: number;
    readonly protocol: {
      readonly serializeRequest: (operation: object, input: object, context: Context) => Promise<Request>;
      readonly deserializeResponse: (
        operation: object,
        context: Context,
        response: Response,
      ) => Promise<unknown>;
    };
    readonly requestHandler: {
      readonly handle: (
        request: Request,
        options: { readonly abortSignal: ListedSignal },
      ) => Promise<{ response: Response }>;
    };
  };
  readonly middlewareStack: {
    readonly add: (step: Step, options: object) => void;
  };
}

type Step = (
  next: (given: Given) => Promise<unknown>,
  context: Context,
) => (given: Given) => Promise<unknown>;

interface Given {
  readonly input: object;
  readonly request: Request;
}

/** What the client came to for one operation. */
interface Kept {
  readonly operation: object;
  readonly context: Context;
  /** Of the request before it is signed, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The credentials that it holds for: endpoint and user agent may depend on them. */
  readonly identity: unknown;
  readonly signer: Signer;
  readonly signingProperties: object;
}

/** Headers that are the same for each request, or are made anew here. Where there is another one, nothing is kept. */
const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  "content-length",
  "content-type",
  "host",
  "user-agent",
  "x-amz-target",
  "x-amz-user-agent",
]);

const SMITHY_CONTEXT = "__smithy_context";

/** Sends each request by the client, in all its steps. */
export function sendBy(client: object): SendCommand {
  const { send } = partsOf(client);
  return async (command, input, { signal: abortSignal }) => {
    const output = await send.call(client, new command(input), { abortSignal });
    // The SDK's types leave open whose output it is: it is that of the operation that was asked for.
    return output as never;
  };
}

/**
 * A way of sending many small requests by a client of which nobody else changes the steps (its middleware).
 *
 * The SDK's client finds out anew for each request in which order its steps go, which endpoint is meant, what the user agent is and how
 * to sign: several times the work of writing a small request. Here it does all that for the first request of an operation, and what it
 * came to is kept: later requests of that operation pass its protocol, its signer and its HTTP alone, with its credentials and its
 * correction of the clock. When the credentials change, the client is asked again.
 *
 * So all requests of one operation must go to the same resource. Requests go by the client alone, as if this were not here, when it retries,
 * adapts its rate, or does something to requests that is not known here. Its HTTP must be an `HttpHandler`, which takes a `ListedSignal`.
 *
 * @param random - makes the identifiers of requests. Default: the machine's.
 */
export function keepRequests(client: object, random: Random = systemRandom): SendCommand {
  const { config, middlewareStack } = partsOf(client);
  const sendInAllSteps = sendBy(client);
  const kept = new Map<unknown, Kept>();
  const commandOf = new WeakMap<object, unknown>();

  // Last of its step: what comes after it is the client's signing and the headers of its attempts.
  middlewareStack.add(
    (next, context) => async (given) => {
      const headers = { ...given.request.headers };
      const output = await next(given);
      const command = commandOf.get(given.input);
      const found = command === undefined ? undefined : await worthKeeping(headers, context);
      if (found !== undefined) kept.set(command, found);
      return output;
    },
    { step: "build", priority: "low", name: "kinesisConnectorsKeptRequests" },
  );

  const worthKeeping = async (
    headers: Readonly<Record<string, string>>,
    context: Context,
  ): Promise<Kept | undefined> => {
    if ((await config.maxAttempts()) !== 1 || (await config.retryStrategy()).mode === "adaptive")
      return undefined;
    const found = keptOf(headers, context, config);
    if (found === undefined) return undefined;
    return {
      ...found,
      signingProperties: { ...found.signingProperties, config: await withOneSigner(config, context) },
    };
  };

  const sendAgain = async (
    { operation, context, headers, identity, signer, ...known }: Kept,
    input: object,
    listed: ListedSignal,
  ): Promise<unknown> => {
    const request = await config.protocol.serializeRequest(operation, input, context);
    for (const name in headers) request.headers[name] ??= headers[name] as string;
    // As the client's own step of retrying says it: nothing is tried twice here.
    request.headers["amz-sdk-invocation-id"] = random.uuid();
    request.headers["amz-sdk-request"] = "attempt=1; max=1";
    request.headers["content-length"] = String(lengthOf(request.body));
    // The signer notes in them what its correction of the clock needs.
    const properties = { ...known.signingProperties };
    try {
      const signed = await signer.sign(request, identity, properties);
      const { response } = await config.requestHandler.handle(signed, { abortSignal: listed });
      let output: unknown;
      try {
        output = await config.protocol.deserializeResponse(operation, context, response);
      } catch (error) {
        throw withResponse(error, response);
      }
      signer.successHandler?.(response, properties);
      return output;
    } catch (error) {
      signer.errorHandler?.(properties)(error);
      throw error;
    }
  };

  return async (command, input, listed) => {
    const known = kept.get(command);
    if (known !== undefined && known.identity === (await config.credentials()))
      return (await sendAgain(known, input, listed)) as never;
    commandOf.set(input, command);
    return sendInAllSteps(command, input, listed);
  };
}

/** An SDK client by its structure: this package brings none of them, and their types differ from service to service. */
function partsOf(client: object): ClientParts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return client as ClientParts;
}

/** What can be kept of a request that went well; undefined where the SDK does something that is not known here. */
function keptOf(
  headers: Readonly<Record<string, string>>,
  context: Context,
  config: object,
): Kept | undefined {
  const smithy = objectOf(context[SMITHY_CONTEXT]);
  const [, namespace, name, traits, input, output] = Array.isArray(smithy["operationSchema"])
    ? (smithy["operationSchema"] as readonly unknown[])
    : [];
  const scheme = objectOf(smithy["selectedHttpAuthScheme"]);
  const { signer, identity, httpAuthOption } = scheme;
  const endpoint = endpointOf(context["endpointV2"]);
  if (typeof name !== "string" || endpoint === undefined || !isSigner(signer)) return undefined;
  const lower: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    const known = header.toLowerCase();
    if (!KNOWN_HEADERS.has(known)) return undefined;
    lower[known] = value;
  }
  // Without the first request and its signal, which would stay alive with it.
  const { commandInstance: _command, abortSignal: _signal, ...others } = smithy;
  const keptContext = { ...context, [SMITHY_CONTEXT]: others };
  return {
    operation: { namespace, name, traits, input, output },
    context: { ...config, ...keptContext, endpoint: () => Promise.resolve(endpoint) },
    headers: lower,
    identity,
    signer,
    signingProperties: { ...objectOf(objectOf(httpAuthOption)["signingProperties"]), context: keptContext },
  };
}

/** The client's configuration, with a signer that is made once: the client makes one for each request, from all of it. */
async function withOneSigner(config: ClientParts["config"], context: Context): Promise<object> {
  const authSchemes: unknown = objectOf(objectOf(context["endpointV2"])["properties"])["authSchemes"];
  const signer = await config.signer(Array.isArray(authSchemes) ? authSchemes[0] : undefined);
  return Object.create(config, {
    signer: { value: () => Promise.resolve(signer) },
    systemClockOffset: {
      get: () => config.systemClockOffset,
      set: (offset: number) => {
        config.systemClockOffset = offset;
      },
    },
  }) as object;
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
function withResponse(error: unknown, response: Response): unknown {
  if (typeof error !== "object" || error === null) return error;
  Object.defineProperty(error, "$response", { value: response, configurable: true });
  if (!("$metadata" in error))
    Object.defineProperty(error, "$metadata", {
      value: { httpStatusCode: response.statusCode },
      configurable: true,
      writable: true,
      enumerable: true,
    });
  return error;
}

function lengthOf(body: unknown): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.byteLength;
  throw new TypeError("only texts and bytes can be sent by kept requests");
}

function isSigner(value: unknown): value is Signer {
  return typeof objectOf(value)["sign"] === "function";
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
