import type { AwsConnectionConfig } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import {
  type ConfigContext,
  type JsonSchema,
  type ModuleFunction,
  readSchema,
  type Resolved,
} from "@kinesis-connectors/core/config";
import { firehoseEmitter } from "./firehose-emitter.js";
import type { FirehoseEmitterOptions } from "./options.js";

/** `type: firehose`: the options of `firehoseEmitter`. */
export interface FirehoseConfig
  extends AwsConnectionConfig, Pick<FirehoseEmitterOptions<unknown>, "deliveryStream" | "delimiter"> {
  readonly type: string;
  /** A module's function of output and record that gives the bytes or the text to put. Default: bytes and texts as they are, everything else as JSON. */
  readonly encode?: ModuleFunction;
}

/** Describes `FirehoseConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<FirehoseConfig>,
  context: ConfigContext,
): Promise<Emitter<unknown>> {
  const { type: _type, encode, ...options } = config;
  return firehoseEmitter<unknown>({
    ...options,
    ...(encode === undefined
      ? {}
      : {
          encode: await context.functionOf<NonNullable<FirehoseEmitterOptions<unknown>["encode"]>>(encode),
        }),
  });
}
