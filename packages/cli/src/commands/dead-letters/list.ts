import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { LETTER_FLAGS, type LetterFlags } from "../../dead-letters/flags.js";

export const command: Command<CliContext> = lazyCommand<LetterFlags>(
  async () => (await import("../../dead-letters/list.js")).listDeadLetters,
  {
    docs: {
      brief: "objects of dead letters: how many records, and what they failed with",
      fullDescription: "Reads every object below the prefix, and shows no record.",
    },
    parameters: { flags: { ...LETTER_FLAGS } },
  },
);
