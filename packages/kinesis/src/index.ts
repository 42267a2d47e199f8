export type { KinesisConnectionOptions } from "./connection.js";
export { kinesisEmitter } from "./kinesis-emitter.js";
export type { KinesisEmitterOptions, SourcePosition } from "./options.js";
export { toClaimChecks, type ToClaimChecksOptions } from "./to-claim-checks.js";
