import { type DescMessage, fromBinary, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import {
  dataBytesOf,
  type DecodingTransformer,
  decodeWith,
  invalidOption,
  type KinesisRecord,
  poisonRecord,
} from "@kinesis-connectors/core";

/**
 * Each record is one message of Protocol Buffers in binary encoding, and nothing else: no length before it and no framing of a registry
 * (`@kinesis-connectors/schema-registry` has that). Models are messages of `@bufbuild/protobuf`, typed by the schema: 64-bit integers are bigints. Fields that
 * the schema does not know, and extensions, are passed over: `original()` passes them on.
 *
 * Data that are no such message make the record poison (`KC_RECORD_POISON`): what is cut off, texts that are not UTF-8, more than 100 messages in each other.
 * A message of another type is not told from one of this type where their fields fit: the encoding names neither.
 *
 * @param schema the message's schema as `protoc-gen-es` 2 names it, `OrderSchema` for `message Order`
 *
 * @example
 * ```ts
 * const orders = definePipeline({
 *   transformer: protobuf(OrderSchema).to((order) => toJson(OrderSchema, order)),
 *   emitter: s3Emitter({ bucket: "orders", format: ndjson() }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for what is no schema of a message
 */
export function protobuf<Schema extends DescMessage>(
  schema: Schema,
): DecodingTransformer<MessageShape<Schema>> {
  const given: unknown = schema;
  if (typeof given !== "object" || given === null || !("kind" in given) || given.kind !== "message")
    throw invalidOption(
      "protobuf takes the schema of a message, which protoc-gen-es names after it: OrderSchema for message Order",
    );
  // Fields of bytes are views of what they are read from, and the record's page may serve again.
  const isCopied = hasBytes(schema, new Set());
  return decodeWith((record) => {
    try {
      const data = bytesOf(record);
      return fromBinary(schema, isCopied ? Uint8Array.from(data) : data, OPTIONS);
    } catch {
      // The cause is not kept: it may quote what it found.
      throw poisonRecord(`the record's ${dataBytesOf(record)} bytes are no ${schema.typeName}`);
    }
  });
}

/** The record's bytes, in its page where it has one: models keep no view of them. */
function bytesOf(record: KinesisRecord): Uint8Array {
  return record.page?.subarray(record.dataStart, record.dataEnd) ?? record.data;
}

const OPTIONS = { readUnknownFields: false } as const;

/** Whether a message, or one in it, has a field of bytes. */
function hasBytes(message: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(message)) return false;
  seen.add(message);
  return message.fields.some(
    (field) =>
      field.scalar === ScalarType.BYTES || (field.message !== undefined && hasBytes(field.message, seen)),
  );
}
