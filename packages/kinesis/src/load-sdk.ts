import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client and commands, loaded with the first request. */
export const kinesisSdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-kinesis",
  import.meta.url,
  () => import("./sdk.js"),
);
