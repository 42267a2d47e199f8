import { KinesisConnectorError, invalidOption } from "@kinesis-connectors/core";

/**
 * Checks an endpoint that is not AWS's own: `https`, or `http` on this machine or where the caller permits it outright.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function checkedEndpoint(endpoint: string, allowInsecure: boolean, option = "endpoint"): URL {
  const url = typeof endpoint === "string" && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalidOption(`${option} must be a URL such as https://example.com`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidOption(`${option} must not hold credentials: give them by the options for them`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecure) {
    throw insecure(option, url.hostname);
  }
  return url;
}

/**
 * The endpoint that the option or a variable of the environment names, by the same rule: a mistake shows as soon as an option is read.
 * Undefined where AWS's own is used, or where only the shared config file names another: `checkClientEndpoint` knows.
 */
export function namedEndpoint(
  given: string | undefined,
  variable: string,
  allowInsecure: boolean,
  option = "endpoint",
): URL | undefined {
  if (given !== undefined) return checkedEndpoint(given, allowInsecure, option);
  if (process.env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true") return undefined;
  for (const name of [variable, "AWS_ENDPOINT_URL"]) {
    const value = process.env[name];
    // As the SDK reads them: an empty one is none.
    if (value !== undefined && value !== "") return checkedEndpoint(value, allowInsecure, name);
  }
  return undefined;
}

/** What an SDK client's configuration says of where it goes. Which members there are depends on its version. */
interface EndpointConfig {
  readonly isCustomEndpoint?: boolean;
  readonly ignoreConfiguredEndpointUrls?: boolean;
  /** Of the environment or the shared config file, as the client itself finds it. */
  readonly serviceConfiguredEndpoint?: () => Promise<string | undefined>;
  readonly endpoint?: () => Promise<{
    readonly protocol: string;
    readonly hostname: string;
    readonly port?: number | undefined;
    readonly path?: string;
  }>;
}

/** The part of an SDK client that leads a request somewhere. */
interface GuardedClient {
  readonly config: EndpointConfig;
  readonly middlewareStack: { readonly add: (step: GuardStep, options: object) => void };
}

type GuardStep = (next: (given: unknown) => Promise<unknown>) => (given: unknown) => Promise<unknown>;

/**
 * Checks where an SDK client will go, as the client itself finds it: its own endpoint, the environment, the profile of the shared config
 * file. Sends nothing. What the code set on a client of its own is its own affair and not checked.
 * @returns the endpoint, where it is not AWS's own
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option or where the endpoint comes from
 */
export async function checkClientEndpoint(
  client: object,
  { allowInsecure, isOwn = false, service }: EndpointRule,
): Promise<URL | undefined> {
  const { config } = partsOf(client);
  if (config.isCustomEndpoint === true && config.endpoint !== undefined) {
    const { protocol, hostname, port, path = "/" } = await config.endpoint();
    const href = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
    return isOwn ? new URL(href) : checkedEndpoint(href, allowInsecure);
  }
  if (config.ignoreConfiguredEndpointUrls === true) return undefined;
  const source = `the endpoint of ${service} (AWS_ENDPOINT_URL*, or endpoint_url of the shared config file)`;
  let found: string | undefined;
  try {
    found = await config.serviceConfiguredEndpoint?.();
  } catch (error) {
    throw new KinesisConnectorError("KC_OPTION_INVALID", `${source} cannot be read: see the cause`, {
      cause: error,
    });
  }
  return found === undefined ? undefined : checkedEndpoint(found, allowInsecure, source);
}

/** The rule by which a client's endpoint is checked. */
export interface EndpointRule {
  /** Permits `http` to other machines. */
  readonly allowInsecure: boolean;
  /** The client is the caller's: an endpoint that its code set is not checked. Default false. */
  readonly isOwn?: boolean;
  /** The service, for messages. */
  readonly service: string;
}

/**
 * Lets no request of a client leave that goes over `http` to another machine, whatever led it there: the last wall, before a request is
 * signed.
 */
export function guardEndpoint(client: object, allowInsecure: boolean): void {
  if (allowInsecure) return;
  partsOf(client).middlewareStack.add(
    (next) => (given) => {
      const { protocol, hostname } = requestOf(given);
      if (protocol === "http:" && !isLoopback(hostname)) throw insecure("the endpoint", hostname);
      return next(given);
    },
    { step: "build", priority: "high", name: "kinesisConnectorsEndpoint", override: true },
  );
}

function partsOf(client: object): GuardedClient {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by its structure: this package brings no client
  return client as GuardedClient;
}

function requestOf(given: unknown): { readonly protocol: string; readonly hostname: string } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the SDK's steps from `build` on are given
  return (given as { readonly request: { readonly protocol: string; readonly hostname: string } }).request;
}

/** Whether an endpoint is one of AWS's own: its partitions' domains ("AWS service endpoints"), VPC endpoints among them. */
export function isOfAws({ hostname }: URL): boolean {
  return /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)$/.test(hostname);
}

/** Whether a host name of a URL is this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

function insecure(option: string, host: string): KinesisConnectorError {
  return invalidOption(
    `${option} is http to another machine (${host}): use https, or set allowInsecure to true to send records readable`,
  );
}
