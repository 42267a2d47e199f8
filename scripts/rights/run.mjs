// Makes the tables of rights in the READMEs anew, from the policies of their packages. Format them afterwards.
//   npm run rights
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagesWithPolicies, policiesOf, withTables } from "./tables.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
for (const name of packagesWithPolicies(root)) {
  const readme = join(root, "packages", name, "README.md");
  writeFileSync(readme, withTables(readFileSync(readme, "utf8"), policiesOf(root, name)));
}
