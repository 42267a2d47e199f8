import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client and commands, loaded with the first request. */
export const sqsSdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-sqs",
  import.meta.url,
  () => import("./sdk.js"),
);
