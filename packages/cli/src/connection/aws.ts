import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { type AwsConnection, type AwsConnectionOptions, connectAws } from "@kinesis-connectors/aws";
import { credentialsFor } from "./credentials.js";
import { dynamoDbSdk, kinesisSdk } from "./load-sdk.js";
import type { Where } from "./target.js";

const REQUEST_TIMEOUT_MS = 30_000;

// Who calls repeats, knowing what a lost answer means; a second layer below would make a refused condition ambiguous.
const ONCE = { maxAttempts: 1 } as const;

/** The way to DynamoDB. Nothing is sent yet. */
export function toDynamoDb(where: Where): AwsConnection<DynamoDBClient> {
  return connectAws<DynamoDBClient>(options(where, "dynamodb"), {
    endpointVariable: "AWS_ENDPOINT_URL_DYNAMODB",
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    create: async (config, endpoint) => {
      const { DynamoDBClient: Client } = await dynamoDbSdk();
      return new Client({
        ...config,
        ...ONCE,
        ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
      });
    },
  });
}

/** The way to Kinesis. Nothing is sent yet. */
export function toKinesis(where: Where): AwsConnection<KinesisClient> {
  return connectAws<KinesisClient>(options(where, "kinesis"), {
    endpointVariable: "AWS_ENDPOINT_URL_KINESIS",
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    create: async (config, endpoint) => {
      const { KinesisClient: Client } = await kinesisSdk();
      return new Client({
        ...config,
        ...ONCE,
        ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
      });
    },
  });
}

function options(where: Where, service: "kinesis" | "dynamodb") {
  const endpoint = service === "kinesis" ? where.endpointKinesis : where.endpointDynamodb;
  const credentials = credentialsFor(where.credentials, service);
  return {
    ...(where.region === undefined ? {} : { region: where.region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : { credentials: credentials as NonNullable<AwsConnectionOptions<never>["credentials"]> }),
    ...(where.proxy === undefined ? {} : { proxy: where.proxy }),
    allowInsecure: where.allowInsecure,
  };
}
