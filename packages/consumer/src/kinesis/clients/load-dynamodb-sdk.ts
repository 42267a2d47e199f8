import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client of DynamoDB and its commands, loaded with the first call. */
export const dynamoDbSdk: () => Promise<typeof import("./dynamodb-sdk.js")> = sdkPart(
  "@aws-sdk/client-dynamodb",
  import.meta.url,
  () => import("./dynamodb-sdk.js"),
);
