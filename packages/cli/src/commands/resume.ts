import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { APP, FLEET_FLAGS, JSON_FLAG, SHARD_FLAG } from "../app/flags.js";
import type { ResumeFlags } from "../steering/resume.js";

export const command: Command<CliContext> = lazyCommand<ResumeFlags, [app?: string]>(
  async () => (await import("../steering/resume.js")).resume,
  {
    docs: { brief: "lets paused shards be read again" },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: { ...FLEET_FLAGS, ...SHARD_FLAG, ...JSON_FLAG },
    },
  },
);
