import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client and commands, loaded with the first request. */
export const s3Sdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-s3",
  import.meta.url,
  () => import("./sdk.js"),
);
