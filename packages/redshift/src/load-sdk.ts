import { sdkPart } from "@kinesis-connectors/aws";

/** The SDK's client of the Data API and its commands, loaded with the first request. */
export const dataApiSdk: () => Promise<typeof import("./sdk.js")> = sdkPart(
  "@aws-sdk/client-redshift-data",
  import.meta.url,
  () => import("./sdk.js"),
);
