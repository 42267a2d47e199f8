export { confluentRecords, type ConfluentRecordsOptions } from "./confluent/confluent-records.js";
export type { ConfluentConnectionOptions } from "./confluent/confluent-registry.js";
export { glueRecords, type GlueRecordsOptions } from "./glue/glue-records.js";
export type { RecordDecoder, RegisteredSchema, SchemaFormats, SchemaType } from "./schema.js";
