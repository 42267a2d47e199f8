export { avro, type AvroOptions, type AvroSchema } from "./avro.js";
