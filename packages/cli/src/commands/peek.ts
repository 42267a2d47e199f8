import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optional, optionalText, withDefault } from "../app/flag-kinds.js";
import { CONNECTION_FLAGS, FLEET_FLAGS } from "../app/flags.js";
import { shardIdOf, wholeNumberOf } from "../app/inputs.js";
import { DECODE_FLAG, LINES_FLAG, STREAM } from "../records/flags.js";
import type { PeekFlags } from "../records/peek.js";
import { placeOf } from "../records/place.js";

export const command: Command<CliContext> = lazyCommand<PeekFlags, [stream?: string]>(
  async () => (await import("../records/peek.js")).peek,
  {
    docs: {
      brief: "the records at a position, or the next ones that an application will read",
      fullDescription:
        "peek STREAM --shard 0 --at 4965...136492: from that record on, itself included; with .3 behind it from the fourth user record of an aggregate.\n" +
        "peek --checkpoint APP --shard 0: what APP reads next in that shard; the lease table says which stream it is.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [STREAM] },
      flags: {
        ...CONNECTION_FLAGS,
        ...FLEET_FLAGS,
        at: optional(
          placeOf,
          "a sequence number (with .SUB inside an aggregate), horizon, or a time",
          "POSITION",
        ),
        shard: optional(shardIdOf, "the shard, by its id or number (default: the only one)", "ID"),
        checkpoint: optionalText("begins behind the checkpoint of this application", "APP"),
        count: withDefault(wholeNumberOf(1, 10_000), "10", "how many records at most", "N"),
        ...DECODE_FLAG,
        ...LINES_FLAG,
      },
    },
  },
);
