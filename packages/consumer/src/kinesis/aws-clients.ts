import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KinesisClient, type KinesisClientConfig } from "@aws-sdk/client-kinesis";
import { BodyMemory, guardEndpoint, HttpHandler, type ProxyOption } from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";
import { type KinesisProtocol, kinesisProtocol, type WireFormat } from "@kinesis-connectors/wire/protocol";

import { version } from "./version.js";
import { WideHttp2 } from "./wide-http2.js";

/** What a caller may say about reaching AWS. What is left out, the SDK finds where it always does. */
export interface AwsClientOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: KinesisClientConfig["credentials"] | undefined;
  /** Permits `http` to other machines, by whatever names them. Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** URL of a proxy for everything, or false for none. Default: what the environment says. */
  readonly proxy?: ProxyOption | undefined;
}

/** The same for Kinesis, and how records travel. */
export interface KinesisClientOptions extends AwsClientOptions {
  /** Default `auto`. */
  readonly wireFormat?: WireFormat | undefined;
  /** Told, beside the line in the log, when `auto` gives CBOR up. */
  readonly onWireFallback?: (() => void) | undefined;
}

/** Limits of one request, in milliseconds. A GetRecords answer of 10 MiB comes well within 30 s (the KCL's own limit). */
const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

// One connection per request under way: a shard has at most one. Beyond this many, requests queue.
const MAX_CONNECTIONS = 512;

/**
 * A Kinesis client that keeps its connections.
 *
 * The SDK's own default opens a new HTTP/2 session, with a TLS handshake, for every call (aws-sdk-js-v3#8279). Of the two cures we
 * take HTTP/1.1 keep-alive for plain calls: per call it costs no more CPU than a shared HTTP/2 session, and a GOAWAY or a reset then
 * fails one call and not those of every shard at once.
 */
export function createKinesisClient(options: KinesisClientOptions, logger: Logger): KinesisClient {
  const memory = new BodyMemory();
  const fast = protocolOf(options, logger, memory);
  const client = new KinesisClient({
    ...common(options, logger),
    protocol: fast.protocol,
    requestHandler: new HttpHandler({
      connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      maxConnections: MAX_CONNECTIONS,
      memory,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
      onUnasked: ({ message }) => logger.warn({ error: message }, "answer-unasked"),
    }),
    // All calls of one kind differ in their input alone: the way through the client is worked out once for each kind, and not for each poll.
    cacheMiddleware: true,
  });
  // It makes a copy of each answer for a log line, even where nobody logs.
  client.middlewareStack.remove("loggerMiddleware");
  guardEndpoint(client, options.allowInsecure === true);
  fast.attach(client);
  return client;
}

/**
 * A Kinesis client for SubscribeToShard, which the service offers over HTTP/2 only: the SDK's own handler, a session for each
 * subscription. Without a time-out, because the reader watches over the silence and over a slow accept alike.
 */
export function createSubscriptionClient(options: KinesisClientOptions, logger: Logger): KinesisClient {
  const client = new KinesisClient({
    ...common(options, logger),
    protocol: protocolOf(options, logger).protocol,
    requestHandler: new WideHttp2({ connectionTimeoutMs: CONNECTION_TIMEOUT_MS, proxy: options.proxy }),
  });
  guardEndpoint(client, options.allowInsecure === true);
  return client;
}

/**
 * A DynamoDB client for leases: a renewal that takes longer than `requestTimeoutMs` has to be given up while the lease still holds, so
 * that its outcome can be read back in time.
 */
export function createDynamoDbClient(
  options: AwsClientOptions,
  logger: Logger,
  requestTimeoutMs: number,
): DynamoDBClient {
  const client = new DynamoDBClient({
    ...common(options, logger),
    // The SDK's own takes an answer that comes again for that of the next request: a refused write would count as applied.
    requestHandler: new HttpHandler({
      connectionTimeoutMs: Math.min(CONNECTION_TIMEOUT_MS, requestTimeoutMs),
      requestTimeoutMs,
      maxConnections: MAX_CONNECTIONS,
      onUnasked: ({ message }) => logger.warn({ error: message }, "answer-unasked"),
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    }),
  });
  guardEndpoint(client, options.allowInsecure === true);
  return client;
}

function protocolOf(
  { wireFormat = "auto", onWireFallback }: KinesisClientOptions,
  logger: Logger,
  memory?: BodyMemory,
): KinesisProtocol {
  return kinesisProtocol({
    wireFormat,
    ...(memory === undefined ? {} : { memory }),
    onFallback: () => {
      logger.warn(
        { wireFormat: "json" },
        'Kinesis answered CBOR with JSON: JSON from now on, which costs more CPU; wireFormat "json" asks for it from the start',
      );
      onWireFallback?.();
    },
  });
}

function common({ region, endpoint, credentials }: AwsClientOptions, logger: Logger) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Calls are repeated by those who make them, on their clock and knowing what a lost answer means; a second layer below would
    // hide throttling and make a refused condition ambiguous.
    maxAttempts: 1,
    customUserAgent: [["kinesis-connectors", version]] satisfies [string, string][],
    logger: sdkLogger(logger),
  };
}

/** Without `info`: the SDK's logging step walks over every record only to have something to pass to it. */
function sdkLogger(logger: Logger): NonNullable<KinesisClientConfig["logger"]> {
  const quiet = {
    debug: () => undefined,
    warn: (...content: unknown[]) => logger.warn({ from: "aws-sdk" }, saidBySdk(content[0])),
    // Failed calls are told by whoever made them, who knows which of them are routine.
    error: (...content: unknown[]) => logger.debug({ from: "aws-sdk" }, saidBySdk(content[0])),
  };
  // The type asks for `info`; the SDK calls it only where it exists (`logger?.info?.(...)`).
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return quiet as unknown as NonNullable<KinesisClientConfig["logger"]>;
}

/** A line of the SDK's own. Of a failed call it hands over everything, input included: only its name and the error's may be shown. */
function saidBySdk(content: unknown): string {
  if (typeof content === "string") return content.slice(0, 500);
  if (typeof content !== "object" || content === null) return "a line without text";
  const { commandName, error } = content as { commandName?: unknown; error?: { name?: unknown } };
  return `${typeof commandName === "string" ? commandName : "a call"} failed: ${typeof error?.name === "string" ? error.name : "no name"}`;
}
