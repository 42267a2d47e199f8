import { KinesisConnectorError, nonEmptyText, wholeNumber, type OptionNames } from "@kinesis-connectors/core";
import { type AwsCredentials, checkCredentials } from "./credentials.js";
import { checkClientEndpoint, guardEndpoint, namedEndpoint } from "./endpoint.js";
import type { BodyMemory } from "./http/body-memory.js";
import { HttpHandler } from "./http/http-handler.js";
import { KeptHttpHandler } from "./http/kept-http-handler.js";
import type { ProxyOption } from "./proxy/proxy.js";
import { keepRequests, sendBy } from "./kept/kept-requests.js";
import type { AwsCommand, SendCommand } from "./kept/sdk-client.js";
import { later } from "./later.js";
import { keepCredentials } from "./kept-credentials.js";
import { type RequestBounds, within } from "./limited.js";

/** Options of a connection to a service of AWS. */
export interface AwsConnectionOptions<Client> {
  /** An own client, used as it is and never destroyed here. Excludes the options below but `requestTimeoutMs`. */
  readonly client?: Client;
  /** Default: AWS_REGION, or the profile's. */
  readonly region?: string;
  /** Only for other addresses than AWS's own. `https`, or `http` on this machine. Default: AWS_ENDPOINT_URL*, or the profile's. */
  readonly endpoint?: string;
  /** Permits `http` to other machines, by whatever names them. Records travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Time limit for opening a connection, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Time limit of one request, in milliseconds. The package's README names its default. */
  readonly requestTimeoutMs?: number;
  /** Connections kept open. Default 64. */
  readonly maxSockets?: number;
  /**
   * URL of an http or https proxy that everything goes through by CONNECT, with user and password where it asks for them; or false for none, whatever
   * the environment says. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, never for this machine.
   */
  readonly proxy?: ProxyOption;
}

/** The names of all of `AwsConnectionOptions`, for `checkOptions` of the packages that take them. */
export const AWS_CONNECTION_OPTIONS: OptionNames<AwsConnectionOptions<unknown>> = {
  client: true,
  region: true,
  endpoint: true,
  allowInsecure: true,
  credentials: true,
  connectionTimeoutMs: true,
  requestTimeoutMs: true,
  maxSockets: true,
  proxy: true,
};

/** Configuration of an SDK client, alike for every service. */
export interface AwsClientConfig {
  /** Default: where the SDK finds one, which is asked when a request is sent. */
  readonly region?: string;
  /** Default: the service's own in the region. */
  readonly endpoint?: string;
  /** Default: those that the SDK finds, fetched anew before they expire. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Sends what the client has signed. */
  readonly requestHandler: KeptHttpHandler | HttpHandler;
}

/** The part of an SDK client that is used here. */
export interface AwsClient {
  readonly config: {
    readonly credentials: (options?: { readonly forceRefresh?: boolean }) => Promise<unknown>;
  };
  readonly middlewareStack: { readonly remove: (name: string) => boolean };
  readonly send: (...given: never[]) => unknown;
  readonly destroy: () => void;
}

/** The part of a client that can be used before it is made. */
export type AwsSender<Client> = Pick<Client, keyof Client & "send">;

/** A client with its time limit. */
export interface AwsConnection<Client> {
  /** Sends commands by the caller's client, or by one that is made with the first of them. */
  readonly client: AwsSender<Client>;
  /** The client itself, which is made by now. Rejects with what `AwsService.create` rejects with. */
  readonly made: () => Promise<Client>;
  /**
   * Sends one request within its time (see `limited`): by the client, or past most of it where the service's requests are kept. Gives the
   * command's output, or throws the SDK's error.
   */
  readonly request: <Input extends object, Output>(
    command: AwsCommand<Input, Output>,
    input: Input,
    bounds: RequestBounds,
  ) => Promise<Output>;
  readonly requestTimeoutMs: number;
  /** The endpoint, where the option or the environment leads the client elsewhere than to AWS. */
  readonly endpoint: URL | undefined;
  /**
   * Checks where the client really goes, also by the shared config file, before anything is sent. Resolves with the endpoint where it is
   * not AWS's own.
   * @throws KinesisConnectorError `KC_OPTION_INVALID`
   */
  readonly checkEndpoint: () => Promise<URL | undefined>;
  /**
   * Whether others can take the place of credentials that are over: false where the caller gave them as an object. Then an expired session
   * stops a shard; otherwise it is an outage of whoever provides them.
   */
  readonly renewsCredentials: boolean;
  /** Fetches fresh credentials, once the present ones were refused as expired. */
  readonly refreshCredentials: () => Promise<void>;
  /** Destroys the client, unless the caller brought it. */
  readonly close: () => void;
}

/** The part of a connection that differs from service to service. */
export interface AwsService<Client> {
  /** The variable that leads this service's client elsewhere, for example `AWS_ENDPOINT_URL_S3`. */
  readonly endpointVariable: string;
  readonly requestTimeoutMs: number;
  /** Options of the package that the caller's own client must bring itself. */
  readonly alsoOfClient?: readonly string[];
  /**
   * Whether `request` keeps what the client comes to (see `keepRequests`), unless the caller brought the client. All requests of one operation
   * must go to the same resource then. Default false.
   */
  readonly keepsRequests?: boolean;
  /** Memory for answers where requests are kept. Default: what `HttpHandler` has. */
  readonly memory?: BodyMemory;
  /** Makes the client, when it is first used: what it takes of the SDK is loaded then and not before (`sdkPart`). */
  readonly create: (config: AwsClientConfig, endpoint: URL | undefined) => Client | Promise<Client>;
}

