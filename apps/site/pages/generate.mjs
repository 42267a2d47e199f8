// Makes the documents that are made of sources: alarms, configuration, errors, rights. `npm run pages`; the tests of apps/site say where one of them is stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { madePages } from "./made-pages.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
for (const [name, text] of madePages(root)) writeFileSync(join(root, "docs", name), text);
