import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optional, optionalText, withDefault } from "../app/flag-kinds.js";
import { CONNECTION_FLAGS, SHARD_FLAG } from "../app/flags.js";
import { momentOf, wholeNumberOf } from "../app/inputs.js";
import { DECODE_FLAG, LINES_FLAG, STREAM } from "../records/flags.js";
import type { TailFlags } from "../records/tail.js";

export const command: Command<CliContext> = lazyCommand<TailFlags, [stream?: string]>(
  async () => (await import("../records/tail.js")).tail,
  {
    docs: {
      brief: "records of a stream as they come, one JSON line each",
      fullDescription:
        "Aggregated records of the KPL are taken apart: each user record has its own line, with its position.\n" +
        "Reads each shard once a second, of the 5 reads a second that all its consumers share. Ends by --limit or Ctrl-C.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [STREAM] },
      flags: {
        ...CONNECTION_FLAGS,
        ...SHARD_FLAG,
        from: withDefault(
          (text: string) => (text === "latest" || text === "horizon" ? text : momentOf(text)),
          "latest",
          "latest, horizon, a time with its zone, or how long ago, such as 5m",
          "WHEN",
        ),
        key: optionalText("only records of this partition key", "KEY"),
        limit: optional(wholeNumberOf(1, Number.MAX_SAFE_INTEGER), "ends after so many records", "N"),
        ...DECODE_FLAG,
        ...LINES_FLAG,
      },
    },
  },
);
