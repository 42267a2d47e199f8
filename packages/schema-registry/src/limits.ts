import { MiB } from "@kinesis-connectors/core";

/** Glue: version of the header, kinds of compression, bytes of the header with its id (`AWSSchemaRegistryConstants` of schema-registry-common 1.1.24). */
export const GLUE_HEADER_VERSION = 0x03;
export const GLUE_NOT_COMPRESSED = 0x00;
export const GLUE_ZLIB = 0x05;
export const GLUE_ID_BYTES = 16;
export const GLUE_HEADER_BYTES = 18;

/** Confluent: first byte, and bytes of the header with its id ("Wire format" in Confluent's documentation of the schema registry). */
export const CONFLUENT_MAGIC = 0x00;
export const CONFLUENT_HEADER_BYTES = 5;

/** Levels of messages in each other that a message index may lead through. protobuf-es and protoc take no more than a hundred. */
export const MAX_MESSAGE_DEPTH = 100;

/** Bytes of a record once it is inflated, unless said otherwise: six times the largest record of Kinesis. */
export const DEFAULT_MAX_BYTES: number = 64 * MiB;

/** How long an id that the registry does not know is not asked for again, in milliseconds: a schema may be registered after its first record. */
export const UNKNOWN_FOR_MS = 60_000;

/** Ids that are remembered as unknown: hostile records hold as many as they like. */
export const MAX_UNKNOWN_IDS = 10_000;

/** Time limit of one look-up in milliseconds, unless said otherwise: well below a pipeline's `transformTimeoutMs` of 30,000. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

/** Characters of a schema. Glue takes 170,000 (quotas of the AWS Glue Schema Registry), Confluent's registry 1 MiB and more. */
export const MAX_SCHEMA_CHARACTERS: number = 4 * MiB;

/** Schemas that one schema may refer to, over all levels. */
export const MAX_REFERENCES = 100;
