import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { APP, FLEET_FLAGS, OUTPUT_FLAGS, SHARD_FLAG } from "../../app/flags.js";
import { textOf } from "../../app/inputs.js";
import { RESET_FLAGS } from "../../steering/flags.js";
import type { RestoreFlags } from "../../steering/leases-restore.js";

export const command: Command<CliContext> = lazyCommand<RestoreFlags, [file: string, app?: string]>(
  async () => (await import("../../steering/leases-restore.js")).leasesRestore,
  {
    docs: {
      brief: "takes the checkpoints back to those of a file; shows its plan first",
      fullDescription: "A reset like any other, by the same rules: the shards must be paused, or nobody's.",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [
          { parse: textOf, placeholder: "FILE", brief: "what leases backup or a reset wrote" },
          { ...APP, brief: "the application (default: the file's)" },
        ],
      },
      flags: { ...FLEET_FLAGS, ...SHARD_FLAG, ...OUTPUT_FLAGS, ...RESET_FLAGS },
    },
  },
);
