import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type AwsConnection, type AwsConnectionOptions, connectAws } from "@kinesis-connectors/aws";
import { dynamoDbSdk, protocolSdk } from "./load-sdk.js";
import { writingProtocol } from "./protocol/protocol.js";

/** Options of the connection to DynamoDB. `requestTimeoutMs` is 10,000 by default. */
export type DynamoDbConnectionOptions = AwsConnectionOptions<DynamoDBClient>;

/** A client with its time limit. */
export type DynamoDbConnection = AwsConnection<DynamoDBClient>;

/** The client repeats nothing by itself: each throttling must be seen, or the number of requests under way would not follow it. */
const MAX_SDK_ATTEMPTS = 1;

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: DynamoDbConnectionOptions): DynamoDbConnection {
  return connectAws(options, {
    endpointVariable: "AWS_ENDPOINT_URL_DYNAMODB",
    requestTimeoutMs: 10_000,
    keepsRequests: true,
    create: async (config) => {
      const { DynamoDBClient: Client } = await dynamoDbSdk();
      const { AwsJson1_0Protocol } = await protocolSdk();
      return new Client({
        ...config,
        protocol: writingProtocol(AwsJson1_0Protocol),
        maxAttempts: MAX_SDK_ATTEMPTS,
      });
    },
  });
}