const OF_CLIENT = [
  "region",
  "endpoint",
  "allowInsecure",
  "credentials",
  "connectionTimeoutMs",
  "maxSockets",
  "proxy",
] as const;

/**
 * Makes the connection to a service; nothing is sent yet. Connections are kept, over HTTP/1.1: the SDK's own default opens an HTTP/2
 * session per call for some services (aws-sdk-js-v3#8279), and one connection per large upload for others.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connectAws<Client extends AwsClient>(
  options: AwsConnectionOptions<Client>,
  service: AwsService<Client>,
): AwsConnection<Client> {
  const requestTimeoutMs = wholeNumber(
    "requestTimeoutMs",
    options.requestTimeoutMs ?? service.requestTimeoutMs,
    { min: 1 },
  );
  const own = options.client;
  if (own !== undefined) refuseBesideClient(options, service.alsoOfClient ?? []);
  const endpoint =
    own === undefined
      ? namedEndpoint(options.endpoint, service.endpointVariable, options.allowInsecure === true)
      : undefined;
  const { made, send, end } =
    own === undefined ? madeLater(options, service, requestTimeoutMs, endpoint) : given(own);
  return {
    client: own ?? sender(made),
    made,
    request: (command, input, bounds) =>
      within(requestTimeoutMs, bounds, (listed) => send(command, input, listed)),
    requestTimeoutMs,
    endpoint,
    checkEndpoint: async () =>
      checkClientEndpoint(await made(), {
        allowInsecure: options.allowInsecure === true,
        isOwn: own !== undefined,
        service: service.endpointVariable.replace("AWS_ENDPOINT_URL_", ""),
      }),
    renewsCredentials: own !== undefined || typeof options.credentials !== "object",
    refreshCredentials: async () => {
      await (await made()).config.credentials({ forceRefresh: true });
    },
    close: end,
  };
}

/** A client, there or not yet, and the way in which requests are sent by it. */
interface Sending<Client> {
  readonly made: () => Promise<Client>;
  readonly send: SendCommand;
  readonly end: () => void;
}

function given<Client extends AwsClient>(client: Client): Sending<Client> {
  return { made: () => Promise.resolve(client), send: sendBy(client), end: () => undefined };
}

/** Looks at the options at once, and makes the client with the first request. */
function madeLater<Client extends AwsClient>(
  options: AwsConnectionOptions<Client>,
  service: AwsService<Client>,
  requestTimeoutMs: number,
  endpoint: URL | undefined,
): Sending<Client> {
  const config = configOf(options, service, requestTimeoutMs);
  let send: SendCommand | undefined;
  const { made, end } = later(
    async () => {
      const client = await service.create(config, endpoint);
      // It makes a copy of each answer for a log line, even where nobody logs.
      client.middlewareStack.remove("loggerMiddleware");
      guardEndpoint(client, options.allowInsecure === true);
      keepCredentials(client, options.credentials);
      send = service.keepsRequests === true ? keepRequests(client) : sendBy(client);
      return client;
    },
    (client) => client.destroy(),
  );
  return {
    made,
    send: async (command, input, listed) => {
      if (send === undefined) await made();
      return (send as SendCommand)(command, input, listed);
    },
    end,
  };
}

function configOf<Client>(
  options: AwsConnectionOptions<Client>,
  service: AwsService<Client>,
  requestTimeoutMs: number,
): AwsClientConfig {
  const { region, endpoint, credentials, proxy } = options;
  const connectionTimeoutMs = wholeNumber("connectionTimeoutMs", options.connectionTimeoutMs ?? 5_000, {
    min: 1,
  });
  const maxSockets = wholeNumber("maxSockets", options.maxSockets ?? 64, { min: 1 });
  if (region !== undefined) nonEmptyText("region", region);
  checkCredentials("credentials", credentials);
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler:
      service.keepsRequests === true
        ? new HttpHandler({
            connectionTimeoutMs,
            requestTimeoutMs,
            maxConnections: maxSockets,
            needsBody: true,
            ...(proxy === undefined ? {} : { proxy }),
            ...(service.memory === undefined ? {} : { memory: service.memory }),
          })
        : new KeptHttpHandler({ connectionTimeoutMs, requestTimeoutMs, maxSockets, proxy }),
  };
}

/** Sends what it is given by a client that is there by then. */
function sender<Client extends AwsClient>(made: () => Promise<Client>): AwsSender<Client> {
  const send = async (...command: never[]): Promise<unknown> => (await made()).send(...command);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it hands on whatever the client takes, and gives what that gives
  return { send } as AwsSender<Client>;
}

function refuseBesideClient<Client>(options: AwsConnectionOptions<Client>, more: readonly string[]): void {
  for (const name of [...OF_CLIENT, ...more]) {
    if (Reflect.get(options, name) !== undefined) {
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        `${name} cannot be given beside client: configure it on the client`,
      );
    }
  }
}
