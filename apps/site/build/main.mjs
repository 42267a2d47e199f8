// Builds the site into a folder per major version, and checks it: every public name has a docstring and a page, and no link leads nowhere.
//   npm run site [-- --out FOLDER] [--revision TAG] [--check]
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup } from "../../../scripts/setup.mjs";
import { refuseKept } from "../../../scripts/usage.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const USAGE = `npm run site [-- --out FOLDER] [--revision TAG] [--check]
  --out       where the pages go; below it a folder for each major version. Default apps/site/dist
  --revision  the branch or tag that links to sources lead to. Default main
  --check     looks after names and docstrings, and writes no page`;

refuseKept(USAGE, process.argv.slice(2));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "apps", "site", "dist") },
    revision: { type: "string", default: "main" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
setup();
// What is installed is imported behind the installation.
await import("./plain-in-pipes.mjs");
const { brokenLinks } = await import("./broken-links.mjs");
const { publishedPackages } = await import("./packages.mjs");
const { namesOf, undocumentedNames, unexportedTypes } = await import("./public-names.mjs");
const { convertedProject, siteApplication } = await import("./site.mjs");

const packages = publishedPackages(root);
const major = packages.find(({ folder }) => folder === "core").version.split(".")[0];
const pages = join(values.out, `v${major}`);
const app = await siteApplication({ root, out: pages, revision: values.revision, packages });
const project = convertedProject(app, { root, revision: values.revision, packages });
app.validate(project);
report("public names", namesOf(project), [...undocumentedNames(project), ...unexportedTypes(project)]);
if (!values.check) {
  rmSync(pages, { recursive: true, force: true });
  await app.generateOutputs(project);
  writeVersions(values.out, `v${major}`);
  const { links, broken } = brokenLinks(values.out);
  report("links", links, broken);
}
const { errorCount, warningCount, validationWarningCount } = app.logger;
report("warnings of TypeDoc", errorCount + warningCount + validationWarningCount, []);
if (errorCount + warningCount + validationWarningCount > 0) process.exitCode = 1;
if (!values.check && process.exitCode === undefined)
  process.stdout.write(`open ${join(values.out, "index.html")}\n`);

/** One line of what was looked at, behind what is wrong with it. */
function report(what, count, problems) {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
  process.stdout.write(`${count} ${what}; ${problems.length} problems\n`);
}

/** What the pages choose among, and where somebody lands who names no version: on the newest. */
function writeVersions(out, newest) {
  mkdirSync(out, { recursive: true });
  const versions = readdirSync(out)
    .filter((name) => /^v\d+$/.test(name))
    .sort((one, other) => Number(other.slice(1)) - Number(one.slice(1)));
  writeFileSync(join(out, "versions.json"), `${JSON.stringify(versions)}\n`);
  writeFileSync(
    join(out, "index.html"),
    `<!doctype html><meta charset="utf-8"><title>kinesis-connectors</title><meta http-equiv="refresh" content="0; url=${newest}/index.html"><a href="${newest}/index.html">kinesis-connectors ${newest}</a>\n`,
  );
}
