import type { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  BodyMemory,
  guardEndpoint,
  HttpHandler,
  keepCredentials,
  type Later,
  later,
} from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";
import {
  type KinesisProtocol,
  kinesisProtocolOver,
  type WireFormat,
} from "@kinesis-connectors/wire/protocol-over";

import { type AwsClientOptions, common, CONNECTION_TIMEOUT_MS, MAX_CONNECTIONS } from "./client-options.js";
import { kinesisSdk, protocolSdk } from "./load-kinesis-sdk.js";

/** What a caller may say about reaching Kinesis, and how records travel. */
export interface KinesisClientOptions extends AwsClientOptions {
  /** Default `auto`. */
  readonly wireFormat?: WireFormat | undefined;
  /** Told, beside the line in the log, when `auto` gives CBOR up. */
  readonly onWireFallback?: (() => void) | undefined;
}

/** Limit of one request, in milliseconds. A GetRecords answer of 10 MiB comes well within it (the KCL's own limit). */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * A Kinesis client that keeps its connections, made with the first call.
 *
 * The SDK's own default opens a new HTTP/2 session, with a TLS handshake, for every call (aws-sdk-js-v3#8279). Of the two cures we
 * take HTTP/1.1 keep-alive for plain calls: per call it costs no more CPU than a shared HTTP/2 session, and a GOAWAY or a reset then
 * fails one call and not those of every shard at once.
 */
export function createKinesisClient(options: KinesisClientOptions, logger: Logger): Later<KinesisClient> {
  const memory = new BodyMemory();
  const requestHandler = new HttpHandler({
    connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    maxConnections: MAX_CONNECTIONS,
    needsBody: true,
    memory,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    onUnasked: ({ message }) => logger.warn({ error: message }, "answer-unasked"),
  });
  return later(async () => {
    const { KinesisClient: Client } = await kinesisSdk();
    const fast = await protocolOf(options, logger, memory);
    const client = new Client({
      ...common(options, logger),
      protocol: fast.protocol,
      requestHandler,
    });
    // It makes a copy of each answer for a log line, even where nobody logs.
    client.middlewareStack.remove("loggerMiddleware");
    guardEndpoint(client, options.allowInsecure === true);
    keepCredentials(client, options.credentials);
    fast.attach(client);
    return client;
  }, destroy);
}

/**
 * A Kinesis client for SubscribeToShard, which the service offers over HTTP/2 only: the SDK's own handler, a session for each
 * subscription. Without a time-out, because the reader watches over the silence and over a slow accept alike.
 */
export async function createSubscriptionClient(
  options: KinesisClientOptions,
  logger: Logger,
): Promise<KinesisClient> {
  const { KinesisClient: Client } = await kinesisSdk();
  const { WideHttp2 } = await import("./wide-http2.js");
  const client = new Client({
    ...common(options, logger),
    protocol: (await protocolOf(options, logger)).protocol,
    requestHandler: new WideHttp2({ connectionTimeoutMs: CONNECTION_TIMEOUT_MS, proxy: options.proxy }),
  });
  guardEndpoint(client, options.allowInsecure === true);
  keepCredentials(client, options.credentials);
  return client;
}

function destroy(client: KinesisClient): void {
  client.destroy();
}

async function protocolOf(
  { wireFormat = "auto", onWireFallback }: KinesisClientOptions,
  logger: Logger,
  memory?: BodyMemory,
): Promise<KinesisProtocol> {
  const { AwsJson1_1Protocol } = await protocolSdk();
  return kinesisProtocolOver(AwsJson1_1Protocol, {
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
