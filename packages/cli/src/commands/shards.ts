import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { APP, FLEET_FLAGS, JSON_FLAG } from "../app/flags.js";
import type { ShardsFlags } from "../fleet/shards.js";

export const command: Command<CliContext> = lazyCommand<ShardsFlags, [app?: string]>(
  async () => (await import("../fleet/shards.js")).shards,
  {
    docs: {
      brief: "the lineage of the shards, with their hash keys and sizes",
      fullDescription:
        "Each shard stands below the one that it came from; a merge stands below its first parent and names the other.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: { ...FLEET_FLAGS, ...JSON_FLAG },
    },
  },
);
