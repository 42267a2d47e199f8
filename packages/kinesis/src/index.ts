export type { KinesisConnectionOptions } from "./connection.js";
export { kinesisEmitter, type KinesisEmitterOptions, type SourcePosition } from "./kinesis-emitter.js";
