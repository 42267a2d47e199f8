// The documents that are made of sources, by the name of their file.
import { alarmsPage } from "./alerts-table.mjs";
import { configurationPage } from "./configuration-page.mjs";
import { errorsPage } from "./errors-page.mjs";
import { rightsPage } from "./rights-page.mjs";

/**
 * Their text.
 *
 * @param root the repository
 */
export function madePages(root) {
  return new Map([
    ["alarms.md", alarmsPage(root)],
    ["configuration.md", configurationPage(root)],
    ["errors.md", errorsPage(root)],
    ["rights.md", rightsPage(root)],
  ]);
}
