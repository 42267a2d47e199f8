import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { APP, FLEET_FLAGS, type FleetFlags, JSON_FLAG, type OutputFlags, SHARD_FLAG } from "../app/flags.js";

export interface ResumeFlags extends FleetFlags, Pick<OutputFlags, "json"> {
  readonly shard?: readonly string[];
}

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
