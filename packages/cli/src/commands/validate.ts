import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { toggle } from "../app/flag-kinds.js";
import { JSON_FLAG } from "../app/flags.js";
import { textOf } from "../app/inputs.js";
import { ENV_FILE_FLAG } from "../running/flags.js";
import type { ValidateFlags } from "../running/validate.js";

export const command: Command<CliContext> = lazyCommand<ValidateFlags, string[]>(
  async () => (await import("../running/validate.js")).validate,
  {
    docs: {
      brief: "looks for what is wrong with files, each with its line and column",
      fullDescription:
        "Checks options, variables, modules and packages, and sends nothing to anybody; --online also asks the destinations, the stream and the lease\n" +
        "table whether they would work, as a start does, and creates neither stream nor table. Exit 2 where something is wrong.",
    },
    parameters: {
      positional: {
        kind: "array",
        minimum: 1,
        parameter: { parse: textOf, placeholder: "FILE", brief: "YAML or JSON" },
      },
      flags: {
        ...JSON_FLAG,
        online: toggle(
          "asks the destinations, the stream and the lease table too: whether they are there, rights",
        ),
        ...ENV_FILE_FLAG,
      },
    },
  },
);
