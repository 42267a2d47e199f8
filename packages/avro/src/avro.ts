import avsc, { type Schema, type Type } from "avsc";
import {
  checkOptions,
  dataBytesOf,
  type DecodingTransformer,
  decodeWith,
  invalidOption,
  type KinesisConnectorError,
  type KinesisRecord,
  type OptionNames,
  poisonRecord,
} from "@kinesis-connectors/core";
import { boundedTypes } from "./bounded-types.js";
import { MAX_MESSAGE_CHARACTERS } from "./limits.js";
import { DamagedData } from "./tap.js";

/** An Avro schema: as JSON text, or as what JSON makes of it. */
export type AvroSchema = string | object;

/** Options of `avro`. */
export interface AvroOptions {
  /** The schema that the producers write with. */
  readonly schema: AvroSchema;
  /**
   * The schema that the models have: fields that it lacks are passed over, fields that the records lack take its defaults, numbers become wider (Avro
   * specification, "Schema resolution"). It holds all types that it names. Default: `schema`.
   */
  readonly reader?: AvroSchema;
  /** Schemas of named types that `schema` names and does not hold, each after those that it names itself. Default: none. */
  readonly references?: readonly AvroSchema[];
}

const NAMES: OptionNames<AvroOptions> = { schema: "required", reader: true, references: true };

/**
 * Each record is one Avro datum in binary encoding, and nothing else: no container file and no framing of a registry
 * (`@kinesis-connectors/schema-registry` has those). The type parameter is a promise by the caller.
 *
 * Longs are numbers up to 2^53 and bigints past it, whatever the logical type: none is interpreted, so that a timestamp is its number and a decimal its
 * bytes. Unions are their value; one with several kinds of numbers, of texts or of records has it under the name of its branch, `{ "long": 5 }`.
 *
 * What the schema cannot read makes the record poison (`KC_RECORD_POISON`): data that are cut off or too long, texts that are not UTF-8, arrays and maps that
 * claim more than is there.
 *
 * @example
 * ```ts
 * const orders = definePipeline({
 *   transformer: avro<Order>({ schema: ORDER_V2, reader: ORDER_V1 }),
 *   emitter: dynamoDbEmitter({ table: "orders" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for what is no schema, and for a reader that cannot read what the schema writes
 */
export function avro<Model = unknown>(options: AvroOptions): DecodingTransformer<Model> {
  checkOptions("avro", options, NAMES);
  const { schema, reader, references = [] } = options;
  if (!Array.isArray(references)) throw invalidOption("avro: references takes a list of schemas");
  const registry: Record<string, Type> = {};
  for (const [index, reference] of references.entries()) typeOf(`references[${index}]`, reference, registry);
  const written = typeOf("schema", schema, registry);
  const wanted = reader === undefined ? written : typeOf("reader", reader, {});
  const resolver = wanted === written ? undefined : resolverOf(wanted, written);
  return decodeWith<Model>((record) => {
    try {
      // The caller's type for the caller's data: see the docstring.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const model = wanted.fromBuffer(bytesOf(record), resolver) as Model;
      return Array.isArray(model) ? [model] : model;
    } catch (thrown) {
      throw damaged(record, thrown);
    }
  });
}

/** The type of a schema among `registry`, to which those that it defines are added. */
function typeOf(option: string, schema: AvroSchema, registry: Record<string, Type>): Type {
  try {
    // Texts are JSON, but for the name of a type.
    const given: unknown =
      typeof schema === "string" && /^\s*["[{]/.test(schema) ? JSON.parse(schema) : schema;
    // avsc tells what is no schema.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const options = { registry, typeHook: boundedTypes, omitRecordMethods: true };
    return avsc.Type.forSchema(given as Schema, options);
  } catch (thrown) {
    throw invalidOption(`avro: ${option} is no Avro schema (${saidOf(thrown)})`);
  }
}

function resolverOf(wanted: Type, written: Type): ReturnType<Type["createResolver"]> {
  try {
    return wanted.createResolver(written);
  } catch (thrown) {
    throw invalidOption(
      `avro: reader cannot read what schema writes (${saidOf(thrown)}); give fields that schema lacks a default`,
    );
  }
}

/** What avsc says of a schema, which is the caller's own. */
function saidOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : "").slice(0, MAX_MESSAGE_CHARACTERS);
}

/** What is wrong with a record's bytes. The cause is not kept: avsc quotes values in its messages. */
function damaged(record: KinesisRecord, thrown: unknown): KinesisConnectorError {
  return poisonRecord(`the record's ${dataBytesOf(record)} bytes ${reasonOf(thrown)}`);
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof DamagedData) return thrown.message;
  if (thrown instanceof RangeError) return "are nested too deeply for the Avro schema";
  const message = thrown instanceof Error ? thrown.message : "";
  if (message === "truncated buffer") return "end in the middle of a value";
  if (message === "trailing data") return "go on behind the end of the Avro datum";
  return "are no datum of the Avro schema";
}

/** The record's bytes in its page: models keep no view of them, since avsc copies bytes and texts. */
function bytesOf(record: KinesisRecord): Buffer {
  const { page, dataStart, dataEnd } = record;
  if (page !== undefined) return page.subarray(dataStart, dataEnd);
  const { data } = record;
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
