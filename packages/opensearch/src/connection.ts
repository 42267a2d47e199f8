import { Client, type ClientOptions } from "@opensearch-project/opensearch";
import { AwsSigv4Signer } from "@opensearch-project/opensearch/aws-v3";
import {
  checkCredentials,
  checkedEndpoint,
  type KeptAgents,
  keptCredentials,
  keptAgents,
  type ProxyOption,
  type RequestBounds,
} from "@kinesis-connectors/aws";
import { nonEmptyText, wholeNumber, invalidOption } from "@kinesis-connectors/core";
import { type HttpAnswer, isByTheClock } from "./failures.js";
import { type DatedAnswer, answerOf, named } from "./answers.js";

/** How long a proxy may take to open a way. */
const CONNECTION_TIMEOUT_MS = 5_000;

/** Keys of an AWS account or session. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Signs requests for a domain of Amazon OpenSearch Service (SigV4). */
export interface AwsSigning {
  /** The domain's region. */
  readonly region: string;
  /** `es`: a domain. `aoss`: a collection of OpenSearch Serverless. Default `es`. */
  readonly service?: "es" | "aoss";
  /** Keys, or what fetches them. Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: AwsKeys | ((options?: { readonly forceRefresh?: boolean }) => Promise<AwsKeys>);
}

/** Options of the connection to OpenSearch. */
export interface OpenSearchConnectionOptions {
  /** URL of the domain or node: `https`, or `http` on this machine. The only host that requests go to; redirects are not followed. */
  readonly node: string;
  /** Signs requests for the AWS service. Excludes `auth`. */
  readonly aws?: AwsSigning;
  /** User and password of a cluster's own users; or `{ apiKey }`, an encoded API key of Elasticsearch 8 or 9, whose server this package was not tried on. */
  readonly auth?: { readonly username: string; readonly password: string } | { readonly apiKey: string };
  /** Certificates of the authority that signed the node's, PEM. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** Permits `http` to other machines. Records and passwords travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** `gzip` compresses requests; a domain of AWS must have `http_compression.enabled`. Default: none. */
  readonly compression?: "gzip";
  /** Time limit of one request, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /** Connections kept open to the node. Default 64. */
  readonly maxSockets?: number;
  /**
   * URL of an http or https proxy that requests go through by CONNECT, with user and password where it asks for them; or false for none, whatever the
   * environment says. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, never for this machine.
   */
  readonly proxy?: ProxyOption;
}

/** One request. */
interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client, with what it is asked through. */
export interface OpenSearchConnection {
  /** Host and port, for messages. */
  readonly host: string;
  /**
   * Sends one request, once. Resolves with any answer; rejects when there was none, when the time is over (`TimeoutError`), and at once
   * with the signal's reason when it is aborted.
   */
  readonly send: (request: HttpRequest, bounds: RequestBounds) => Promise<HttpAnswer>;
  /** Fetches fresh credentials, once the present ones were refused as expired. False where the caller gave keys: there is nothing to fetch. */
  readonly renewCredentials: () => boolean;
  readonly close: () => Promise<void>;
}

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: OpenSearchConnectionOptions): OpenSearchConnection {
  const url = checkedNode(options.node, options.allowInsecure === true);
  const requestTimeoutMs = wholeNumber("requestTimeoutMs", options.requestTimeoutMs ?? 60_000, { min: 1 });
  const settings = clientSettings(options, url, requestTimeoutMs);
  const underWay = new Map<Promise<unknown>, () => void>();
  let closed: Promise<void> | undefined;
  let client = new Client({ ...settings, ...signing(options.aws, false) });
  // How far the service's clock is ahead of the machine's, once that was refused. The signer has no correction of its own.
  let aheadMs: number | undefined;

  const send = async (request: HttpRequest, bounds: RequestBounds): Promise<HttpAnswer> => {
    const answer = await sendOnce(request, bounds);
    const serviceMs = Date.parse(answer.date ?? "");
    if (options.aws === undefined || !isByTheClock(answer) || Number.isNaN(serviceMs)) return answer;
    aheadMs = serviceMs - bounds.clock.now();
    return await sendOnce(request, bounds);
  };

  const sendOnce = async (request: HttpRequest, { signal, clock }: RequestBounds): Promise<DatedAnswer> => {
    signal.throwIfAborted();
    const { method, path, query = {}, body } = request;
    const signedAt = aheadMs === undefined ? {} : { "x-amz-date": amzDate(clock.now() + aheadMs) };
    const sent = client.transport.request(
      {
        method,
        path,
        querystring: { ...query },
        ...(body === undefined ? {} : { bulkBody: body }),
      },
      { headers: signedAt },
    );
    const { promise: given, reject } = rejection();
    const stop = (reason: unknown): void => {
      reject(reason);
      sent.abort();
    };
    const onAbort = (): void => stop(signal.reason);
    const onClose = (): void => stop(new Error("the emitter was closed"));
    const forget = (): void => {
      underWay.delete(answer);
    };
    // Our own timer: the client's ends with the headers of the answer, and a body that stalls would hold the shard for ever.
    const timer = clock.setTimer(requestTimeoutMs, () => {
      stop(named("TimeoutError", `OpenSearch did not answer within ${requestTimeoutMs} ms`));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    const answer = answerOf(sent);
    underWay.set(answer, onClose);
    try {
      return await Promise.race([answer, given]);
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      answer.then(forget, forget);
    }
  };

  return {
    host: url.host,
    send,
    renewCredentials: () => {
      if (options.aws === undefined || typeof options.aws.credentials === "object") return false;
      // The signer holds on to its keys until they say themselves that they are over; a new one asks for new ones.
      const old = client;
      client = new Client({ ...settings, ...signing(options.aws, true) });
      void old.close();
      return true;
    },
    close: () => {
      // The client never answers when it is closed a second time: its pool is empty then.
      closed ??= (async () => {
        for (const stop of underWay.values()) stop();
        // And it waits whole seconds for requests that are still counted: an aborted one is until it has settled.
        await Promise.allSettled(underWay.keys());
        await client.close();
      })();
      return closed;
    },
  };
}

/** Everything that the client does by itself beside sending is switched off: the engine repeats, and there is one node. */
function clientSettings(
  options: OpenSearchConnectionOptions,
  url: URL,
  requestTimeoutMs: number,
): ClientOptions {
  const { aws, auth, ca, compression, proxy } = options;
  const maxSockets = wholeNumber("maxSockets", options.maxSockets ?? 64, { min: 1 });
  if (compression !== undefined && compression !== "gzip") throw invalidOption('compression takes "gzip"');
  if (aws !== undefined && auth !== undefined) throw invalidOption("aws and auth exclude each other");
  if (aws !== undefined) {
    nonEmptyText("aws.region", aws.region);
    checkCredentials("aws.credentials", aws.credentials);
    if (aws.service !== undefined && aws.service !== "es" && aws.service !== "aoss")
      throw invalidOption('aws.service takes "es" or "aoss"');
  }
  if (auth !== undefined) {
    if ("apiKey" in auth && ("username" in auth || "password" in auth))
      throw invalidOption("auth.apiKey excludes auth.username and auth.password");
    const needed =
      "apiKey" in auth ? { apiKey: auth.apiKey } : { username: auth.username, password: auth.password };
    for (const [name, value] of Object.entries(needed))
      if (typeof value !== "string" || value === "")
        throw invalidOption(`auth.${name} must be a text that is not empty`);
  }
  const agentsOf = (): KeptAgents =>
    keptAgents({ maxSockets, ca, proxy, connectionTimeoutMs: CONNECTION_TIMEOUT_MS });
  // What cannot be read is told now.
  agentsOf();
  return {
    node: url.href,
    maxRetries: 0,
    requestTimeout: requestTimeoutMs,
    resurrectStrategy: "none",
    // One pair for each client: it destroys the one that it uses when it is closed.
    agent: () => (url.protocol === "http:" ? agentsOf().http : agentsOf().https),
    ...(auth === undefined
      ? {}
      : "apiKey" in auth
        ? { headers: { authorization: `ApiKey ${auth.apiKey}` } }
        : { auth: { username: auth.username, password: auth.password } }),
    ...(compression === undefined ? {} : { compression }),
  };
}

/** What makes the client sign; nothing without `aws`. */
function signing(aws: AwsSigning | undefined, forceRefresh: boolean): Partial<ClientOptions> {
  if (aws === undefined) return {};
  const { credentials } = aws;
  let fetchKeys: Extract<AwsSigning["credentials"], (...given: never[]) => unknown> | undefined =
    typeof credentials === "function" ? credentials : undefined;
  let force = forceRefresh;
  const keysOf = async (): Promise<AwsKeys> => {
    if (typeof credentials === "object") return credentials;
    // Loaded on first use: whoever signs with own keys need not wait for the whole chain.
    const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
    fetchKeys ??= keptCredentials((options) => defaultProvider({ ignoreCache: true })(options));
    const keys = await fetchKeys(force ? { forceRefresh: true } : undefined);
    force = false;
    return keys;
  };
  const { Connection, Transport } = AwsSigv4Signer({
    region: aws.region,
    service: aws.service ?? "es",
    // The declared type is that of SDK 2; of it the signer reads these four fields.
    getCredentials: keysOf as unknown as NonNullable<Parameters<typeof AwsSigv4Signer>[0]["getCredentials"]>,
  });
  return { Connection, Transport };
}

/** A time as signatures name it: `20261129T081500Z` (SigV4, x-amz-date). */
function amzDate(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[:-]|\.\d{3}/gu, "");
}

function rejection(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}

function checkedNode(node: string, allowInsecure: boolean): URL {
  const url = checkedEndpoint(node, allowInsecure, "node");
  if (url.search !== "" || url.hash !== "") throw invalidOption("node must end with its host, port or path");
  return url;
}
