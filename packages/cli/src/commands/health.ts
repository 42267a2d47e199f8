import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { toggle } from "../app/flag-kinds.js";
import { JSON_FLAG } from "../app/flags.js";
import { PROCESS_FLAGS } from "../process/flags.js";
import type { HealthFlags } from "../process/health.js";

export const command: Command<CliContext> = lazyCommand<HealthFlags>(
  async () => (await import("../process/health.js")).health,
  {
    docs: {
      brief: "asks one process whether it is ready: exit 4 when not",
      fullDescription:
        "For HEALTHCHECK and probes without curl. The process is one of run, or any with an admin server.",
    },
    parameters: {
      flags: {
        ...PROCESS_FLAGS,
        ...JSON_FLAG,
        strict: toggle("takes degraded for not ready"),
      },
    },
  },
);
