import type { Given, SdkClient, SdkContext, SdkRequest, StepStack } from "./sdk-client.js";

/**
 * Steps of the SDK's clients for services of JSON, which do the same to each request of an operation, and those that this project adds: a request
 * can do without them once it is known what they came to. One that is not here may do anything.
 */
const KNOWN_STEPS: ReadonlySet<string> = new Set([
  "serializerMiddleware",
  "contentLengthMiddleware",
  "getUserAgentMiddleware",
  "hostHeaderMiddleware",
  "recursionDetectionMiddleware",
  "retryMiddleware",
  "httpSigningMiddleware",
  "deserializerMiddleware",
  "kinesisConnectorsEndpoint",
  "kinesisConnectorsJsonAfterCbor",
  "kinesisConnectorsKeptRequests",
]);

/** What changes the steps of a client. */
const CHANGES = ["add", "addRelativeTo", "use", "remove", "removeByTag"] as const;

/** Told what a client sends for one input, signed and with all its headers. */
type Watcher = (request: SdkRequest, context: SdkContext) => Promise<void>;

/** The steps of one client, watched. */
class ClientSteps {
  readonly #watchers = new WeakMap<object, Watcher>();
  /** Whether all of them are known, and do no more than has been seen. */
  areKnown: boolean;

  constructor(stack: StepStack) {
    // Last of all: it sees what is sent.
    stack.add((next, context) => (given) => this.#see(next, context, given), {
      step: "deserialize",
      priority: "low",
      name: "kinesisConnectorsKeptRequests",
    });
    this.areKnown = stack.identify().every((line) => KNOWN_STEPS.has(line.split(" ", 1)[0] ?? ""));
    for (const change of CHANGES) this.#notice(stack, change);
  }

  /** The first request with this input is shown, when it has been answered well. */
  watch(input: object, watcher: Watcher): void {
    if (this.areKnown) this.#watchers.set(input, watcher);
  }

  async #see(next: (given: Given) => Promise<unknown>, context: SdkContext, given: Given): Promise<unknown> {
    const { input, request } = given;
    const watcher = this.#watchers.get(input);
    if (watcher === undefined) return next(given);
    this.#watchers.delete(input);
    const seen = { ...request, headers: { ...request.headers } };
    const answer = await next(given);
    // Whatever it stumbles over, the request has been answered: the next one goes by the client as well.
    if (this.areKnown) await watcher(seen, context).catch(() => undefined);
    return answer;
  }

  /** A step that is added or taken away later is not known. */
  #notice(stack: StepStack, name: (typeof CHANGES)[number]): void {
    const change: unknown = Reflect.get(stack, name);
    if (typeof change !== "function") return;
    Object.assign(stack, {
      [name]: (...given: unknown[]) => {
        this.areKnown = false;
        return Reflect.apply(change, stack, given) as unknown;
      },
    });
  }
}

const known = new WeakMap<object, ClientSteps>();

/** The steps of a client, watched from the first time on that they are asked for. */
export function stepsOf({ middlewareStack }: SdkClient): ClientSteps {
  let steps = known.get(middlewareStack);
  if (steps === undefined) known.set(middlewareStack, (steps = new ClientSteps(middlewareStack)));
  return steps;
}
