import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { RedshiftDataClient, type RedshiftDataClientConfig } from "@aws-sdk/client-redshift-data";
import { type Clock, KinesisConnectorError, nonEmptyText, wholeNumber } from "@kinesis-connectors/core";

/** How the Redshift Data API is reached. */
export interface DataApiConnectionOptions {
  /** An own client, used as it is and never destroyed here. Excludes the options below but `requestTimeoutMs`. */
  readonly client?: RedshiftDataClient;
  /** Default: AWS_REGION, or the profile's. */
  readonly region?: string;
  /** Only for other addresses than AWS's own. `https`, or `http` on this machine. */
  readonly endpoint?: string;
  /** Permits `http` to other machines. Records travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: NonNullable<RedshiftDataClientConfig["credentials"]>;
  /** How long a connection may take to open, in milliseconds. Default 3,000. */
  readonly connectionTimeoutMs?: number;
  /** How long one request may take with the client's own repetitions, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Connections kept open. Default 16. */
  readonly maxSockets?: number;
}

/** A client with its time limit. */
export interface DataApiConnection {
  readonly client: RedshiftDataClient;
  readonly requestTimeoutMs: number;
  /** Fetches fresh credentials, once the present ones were refused as expired. */
  readonly refreshCredentials: () => Promise<void>;
  /** Destroys the client, unless the caller brought it. */
  readonly close: () => void;
}

/** What bounds a request: the caller's signal, and the clock that its time is measured with. */
export interface RequestLimits {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The client repeats a call this often by itself, under the same ClientToken; the engine's back-off takes over after that. */
const MAX_SDK_ATTEMPTS = 3;

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: DataApiConnectionOptions): DataApiConnection {
  const requestTimeoutMs = wholeNumber("requestTimeoutMs", options.requestTimeoutMs ?? 30_000, { min: 1 });
  const own = options.client;
  if (own !== undefined) refuseBesideClient(options);
  const client = own ?? createClient(options);
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
 * over (`TimeoutError`), whatever the client is waiting for: a stalled answer, or the pause before its next attempt.
 */
export async function limited<Answer>(
  connection: Pick<DataApiConnection, "requestTimeoutMs">,
  { signal, clock }: RequestLimits,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const { promise: given, reject } = rejection();
  const stop = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const onAbort = (): void => stop(signal.reason);
  const timer = clock.setTimer(connection.requestTimeoutMs, () => {
    const error = new Error(`the Redshift Data API did not answer within ${connection.requestTimeoutMs} ms`);
    error.name = "TimeoutError";
    stop(error);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([request(controller.signal), given]);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

function rejection(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}

function createClient(options: DataApiConnectionOptions): RedshiftDataClient {
  const connectionTimeout = wholeNumber("connectionTimeoutMs", options.connectionTimeoutMs ?? 3_000, {
    min: 1,
  });
  const maxSockets = wholeNumber("maxSockets", options.maxSockets ?? 16, { min: 1 });
  if (options.region !== undefined) nonEmptyText("region", options.region);
  // The SDK reads these two by itself; they are looked at here so that they obey the same rule as the option.
  const fromEnvironment = process.env["AWS_ENDPOINT_URL_REDSHIFT_DATA"] ?? process.env["AWS_ENDPOINT_URL"];
  const named = options.endpoint ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  if (named !== undefined) checkEndpoint(named, options.allowInsecure === true);
  const client = new RedshiftDataClient({
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    maxAttempts: MAX_SDK_ATTEMPTS,
    requestHandler: {
      connectionTimeout,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
      // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
      httpsAgent: new HttpsAgent({
        keepAlive: true,
        maxSockets,
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
      }),
    },
  });
  // It evaluates a copy of each answer for a log line, even where nobody logs.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

function refuseBesideClient(options: DataApiConnectionOptions): void {
  const names = [
    "region",
    "endpoint",
    "allowInsecure",
    "credentials",
    "connectionTimeoutMs",
    "maxSockets",
  ] as const;
  for (const name of names) {
    if (options[name] !== undefined) {
      throw invalid(`${name} cannot be given beside client: configure it on the client`);
    }
  }
}

function checkEndpoint(endpoint: string, allowInsecure: boolean): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalid("endpoint must be a URL such as https://redshift-data.example.com");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("endpoint must not hold credentials: use the credentials option");
  }
  if (url.protocol === "http:" && !isLoopback(url) && !allowInsecure) {
    throw invalid(
      `endpoint is http to another machine (${url.hostname}): use https, or set allowInsecure to true to send records readable`,
    );
  }
}

function isLoopback(url: URL): boolean {
  const host = url.hostname;
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
