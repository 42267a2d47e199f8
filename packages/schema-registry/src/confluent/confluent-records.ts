import {
  checkOptions,
  type Clock,
  type DecodingTransformer,
  decodeWith,
  type OptionNames,
  poisonRecord,
  systemClock,
} from "@kinesis-connectors/core";
import { decoderOf, type ReadMessage } from "../decoders.js";
import { checkFormats, FORMATS } from "../formats.js";
import { CONFLUENT_HEADER_BYTES, CONFLUENT_MAGIC, MAX_MESSAGE_DEPTH } from "../limits.js";
import { Payload } from "../payload.js";
import { SchemaLookups } from "../schema-lookups.js";
import type { SchemaFormats } from "../schema.js";
import {
  CONFLUENT_CONNECTION_OPTIONS,
  type ConfluentConnectionOptions,
  confluentRegistry,
} from "./confluent-registry.js";

/** Options of `confluentRecords`. */
export interface ConfluentRecordsOptions<Model> extends ConfluentConnectionOptions {
  /** How payloads are decoded, by the language of their schema. */
  readonly formats: SchemaFormats<Model>;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<ConfluentRecordsOptions<unknown>> = {
  ...CONFLUENT_CONNECTION_OPTIONS,
  formats: FORMATS,
  clock: true,
};

/**
 * Records that serializers of Confluent's schema registry wrote, or of those that speak like it (Redpanda, Karapace, Apicurio): a zero, the id of a schema, for
 * Protobuf which message it is, and then Avro, JSON or Protobuf. Each schema is asked for once, with the first record that names it; later records cost no
 * promise.
 *
 * A record without such a header, of an id that the registry does not know, or of a schema that `formats` cannot use is poison (`KC_RECORD_POISON`). A registry
 * that does not answer is waited for (`KC_LOOKUP_FAILED`), and one that refuses stops the shard (`KC_LOOKUP_REFUSED`).
 *
 * @example
 * ```ts
 * const transformer = confluentRecords<Order>({
 *   url: "https://schemas.example.com",
 *   formats: { AVRO: ({ definition, references }) => avro<Order>({ schema: definition, references, reader: ORDER }) },
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function confluentRecords<Model = unknown>(
  options: ConfluentRecordsOptions<Model>,
): DecodingTransformer<Model> {
  checkOptions("confluentRecords", options, NAMES);
  const { formats, clock = systemClock, ...connection } = options;
  checkFormats("confluentRecords", formats);
  const lookups = new SchemaLookups<number, Model>(
    { ask: confluentRegistry(connection, clock), shown: String },
    (schema) => decoderOf(schema, formats, readMessage),
    clock,
  );
  return decodeWith<Model>((record) => {
    const payload = Payload.whole(record);
    const { page, dataStart, length } = payload;
    if (length < CONFLUENT_HEADER_BYTES || page[dataStart] !== CONFLUENT_MAGIC)
      throw poisonRecord(
        `the record's ${length} bytes do not begin with a header of a Confluent schema registry (0x00, schema id of four bytes)`,
      );
    const id = page.readUInt32BE(dataStart + 1);
    const content = payload.past(CONFLUENT_HEADER_BYTES);
    const decode = lookups.known(id);
    return decode === undefined ? lookups.find(id).then((found) => found(content)) : decode(content);
  });
}

/** How many indexes, and the indexes from the file down, zigzag; a lone zero is the first message of the file. */
const readMessage: ReadMessage = (payload, { at }) => {
  let read = 0;
  const next = (): number => {
    const { value, bytes } = payload.varint(read);
    read += bytes;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const count = next();
  if (count === 0) return { name: at([0]), bytes: read };
  if (count < 0 || count > MAX_MESSAGE_DEPTH) return { name: undefined, bytes: read };
  const path = Array.from({ length: count }, next);
  return { name: at(path), bytes: read };
};
