import { buildApplication, proposeCompletions, type RouteMap } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { NAMES } from "../app/words.js";

/** The commands as far as the words of a command line need them. */
export type RoutesFor = (words: readonly string[]) => Promise<RouteMap<CliContext>>;

/**
 * Prints the words that may come next, each with its meaning behind a tab.
 * @param words what stands behind the command's name; the last one is the word that is being typed
 */
export async function complete(
  context: CliContext,
  routesFor: RoutesFor,
  words: readonly string[],
): Promise<void> {
  const application = buildApplication(await routesFor(words.slice(0, -1)), {
    name: NAMES[0],
    scanner: { caseStyle: "allow-kebab-for-camel" },
    documentation: { caseStyle: "convert-camel-to-kebab" },
  });
  const proposals = await proposeCompletions(application, words, context);
  for (const { completion, brief } of proposals)
    context.out.line(`${completion}\t${brief.split("\n")[0] ?? ""}`);
}
