import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { repeated } from "../../app/flag-kinds.js";
import { JSON_FLAG } from "../../app/flags.js";
import { textOf } from "../../app/inputs.js";
import type { ConfigShowFlags } from "../../running/config-show.js";

export const command: Command<CliContext> = lazyCommand<ConfigShowFlags, [file: string]>(
  async () => (await import("../../running/config-show.js")).configShow,
  {
    docs: {
      brief: "prints a file as it takes effect, variables put in; secrets are ***",
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{ parse: textOf, placeholder: "FILE", brief: "YAML or JSON" }],
      },
      flags: {
        ...JSON_FLAG,
        envFile: repeated(
          textOf,
          "NAME=VALUE lines for ${NAME}; what the environment has goes before",
          "FILE",
        ),
      },
    },
  },
);
