import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optionalText, toggle } from "../../app/flag-kinds.js";
import { LETTER_FLAGS, type LetterFlags } from "../../dead-letters/flags.js";

export interface RedriveFlags extends LetterFlags {
  readonly to: "stream";
  readonly stream?: string;
  readonly execute: boolean;
  readonly journal?: string;
}

export const command: Command<CliContext> = lazyCommand<RedriveFlags>(
  async () => (await import("../../dead-letters/redrive.js")).redrive,
  {
    docs: {
      brief: "puts dead letters back into a stream; shows its plan first",
      fullDescription:
        "Each with its own partition key and bytes. A journal file keeps which have been put, so that a second run skips them; the objects stay.\n" +
        "Changes nothing without --execute.",
    },
    parameters: {
      flags: {
        ...LETTER_FLAGS,
        to: {
          kind: "enum",
          values: ["stream"],
          brief: "where they go",
        },
        stream: optionalText("name or ARN of the stream (default: the one that each came from)", "NAME"),
        execute: toggle("puts them"),
        journal: optionalText("the journal (default: redrive-BUCKET-PREFIX.journal here)", "FILE"),
      },
    },
  },
);
