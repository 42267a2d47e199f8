import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { APP, FLEET_FLAGS, OUTPUT_FLAGS } from "../../app/flags.js";
import type { CheckpointShowFlags } from "../../steering/checkpoint-show.js";

export const command: Command<CliContext> = lazyCommand<CheckpointShowFlags, [app?: string]>(
  async () => (await import("../../steering/checkpoint-show.js")).checkpointShow,
  {
    docs: { brief: "where each shard stands, in full" },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: { ...FLEET_FLAGS, ...OUTPUT_FLAGS },
    },
  },
);
