import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { toggle, withDefault } from "../app/flag-kinds.js";
import { APP, ASK_STREAM_FLAG, FLEET_FLAGS, OUTPUT_FLAGS } from "../app/flags.js";
import { durationOf } from "../app/inputs.js";
import type { StatusFlags } from "../fleet/status.js";

export const command: Command<CliContext> = lazyCommand<StatusFlags, [app?: string]>(
  async () => (await import("../fleet/status.js")).status,
  {
    docs: {
      brief: "each shard of an application: state, owner, delivered until when, checkpoint",
      fullDescription:
        "Reads the lease table and nothing else: no worker has to run, workers of the Java KCL are shown too, nothing is created or changed.\n" +
        "Without APP and --config: every lease table of the region.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...OUTPUT_FLAGS,
        watch: toggle("draws anew every 2 s"),
        check: toggle("exit 4 where a shard has no owner or delivers later than --max-lag"),
        maxLag: withDefault(durationOf, "5m", "what --check and the line of attention allow", "TIME"),
        ...ASK_STREAM_FLAG,
      },
    },
  },
);
