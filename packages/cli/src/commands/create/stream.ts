import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { CONNECTION_FLAGS, type ConnectionFlags, JSON_FLAG } from "../../app/flags.js";
import { textOf, wholeNumberOf } from "../../app/inputs.js";
import { EXECUTE_FLAG, TAG_FLAG, type Tag } from "../../create/flags.js";

export interface CreateStreamFlags extends ConnectionFlags {
  readonly json: boolean;
  readonly execute: boolean;
  readonly shards?: number;
  readonly retention?: number;
  readonly kmsKey?: string;
  readonly noEncryption: boolean;
  readonly tag?: readonly Tag[];
}

export const command: Command<CliContext> = lazyCommand<CreateStreamFlags, [name: string]>(
  async () => (await import("../../create/stream.js")).createStream,
  {
    docs: {
      brief: "makes a stream; shows its plan first",
      fullDescription:
        "On demand unless --shards says how many; encrypted by the key of AWS unless --kms-key names another. Changes nothing without --execute.",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{ parse: textOf, placeholder: "NAME", brief: "name of the stream" }],
      },
      flags: {
        ...CONNECTION_FLAGS,
        ...JSON_FLAG,
        ...EXECUTE_FLAG,
        ...TAG_FLAG,
        shards: {
          kind: "parsed",
          parse: wholeNumberOf(1, 10_000),
          optional: true,
          brief: "so many provisioned shards (default: on demand)",
          placeholder: "N",
        },
        retention: {
          kind: "parsed",
          parse: wholeNumberOf(24, 8_760),
          optional: true,
          brief: "hours that records are kept (default: 24)",
          placeholder: "HOURS",
        },
        kmsKey: {
          kind: "parsed",
          parse: textOf,
          optional: true,
          brief: "key that encrypts the records (default: alias/aws/kinesis)",
          placeholder: "ID",
        },
        noEncryption: {
          kind: "boolean",
          default: false,
          withNegated: false,
          brief: "leaves the records as they are on Kinesis's disks",
        },
      },
    },
  },
);
