import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client of Kinesis and its commands, loaded with the first call. */
export const kinesisSdk: () => Promise<typeof import("./kinesis-sdk.js")> = sdkPart(
  "@aws-sdk/client-kinesis",
  import.meta.url,
  () => import("./kinesis-sdk.js"),
);

/** The SDK's protocol that ours is made of, loaded with the client. */
export const protocolSdk: () => Promise<typeof import("./protocol-sdk.js")> = sdkPart(
  "@aws-sdk/core/protocols",
  import.meta.url,
  () => import("./protocol-sdk.js"),
);
