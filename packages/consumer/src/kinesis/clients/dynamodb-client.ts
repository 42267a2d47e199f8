import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { guardEndpoint, HttpHandler, keepCredentials, type Later, later } from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";

import { type AwsClientOptions, common, CONNECTION_TIMEOUT_MS, MAX_CONNECTIONS } from "./client-options.js";
import { dynamoDbSdk } from "./load-dynamodb-sdk.js";

/**
 * A DynamoDB client for leases, made with the first call: a renewal that takes longer than `requestTimeoutMs` has to be given up while the lease still holds, so
 * that its outcome can be read back in time.
 */
export function createDynamoDbClient(
  options: AwsClientOptions,
  logger: Logger,
  requestTimeoutMs: number,
): Later<DynamoDBClient> {
  // The SDK's own takes an answer that comes again for that of the next request: a refused write would count as applied.
  const requestHandler = new HttpHandler({
    connectionTimeoutMs: Math.min(CONNECTION_TIMEOUT_MS, requestTimeoutMs),
    requestTimeoutMs,
    maxConnections: MAX_CONNECTIONS,
    needsBody: true,
    onUnasked: ({ message }) => logger.warn({ error: message }, "answer-unasked"),
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
  });
  return later(
    async () => {
      const { DynamoDBClient: Client } = await dynamoDbSdk();
      const client = new Client({ ...common(options, logger), requestHandler });
      // It makes a copy of each answer for a log line, even where nobody logs.
      client.middlewareStack.remove("loggerMiddleware");
      guardEndpoint(client, options.allowInsecure === true);
      keepCredentials(client, options.credentials);
      return client;
    },
    (client) => client.destroy(),
  );
}
