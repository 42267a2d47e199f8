import { KinesisClient, type KinesisClientConfig } from "@aws-sdk/client-kinesis";
import { type Clock, KinesisConnectorError, nonEmptyText, wholeNumber } from "@kinesis-connectors/core";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** How Kinesis is reached. */
export interface KinesisConnectionOptions {
  /** An own client, used as it is and never destroyed here. Excludes the options below but `requestTimeoutMs`. */
  readonly client?: KinesisClient;
  /** Default: the region of `streamArn`, AWS_REGION, or the profile's. */
  readonly region?: string;
  /** Only for other addresses than AWS's own. `https`, or `http` on this machine. */
  readonly endpoint?: string;
  /** Permits `http` to other machines. Records travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: NonNullable<KinesisClientConfig["credentials"]>;
  /** How long a connection may take to open, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** How long one request may take, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Connections kept open. Each shard of the source uses one at a time. Default 64. */
  readonly maxSockets?: number;
}

/** A client with its time limit. */
export interface KinesisConnection {
  readonly client: KinesisClient;
  readonly requestTimeoutMs: number;
  /** Fetches fresh credentials, once the present ones were refused as expired. */
  readonly refreshCredentials: () => Promise<void>;
  /** Destroys the client, unless the caller brought it. */
  readonly close: () => void;
}

/** What bounds a request: the caller's signal, and the clock that its time is measured with. */
export interface RequestBounds {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: KinesisConnectionOptions): KinesisConnection {
  const requestTimeoutMs = wholeNumber("requestTimeoutMs", options.requestTimeoutMs ?? 30_000, { min: 1 });
  const own = options.client;
  if (own !== undefined) refuseBesideClient(options);
  const client = own ?? createClient(options, requestTimeoutMs);
  return {
    client,
    requestTimeoutMs,
    refreshCredentials: async () => {
      await client.config.credentials({ forceRefresh: true });
    },
    close: () => {
      if (own === undefined) client.destroy();
    },
  };
}

/**
 * Runs one request within the time limit. It rejects at once when the signal is aborted (with the signal's reason) or the time is
 * over (`TimeoutError`), whatever the client is waiting for.
 */
export async function limited<Answer>(
  { requestTimeoutMs }: Pick<KinesisConnection, "requestTimeoutMs">,
  { signal, clock }: RequestBounds,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let reject: (reason: unknown) => void = () => undefined;
  const stopped = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  const stop = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const onAbort = (): void => stop(signal.reason);
  const timer = clock.setTimer(requestTimeoutMs, () => {
    const error = new Error(`Kinesis did not answer within ${requestTimeoutMs} ms`);
    error.name = "TimeoutError";
    stop(error);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([request(controller.signal), stopped]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function createClient(options: KinesisConnectionOptions, requestTimeoutMs: number): KinesisClient {
  const connectionTimeout = wholeNumber("connectionTimeoutMs", options.connectionTimeoutMs ?? 5_000, {
    min: 1,
  });
  const maxSockets = wholeNumber("maxSockets", options.maxSockets ?? 64, { min: 1 });
  const { region, endpoint, credentials } = options;
  if (region !== undefined) nonEmptyText("region", region);
  // The SDK reads these two by itself; they are looked at here so that they obey the same rule as the option.
  const fromEnvironment = process.env["AWS_ENDPOINT_URL_KINESIS"] ?? process.env["AWS_ENDPOINT_URL"];
  const named = endpoint ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  if (named !== undefined) checkEndpoint(named, options.allowInsecure === true);
  const client = new KinesisClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // The engine repeats: only it knows which records are placed, and it shows what it repeats.
    maxAttempts: 1,
    // HTTP/1.1 with connections kept: the client's default opens an HTTP/2 session per call (aws-sdk-js-v3#8279).
    requestHandler: new NodeHttpHandler({
      connectionTimeout,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets },
      // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
      httpsAgent: { keepAlive: true, maxSockets, rejectUnauthorized: true, minVersion: "TLSv1.2" },
    }),
  });
  // It makes a copy of each answer for a log line, even where nobody logs.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

function refuseBesideClient(options: KinesisConnectionOptions): void {
  const names = [
    "region",
    "endpoint",
    "allowInsecure",
    "credentials",
    "connectionTimeoutMs",
    "maxSockets",
  ] as const;
  for (const name of names) {
    if (options[name] !== undefined)
      throw invalid(`${name} cannot be given beside client: configure it on the client`);
  }
}

function checkEndpoint(endpoint: string, allowInsecure: boolean): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw invalid("endpoint must be a URL such as https://kinesis.example.com");
  if (url.username !== "" || url.password !== "")
    throw invalid("endpoint must not hold credentials: use the credentials option");
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecure)
    throw invalid(
      `endpoint is http to another machine (${url.hostname}): use https, or set allowInsecure to true to send records readable`,
    );
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

function invalid(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message);
}
