import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { APP, FAILOVER_FLAG, FLEET_FLAGS, JSON_FLAG } from "../app/flags.js";
import type { WorkersFlags } from "../fleet/workers.js";

export const command: Command<CliContext> = lazyCommand<WorkersFlags, [app?: string]>(
  async () => (await import("../fleet/workers.js")).workers,
  {
    docs: {
      brief: "who owns how many shards, and who still renews them",
      fullDescription:
        "Looks at the lease table twice, a third of the failover time apart: a worker that lives has renewed its leases in between.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: { ...FLEET_FLAGS, ...FAILOVER_FLAG, ...JSON_FLAG },
    },
  },
);
