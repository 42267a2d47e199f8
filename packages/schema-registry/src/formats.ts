import { invalidOption, type OptionNames } from "@kinesis-connectors/core";
import type { SchemaFormats } from "./schema.js";

/** The names of all formats, for `checkOptions`. */
export const FORMATS: OptionNames<SchemaFormats<unknown>> = { AVRO: true, JSON: true, PROTOBUF: true };

/**
 * Checks that there is a way to decode something.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkFormats(factory: string, formats: SchemaFormats<unknown>): void {
  const { AVRO, JSON: json, PROTOBUF } = formats;
  for (const [name, make] of Object.entries({ AVRO, JSON: json }))
    if (make !== undefined && typeof make !== "function")
      throw invalidOption(`${factory}: formats.${name} takes a function that makes the decoder of a schema`);
  if (PROTOBUF !== undefined) {
    const given: unknown = PROTOBUF;
    const decoders = typeof given === "object" && given !== null ? Object.values(PROTOBUF) : [];
    if (decoders.length === 0 || decoders.some((decoder) => typeof decoder?.toModel !== "function"))
      throw invalidOption(
        `${factory}: formats.PROTOBUF takes decoders by the full names of messages, { "shop.Order": protobuf(OrderSchema) }`,
      );
  }
  if (AVRO === undefined && json === undefined && PROTOBUF === undefined)
    throw invalidOption(`${factory}: formats takes one of AVRO, JSON and PROTOBUF at least`);
}
