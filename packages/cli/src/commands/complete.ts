import type { Command } from "@stricli/core";
import { lazyCommand, type NoFlags } from "../app/command.js";
import type { CliContext } from "../app/context.js";

/** Prints what may come next on a command line, one a line: asked by the scripts of `completions`. */
export const command: Command<CliContext> = lazyCommand<NoFlags, string[]>(
  async () => (await import("../completion/complete.js")).complete,
  {
    docs: { brief: "words that may come next" },
    parameters: {
      flags: {},
      positional: { kind: "array", parameter: { parse: (word: string) => word, brief: "a word" } },
    },
  },
);
