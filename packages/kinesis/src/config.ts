import type { AwsConnectionConfig } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import {
  type ConfigContext,
  type FieldReference,
  type JsonSchema,
  type ModuleFunction,
  readSchema,
  type Resolved,
  textReader,
} from "@kinesis-connectors/core/config";
import { kinesisEmitter } from "./kinesis-emitter.js";
import type { KinesisEmitterOptions } from "./options.js";

/** `type: kinesis`: the options of `kinesisEmitter`. */
export interface KinesisConfig
  extends
    AwsConnectionConfig,
    Pick<
      KinesisEmitterOptions<unknown>,
      "stream" | "streamArn" | "ordering" | "aggregate" | "positionField" | "maxRecordBytes" | "wireFormat"
    > {
  readonly type: string;
  /** The field of the output that is the partition key, or a module's function of output and record. Default: the key that the record came with. */
  readonly partitionKey?: FieldReference | ModuleFunction;
  /** The field of the output that is the explicit hash key, or a module's function. Default: the record's own, if the partition key is the record's too. */
  readonly explicitHashKey?: FieldReference | ModuleFunction;
  /** A module's function of output and record that gives the bytes or the text to put. Default: bytes and texts as they are, everything else as JSON. */
  readonly data?: ModuleFunction;
}

type TextOf = NonNullable<KinesisEmitterOptions<unknown>["partitionKey"]>;

/** Describes `KinesisConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<KinesisConfig>,
  context: ConfigContext,
): Promise<Emitter<unknown>> {
  const { type: _type, partitionKey, explicitHashKey, data, ...options } = config;
  const textOf = async (option: string, given: Resolved<FieldReference | ModuleFunction>): Promise<TextOf> =>
    "module" in given ? context.functionOf<TextOf>(given) : textReader(`${option}.path`, given.path);
  return kinesisEmitter<unknown>({
    ...options,
    ...(partitionKey === undefined ? {} : { partitionKey: await textOf("partitionKey", partitionKey) }),
    ...(explicitHashKey === undefined
      ? {}
      : { explicitHashKey: await textOf("explicitHashKey", explicitHashKey) }),
    ...(data === undefined
      ? {}
      : { data: await context.functionOf<NonNullable<KinesisEmitterOptions<unknown>["data"]>>(data) }),
  });
}
