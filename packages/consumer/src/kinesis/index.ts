export type { AwsClientOptions } from "./clients/client-options.js";
export { connectKinesis, type ConnectKinesisOptions } from "./connect-kinesis.js";
export type { KinesisClientOptions } from "./clients/kinesis-clients.js";
export type { KinesisApi } from "./kinesis-api.js";
export { sdkKinesis, type SdkKinesisOptions, type StreamName } from "./sdk-kinesis.js";
