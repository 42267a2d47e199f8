export { firehoseEmitter } from "./firehose-emitter.js";
export type { FirehoseEmitterOptions } from "./options.js";
