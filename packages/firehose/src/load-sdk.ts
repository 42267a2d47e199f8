import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client and commands, loaded with the first request. */
export const firehoseSdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-firehose",
  import.meta.url,
  () => import("./sdk.js"),
);
