export type { InvocationContext, KinesisBatchResponse, KinesisEvent, KinesisEventRecord } from "./event.js";
export { type KinesisHandler, kinesisHandler } from "./kinesis-handler.js";
export type { KinesisHandlerOptions } from "./options.js";
export type { EventSourceMapping, ListMappings, MappingQuestion } from "./mapping/event-source-mapping.js";
