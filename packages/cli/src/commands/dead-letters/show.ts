import type { Command } from "@stricli/core";
import { lazyCommand } from "../../app/command.js";
import type { CliContext } from "../../app/context.js";
import { withDefault } from "../../app/flag-kinds.js";
import { textOf, wholeNumberOf } from "../../app/inputs.js";
import { LETTER_FLAGS } from "../../dead-letters/flags.js";
import type { ShowLettersFlags } from "../../dead-letters/show.js";
import { DECODE_FLAG } from "../../records/flags.js";

export const command: Command<CliContext> = lazyCommand<ShowLettersFlags, string[]>(
  async () => (await import("../../dead-letters/show.js")).showDeadLetters,
  {
    docs: { brief: "dead letters with their records, one JSON line each" },
    parameters: {
      positional: {
        kind: "array",
        parameter: { parse: textOf, placeholder: "OBJECT", brief: "only these objects (default: all)" },
      },
      flags: {
        ...LETTER_FLAGS,
        ...DECODE_FLAG,
        limit: withDefault(wholeNumberOf(1, Number.MAX_SAFE_INTEGER), "100", "how many at most", "N"),
      },
    },
  },
);
