import type { GlueClient } from "@aws-sdk/client-glue";
import { AWS_CONNECTION_OPTIONS, type AwsConnectionOptions } from "@kinesis-connectors/aws";
import {
  checkOptions,
  type Clock,
  type DecodingTransformer,
  decodeWith,
  type OptionNames,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";
import { decoderOf, type ReadMessage } from "../decoders.js";
import { checkFormats, FORMATS } from "../formats.js";
import { DEFAULT_MAX_BYTES } from "../limits.js";
import { Payload } from "../payload.js";
import { SchemaLookups } from "../schema-lookups.js";
import type { SchemaFormats } from "../schema.js";
import { glueContent, GlueHeader, uuidOf } from "./framing.js";
import { glueRegistry } from "./glue-registry.js";

/** Options of `glueRecords`. `requestTimeoutMs` is 5,000 by default, and belongs below the pipeline's `transformTimeoutMs`. */
export interface GlueRecordsOptions<Model> extends AwsConnectionOptions<GlueClient> {
  /** How payloads are decoded, by the language of their schema. */
  readonly formats: SchemaFormats<Model>;
  /** Bytes of a payload once it is inflated; more make the record poison. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<GlueRecordsOptions<unknown>> = {
  ...AWS_CONNECTION_OPTIONS,
  formats: FORMATS,
  maxBytes: true,
  clock: true,
};

/**
 * Records that serializers of the AWS Glue Schema Registry wrote: a header with the id of a schema version, and behind it Avro, JSON or Protobuf, compressed or
 * not. Each schema is asked for once (`GetSchemaVersion`), with the first record that names it; later records cost no promise.
 *
 * A record without such a header, of an id that the registry does not know, or of a schema that `formats` cannot use is poison (`KC_RECORD_POISON`). A registry
 * that does not answer is waited for (`KC_LOOKUP_FAILED`), and one that refuses stops the shard (`KC_LOOKUP_REFUSED`).
 *
 * @example
 * ```ts
 * const transformer = glueRecords<Order>({
 *   region: "eu-central-1",
 *   formats: { AVRO: ({ definition }) => avro<Order>({ schema: definition, reader: ORDER }) },
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function glueRecords<Model = unknown>(options: GlueRecordsOptions<Model>): DecodingTransformer<Model> {
  checkOptions("glueRecords", options, NAMES);
  const { formats, maxBytes = DEFAULT_MAX_BYTES, clock = systemClock, ...connection } = options;
  wholeNumber("maxBytes", maxBytes, { min: 1 });
  checkFormats("glueRecords", formats);
  const ask = glueRegistry(connection, clock);
  const lookups = new SchemaLookups<string, Model>(
    { ask: (key) => ask(uuidOf(key)), shown: uuidOf },
    (schema) => decoderOf(schema, formats, readMessage),
    clock,
  );
  const header = new GlueHeader();
  return decodeWith<Model>((record) => {
    const payload = Payload.whole(record);
    const key = header.keyOf(payload);
    const decode = lookups.known(key);
    if (decode !== undefined) return decode(glueContent(payload, maxBytes));
    return lookups.find(key).then((found) => found(glueContent(payload, maxBytes)));
  });
}

/** One varint: the place among the sorted names of the file's messages. */
const readMessage: ReadMessage = (payload, { sorted }) => {
  const { value, bytes } = payload.varint(0);
  return { name: sorted[value], bytes };
};
