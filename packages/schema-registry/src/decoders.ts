import {
  type KinesisRecord,
  KinesisConnectorError,
  type MaybePromise,
  poisonRecord,
} from "@kinesis-connectors/core";
import { messageNames, type MessageNames } from "./proto/message-names.js";
import type { Payload } from "./payload.js";
import type { RecordDecoder, RegisteredSchema, SchemaFormats } from "./schema.js";

/** Decodes what is behind a registry's header. */
export type PayloadDecoder<Model> = (payload: Payload) => MaybePromise<Model | readonly Model[] | undefined>;

/** Reads which message of a file a payload is, and how many bytes say so. */
export type ReadMessage = (
  payload: Payload,
  names: MessageNames,
) => { readonly name: string | undefined; readonly bytes: number };

/** Makes the decoder of a schema. One that cannot be made refuses each record of that schema: which schema it is never changes. */
export function decoderOf<Model>(
  schema: RegisteredSchema,
  formats: SchemaFormats<Model>,
  readMessage: ReadMessage,
): PayloadDecoder<Model> {
  try {
    return schema.type === "PROTOBUF"
      ? decoderOfMessages(schema, formats.PROTOBUF, readMessage)
      : decoderOfDocuments(schema, formats[schema.type]);
  } catch (thrown) {
    const said = KinesisConnectorError.isInstance(thrown) ? `: ${thrown.message}` : "";
    return refusing(`the record's schema ${schema.id} cannot be used${said}`);
  }
}

function decoderOfDocuments<Model>(
  schema: RegisteredSchema,
  make: ((schema: RegisteredSchema) => RecordDecoder<Model>) | undefined,
): PayloadDecoder<Model> {
  if (make === undefined) return noFormat(schema);
  const decoder = make(schema);
  return (payload) => decoder.toModel(payload);
}

function decoderOfMessages<Model>(
  schema: RegisteredSchema,
  decoders: Readonly<Record<string, RecordDecoder<Model>>> | undefined,
  readMessage: ReadMessage,
): PayloadDecoder<Model> {
  if (decoders === undefined) return noFormat(schema);
  const names = messageNames(schema.definition);
  return (payload) => {
    const { name, bytes } = readMessage(payload, names);
    if (name === undefined)
      throw poisonRecord(`the record's message index leads to no message of its schema ${schema.id}`);
    const decoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (decoder === undefined)
      throw poisonRecord(`the record is a message ${name}, for which formats.PROTOBUF has no decoder`);
    return decoder.toModel(payload.past(bytes));
  };
}

function noFormat<Model>({ id, type }: RegisteredSchema): PayloadDecoder<Model> {
  return refusing(`the record's schema ${id} is ${type}, for which formats has no decoder`);
}

function refusing<Model>(message: string): PayloadDecoder<Model> {
  return (_payload: KinesisRecord) => {
    throw poisonRecord(message);
  };
}
