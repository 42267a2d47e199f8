import type { Command } from "@stricli/core";
import { buildChoiceParser } from "@stricli/core";
import { lazyCommand, type NoFlags } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { type Shell, SHELLS } from "../completion/shells.js";

export const command: Command<CliContext> = lazyCommand<NoFlags, [Shell]>(
  async () => (await import("../completion/scripts.js")).completions,
  {
    docs: {
      brief: "prints the completion script of bash, zsh or fish",
      fullDescription:
        "bash: source <(kinesis-connectors completions bash), also in ~/.bashrc\n" +
        "zsh:  source <(kinesis-connectors completions zsh), after compinit\n" +
        "fish: kinesis-connectors completions fish | source",
    },
    parameters: {
      flags: {},
      positional: {
        kind: "tuple",
        parameters: [
          {
            parse: buildChoiceParser(SHELLS),
            placeholder: "SHELL",
            brief: "bash, zsh or fish",
            proposeCompletions: () => SHELLS,
          },
        ],
      },
    },
  },
);
