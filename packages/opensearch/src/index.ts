export type { AwsKeys, AwsSigning, OpenSearchConnectionOptions } from "./connection.js";
export { openSearchEmitter, type OpenSearchEmitterOptions } from "./opensearch-emitter.js";
