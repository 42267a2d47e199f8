import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optionalText } from "../../app/flag-kinds.js";
import { LETTER_FLAGS } from "../../dead-letters/flags.js";
import type { ListFlags } from "../../dead-letters/list.js";

export const command: Command<CliContext> = lazyCommand<ListFlags>(
  async () => (await import("../../dead-letters/list.js")).listDeadLetters,
  {
    docs: {
      brief: "objects of dead letters: how many records, and what they failed with",
      fullDescription:
        "Reads every object below the prefix, and shows no record. Objects stay after a redrive: where its journal is in this folder, what it says is done is told apart.",
    },
    parameters: {
      flags: {
        ...LETTER_FLAGS,
        journal: optionalText(
          "the journal of a redrive (default: redrive-BUCKET-PREFIX.journal here, where it is)",
          "FILE",
        ),
      },
    },
  },
);
