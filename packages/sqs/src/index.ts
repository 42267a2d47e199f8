export type { SqsEmitterOptions } from "./options.js";
export { sqsEmitter } from "./sqs-emitter.js";
