import type { Transformer } from "@kinesis-connectors/core";

/** The languages of schemas that both registries have. */
export type SchemaType = "AVRO" | "JSON" | "PROTOBUF";

/** A schema as its registry has it. */
export interface RegisteredSchema {
  /** The id that records name: a UUID of Glue, a number of Confluent's registry. */
  readonly id: string;
  readonly type: SchemaType;
  /** The schema's text. */
  readonly definition: string;
  /** Texts of the schemas that it refers to, each after those that it refers to itself. For Avro; empty otherwise, and for Glue. */
  readonly references: readonly string[];
}

/** The half of a transformer that decodes: what `avro()`, `json()` and `protobuf()` give. */
export type RecordDecoder<Model> = Pick<Transformer<Model, never>, "toModel">;

/** How payloads are decoded, by the language of their schema. Records of a schema in any other become dead letters. */
export interface SchemaFormats<Model> {
  /** Makes the decoder of one schema; called once for each. `({ definition, references }) => avro({ schema: definition, references, reader })`. */
  readonly AVRO?: (schema: RegisteredSchema) => RecordDecoder<Model>;
  /** The same for JSON Schema, by which the producer has checked the document: `() => json()`. */
  readonly JSON?: (schema: RegisteredSchema) => RecordDecoder<Model>;
  /** Decoders of messages by their full names: `{ "shop.Order": protobuf(OrderSchema) }`. */
  readonly PROTOBUF?: Readonly<Record<string, RecordDecoder<Model>>>;
}
