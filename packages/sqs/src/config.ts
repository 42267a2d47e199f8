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
import type { SqsEmitterOptions } from "./options.js";
import { sqsEmitter } from "./sqs-emitter.js";

/** `type: sqs`: the options of `sqsEmitter`. */
export interface SqsConfig
  extends
    AwsConnectionConfig,
    Pick<SqsEmitterOptions<unknown>, "queueUrl" | "deduplication" | "unsendable" | "maxMessageBytes"> {
  readonly type: string;
  /** A module's function of output and record that gives the body. Default: bytes and texts as they are, everything else as JSON. */
  readonly encode?: ModuleFunction;
  /** The field of the output that is the group, or a module's function of output and record. Default: the partition key of the record, for FIFO queues. */
  readonly groupId?: FieldReference | ModuleFunction;
  /** A module's function of output and record that gives the attributes. */
  readonly attributes?: ModuleFunction;
}

type Options = SqsEmitterOptions<unknown>;

/** Describes `SqsConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(config: Resolved<SqsConfig>, context: ConfigContext): Promise<Emitter<unknown>> {
  const { type: _type, encode, groupId, attributes, ...options } = config;
  return sqsEmitter<unknown>({
    ...options,
    ...(encode === undefined
      ? {}
      : { encode: await context.functionOf<NonNullable<Options["encode"]>>(encode) }),
    ...(groupId === undefined
      ? {}
      : {
          groupId:
            "module" in groupId
              ? await context.functionOf<NonNullable<Options["groupId"]>>(groupId)
              : textReader("groupId.path", groupId.path),
        }),
    ...(attributes === undefined
      ? {}
      : { attributes: await context.functionOf<NonNullable<Options["attributes"]>>(attributes) }),
  });
}
