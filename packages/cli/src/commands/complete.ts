import type { Command } from "@stricli/core";
import { lazyCommand, type NoFlags } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import type { RoutesFor } from "../completion/complete.js";

/**
 * Prints what may come next on a command line, one a line: asked by the scripts of `completions`.
 * @param routesFor what may come next; handed in, since this command is itself among them
 */
export function completeCommand(routesFor: RoutesFor): Command<CliContext> {
  return lazyCommand<NoFlags, string[]>(
    async () => {
      const { complete } = await import("../completion/complete.js");
      return (context, _flags, ...words) => complete(context, routesFor, words);
    },
    {
      docs: { brief: "words that may come next" },
      parameters: {
        flags: {},
        positional: { kind: "array", parameter: { parse: (word: string) => word, brief: "a word" } },
      },
    },
  );
}
