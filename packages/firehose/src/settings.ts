import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import {
  checkOptions,
  hasLoneSurrogate,
  invalidOption,
  jsonOfOutput,
  type OptionNames,
} from "@kinesis-connectors/core";
import type { FirehoseEmitterOptions } from "./options.js";

const NAMES: OptionNames<FirehoseEmitterOptions<unknown>> = {
  ...AWS_CONNECTION_OPTIONS,
  deliveryStream: "required",
  encode: true,
  delimiter: true,
};

/** API reference, PutRecordBatch: `DeliveryStreamName`. */
const NAME = /^[a-zA-Z0-9_.-]{1,64}$/;

/** `FirehoseEmitterOptions`, checked and complete. */
export interface FirehoseSettings<Output> {
  readonly deliveryStream: string;
  readonly encode: NonNullable<FirehoseEmitterOptions<Output>["encode"]>;
  readonly delimiter: Buffer;
}

/**
 * Checks the options.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom<Output>(options: FirehoseEmitterOptions<Output>): FirehoseSettings<Output> {
  checkOptions("firehoseEmitter", options, NAMES);
  const { deliveryStream, encode = dataAsItIs, delimiter = "\n" } = options;
  if (typeof deliveryStream !== "string" || !NAME.test(deliveryStream))
    throw invalidOption(
      "deliveryStream must be a delivery stream's name, not its ARN: 1 to 64 letters, digits, '_', '.' or '-'",
    );
  if (typeof encode !== "function")
    throw invalidOption("encode must be a function of the output and its record");
  if (typeof delimiter !== "string" || hasLoneSurrogate(delimiter))
    throw invalidOption('delimiter must be a text, such as "\\n", or "" for none');
  return { deliveryStream, encode, delimiter: Buffer.from(delimiter) };
}

/** Bytes and texts as they are, everything else as JSON, its numbers with all their digits. */
function dataAsItIs(output: unknown): Uint8Array | string {
  return output instanceof Uint8Array || typeof output === "string" ? output : jsonOfOutput(output);
}
