import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { optionalText, toggle } from "../../app/flag-kinds.js";
import { LETTER_FLAGS, type RedriveFlags } from "../../dead-letters/flags.js";

export const command: Command<CliContext> = lazyCommand<RedriveFlags>(
  async () => async (context, flags) => {
    if (flags.to === "stream") await (await import("../../dead-letters/redrive.js")).redrive(context, flags);
    else await (await import("../../dead-letters/redrive-pipeline.js")).redriveThrough(context, flags);
  },
  {
    docs: {
      brief: "puts dead letters back into a stream, or runs them through a pipeline; shows its plan first",
      fullDescription:
        "To a stream each goes with its own partition key and bytes; to a pipeline, that of --config, with the position that it had, and no stream is asked.\n" +
        "A journal file keeps which are done, so that a second run skips them; the objects stay, and so does what fails once more.\n" +
        "Changes nothing without --execute.",
    },
    parameters: {
      flags: {
        ...LETTER_FLAGS,
        to: {
          kind: "enum",
          values: ["stream", "pipeline"],
          brief: "where they go",
        },
        stream: optionalText("name or ARN of the stream (default: the one that each came from)", "NAME"),
        execute: toggle("puts them"),
        journal: optionalText("the journal (default: redrive-BUCKET-PREFIX.journal here)", "FILE"),
      },
    },
  },
);
