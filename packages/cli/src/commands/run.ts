import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { toggle } from "../app/flag-kinds.js";
import { textOf } from "../app/inputs.js";
import { ENV_FILE_FLAG } from "../running/flags.js";
import { LOG_LEVELS } from "../running/log-level.js";
import type { RunFlags } from "../running/run.js";

export const command: Command<CliContext> = lazyCommand<RunFlags, string[]>(
  async () => (await import("../running/run.js")).run,
  {
    docs: {
      brief: "runs connectors from files, several in one process",
      fullDescription:
        "Everything in the files is checked before anything starts: exit 2 where a file is wrong. Log lines are JSON on standard error.\n" +
        "SIGTERM and Ctrl-C stop gracefully, within stopDeadlineMs; a second one ends at once. Where one connector fails, the others stop too.",
    },
    parameters: {
      positional: {
        kind: "array",
        minimum: 1,
        parameter: { parse: textOf, placeholder: "FILE", brief: "a connector each, YAML or JSON" },
      },
      flags: {
        ...ENV_FILE_FLAG,
        logLevel: { kind: "enum", values: LOG_LEVELS, default: "info", brief: "how much is logged" },
        json: toggle("prints one JSON object at the end, also for errors"),
      },
    },
  },
);
