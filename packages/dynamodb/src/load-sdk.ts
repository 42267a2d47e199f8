import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client and commands, loaded with the first request. */
export const dynamoDbSdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-dynamodb",
  import.meta.url,
  () => import("./sdk.js"),
);

/** The SDK's protocol that ours is made of, loaded with the client. */
export const protocolSdk: () => Promise<typeof import("./protocol/sdk.js")> = sdkPart(
  "@aws-sdk/core/protocols",
  import.meta.url,
  () => import("./protocol/sdk.js"),
);
