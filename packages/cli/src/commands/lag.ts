import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optional } from "../app/flag-kinds.js";
import { APP, ASK_STREAM_FLAG, FLEET_FLAGS, OUTPUT_FLAGS } from "../app/flags.js";
import { durationOf } from "../app/inputs.js";
import type { LagFlags } from "../fleet/lag.js";

export const command: Command<CliContext> = lazyCommand<LagFlags, [app?: string]>(
  async () => (await import("../fleet/lag.js")).lag,
  {
    docs: {
      brief: "how long ago each shard delivered, largest first",
      fullDescription:
        "Everything that arrived until then has been delivered and committed. Rows that only Java writes do not say it: --ask-stream asks Kinesis.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...OUTPUT_FLAGS,
        max: optional(durationOf, "exit 4 where a shard is above it, or no figure can be had", "TIME"),
        ...ASK_STREAM_FLAG,
      },
    },
  },
);
