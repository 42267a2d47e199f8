import { DynamoDBClient, type DynamoDBClientConfig, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  type AwsClientConfig,
  connectAws,
  HttpHandler,
  KeptHttpHandler,
  Sha256,
} from "@kinesis-connectors/aws";
import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, it, vi } from "vitest";
import { type Asked, type AnsweringServer, CREDENTIALS, startAnswering } from "./answering.js";

/** A way of setting up a client that a request written here would not follow. */
interface Setup {
  readonly why: string;
  readonly config?: (server: AnsweringServer) => DynamoDBClientConfig;
  /** Done to the client as soon as it is made, before its first request, or after it. */
  readonly made?: (client: DynamoDBClient) => void;
  readonly before?: (client: DynamoDBClient) => void;
  readonly after?: (client: DynamoDBClient) => void;
  /** What shows in each request, or in each but the first, that the setup was followed. */
  readonly shows?: (asked: Asked) => boolean;
}

/** Puts a header into a request. */
const mark = ({ request }: { readonly request: unknown }): void => {
  Object.assign((request as { headers: object }).headers, { "x-mark": "own" });
};
const markingStep = (next: (given: never) => unknown) => (given: { readonly request: unknown }) => {
  mark(given);
  return next(given as never);
};
const addMarking = ({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void =>
  middlewareStack.add(markingStep as never, { step: "build" });
const marked = ({ headers }: Asked): boolean => headers["x-mark"] === "own";

/** What signs in another way than by Signature Version 4. */
const otherSigner = {
  sign: <Request extends { headers: Record<string, string> }>(request: Request): Promise<Request> => {
    request.headers["authorization"] =
      "AWS4-ECDSA-P256-SHA256 Credential=a/20261129/dynamodb/aws4_request, x";
    return Promise.resolve(request);
  },
};
const signedOtherwise = ({ headers }: Asked): boolean =>
  headers.authorization?.startsWith("AWS4-ECDSA") === true;

const SIGV4 = "aws.auth#sigv4";
const otherScheme = {
  schemeId: SIGV4,
  identityProvider: () => () => Promise.resolve(CREDENTIALS),
  signer: otherSigner,
} as unknown as NonNullable<DynamoDBClientConfig["httpAuthSchemes"]>[number];

function wrapSend(client: DynamoDBClient): void {
  const send: (...given: never[]) => unknown = client.send.bind(client);
  Object.assign(client, { send: (...given: never[]) => send(...given) });
}

const KEPT = { connectionTimeoutMs: 5_000, requestTimeoutMs: 5_000, maxSockets: 4, proxy: false } as const;

const SETUPS: readonly Setup[] = [
  {
    why: "it has a step of one's own",
    before: addMarking,
    shows: marked,
  },
  {
    why: "it has one that only looks at what is answered",
    before: (client) => client.middlewareStack.add((next) => next, { step: "deserialize", name: "looking" }),
  },
  {
    why: "a step is placed beside one of its own",
    before: (client) =>
      client.middlewareStack.addRelativeTo(markingStep as never, {
        relation: "before",
        toMiddleware: "retryMiddleware",
      }),
    shows: marked,
  },
  {
    why: "it gets a step after its first request",
    after: addMarking,
    shows: marked,
  },
  {
    why: "it gets a plugin after its first request",
    after: (client) =>
      client.middlewareStack.use({ applyToStack: (middlewareStack) => addMarking({ middlewareStack }) }),
    shows: marked,
  },
  {
    why: "it loses a step after its first request",
    after: (client) => client.middlewareStack.remove("getUserAgentMiddleware"),
    shows: ({ headers }) => headers["user-agent"] === undefined,
  },
  {
    why: "it logs its requests",
    config: () => ({
      logger: {
        debug: vi.fn<() => void>(),
        info: vi.fn<() => void>(),
        warn: vi.fn<() => void>(),
        error: vi.fn<() => void>(),
      },
    }),
    before: (client) =>
      client.middlewareStack.add((next) => next, { step: "initialize", name: "loggerMiddleware" }),
  },
  {
    why: "it signs by a signer of one's own",
    config: () => ({ signer: otherSigner }),
    shows: signedOtherwise,
  },
  {
    why: "it signs by another version than 4, as sigv4a",
    config: () => ({ httpAuthSchemes: [otherScheme] }),
    shows: signedOtherwise,
  },
  {
    why: "an extension signs",
    config: () => ({ extensions: [{ configure: (of) => of.setHttpAuthScheme(otherScheme) }] }),
    shows: signedOtherwise,
  },
  {
    why: "it hashes in another way",
    config: () => ({
      sha256: class extends Sha256 {
        override digest(): Promise<Uint8Array> {
          return Promise.resolve(new Uint8Array(32));
        }
      },
    }),
    shows: ({ headers }) => headers["x-amz-content-sha256"] === "0".repeat(64),
  },
  {
    why: "it has a request handler of one's own",
    config: () => ({ requestHandler: new KeptHttpHandler(KEPT) }),
  },
  {
    why: "it gets another request handler after its first request",
    after: (client) => {
      client.config.requestHandler = new HttpHandler();
    },
  },
  {
    why: "an extension brings the request handler",
    config: () => ({
      extensions: [{ configure: (of) => of.setHttpHandler(new KeptHttpHandler(KEPT)) }],
    }),
  },
  {
    why: "its endpoint asks for headers",
    config: ({ endpoint }) => ({
      endpoint: undefined as never,
      endpointProvider: () => ({ url: new URL(endpoint), headers: { "x-mark": ["own"] } }),
    }),
  },
  { why: "its send was replaced when it was made", made: wrapSend },
  { why: "its send is replaced after its first request", after: wrapSend },
  {
    why: "the send of its class is instrumented",
    made: (client) => {
      const send: (...given: never[]) => unknown = client.send.bind(client);
      const wrapped = Object.assign((...given: never[]) => send(...given), { __wrapped: true });
      Object.setPrototypeOf(client, Object.create(DynamoDBClient.prototype, { send: { value: wrapped } }));
    },
  },
  { why: "it retries by itself", config: () => ({ maxAttempts: 2 }) },
  { why: "it adapts its rate", config: () => ({ retryMode: "adaptive" }) },
  {
    why: "it retries by a strategy of one's own",
    config: () => ({
      retryStrategy: {
        mode: "own",
        acquireInitialRetryToken: () => Promise.resolve({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
        refreshRetryTokenForRetry: () => Promise.reject(new Error("no more")),
        recordSuccess: () => undefined,
      },
    }),
  },
];

describe("requests go by all steps of the client", () => {
  it.each(SETUPS)("where $why", async ({ config, made, before, after, shows = () => true }) => {
    await using server = await startAnswering();
    const { connection, client, inAllSteps } = await connectionTo(server, config?.(server), made);
    before?.(client);
    await put(connection);
    after?.(client);
    const later = vi.spyOn(client.config.requestHandler, "handle");
    for (let sent = 0; sent < 2; sent += 1) await put(connection);
    expect(inAllSteps.mock.calls.length === 3 || later.mock.calls.length === 2).toBe(true);
    expect(server.asked).toHaveLength(3);
    expect((after === undefined ? server.asked : server.asked.slice(1)).every(shows)).toBe(true);
    connection.close();
  });

  it("and by none of them but the first time, where there is nothing of the kind", async () => {
    await using server = await startAnswering();
    const { connection, inAllSteps } = await connectionTo(server, { customUserAgent: "own/1" });
    for (let sent = 0; sent < 3; sent += 1) await put(connection);
    expect(inAllSteps).toHaveBeenCalledTimes(1);
    expect(server.asked.every(({ headers }) => headers["user-agent"]?.includes("own/1"))).toBe(true);
    connection.close();
  });
});

async function connectionTo(
  server: AnsweringServer,
  more: DynamoDBClientConfig = {},
  made: (client: DynamoDBClient) => void = () => undefined,
) {
  const connection = connectAws<DynamoDBClient>(
    { region: "eu-central-1", endpoint: server.endpoint, credentials: CREDENTIALS },
    {
      endpointVariable: "AWS_ENDPOINT_URL_DYNAMODB",
      requestTimeoutMs: 5_000,
      keepsRequests: true,
      create: (config: AwsClientConfig) => {
        const client = new DynamoDBClient({ ...config, maxAttempts: 1, ...more });
        made(client);
        return client;
      },
    },
  );
  const client = await connection.made();
  return { connection, client, inAllSteps: vi.spyOn(client.config.requestHandler, "handle") };
}

async function put(connection: Awaited<ReturnType<typeof connectionTo>>["connection"]): Promise<void> {
  const bounds = { signal: new AbortController().signal, clock: systemClock };
  await connection.request(PutItemCommand, { TableName: "orders", Item: { id: { S: "a" } } }, bounds);
}
