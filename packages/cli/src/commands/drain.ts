import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optionalText } from "../app/flag-kinds.js";
import { JSON_FLAG } from "../app/flags.js";
import type { DrainFlags } from "../process/drain.js";
import { PROCESS_FLAGS } from "../process/flags.js";

export const command: Command<CliContext> = lazyCommand<DrainFlags>(
  async () => (await import("../process/drain.js")).drain,
  {
    docs: {
      brief: "asks one process to stop its connector gracefully",
      fullDescription:
        "The token comes from KC_ADMIN_TOKEN or --token-file, never from the command line. On the machine itself, kill -TERM does the same.",
    },
    parameters: {
      flags: {
        ...PROCESS_FLAGS,
        ...JSON_FLAG,
        connector: optionalText("which of several connectors of the process", "APP"),
        tokenFile: optionalText("file with the admin server's token", "FILE"),
      },
    },
  },
);
