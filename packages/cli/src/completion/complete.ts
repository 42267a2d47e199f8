import { buildApplication, proposeCompletions } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { routesFor } from "../app/routes.js";
import { NAMES } from "../app/words.js";

/**
 * Prints the words that may come next, each with its meaning behind a tab.
 * @param words what stands behind the command's name; the last one is the word that is being typed
 */
export async function complete(context: CliContext, _flags: unknown, ...words: string[]): Promise<void> {
  const application = buildApplication(await routesFor(words.slice(0, -1)), {
    name: NAMES[0],
    scanner: { caseStyle: "allow-kebab-for-camel" },
    documentation: { caseStyle: "convert-camel-to-kebab" },
  });
  const proposals = await proposeCompletions(application, words, context);
  for (const { completion, brief } of proposals)
    context.out.line(`${completion}\t${brief.split("\n")[0] ?? ""}`);
}
