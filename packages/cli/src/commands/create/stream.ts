import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optional, optionalText, toggle } from "../../app/flag-kinds.js";
import { CONNECTION_FLAGS, EXECUTE_FLAG, JSON_FLAG } from "../../app/flags.js";
import { textOf, wholeNumberOf } from "../../app/inputs.js";
import { TAG_FLAG } from "../../create/flags.js";
import type { CreateStreamFlags } from "../../create/stream.js";

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
        shards: optional(wholeNumberOf(1, 10_000), "so many provisioned shards (default: on demand)", "N"),
        retention: optional(wholeNumberOf(24, 8_760), "hours that records are kept (default: 24)", "HOURS"),
        kmsKey: optionalText("key that encrypts the records (default: alias/aws/kinesis)", "ID"),
        noEncryption: toggle("leaves the records as they are on Kinesis's disks"),
      },
    },
  },
);
