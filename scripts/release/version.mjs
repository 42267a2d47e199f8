// Makes the next versions of what the changesets say: npm run version-packages. Writes package.json and CHANGELOG.md of each package that moves, and the
// versions that stand in sources; publishes nothing.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setup } from "../setup.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
setup();
// What is installed is imported behind the installation.
const { changesetProblems, writeFirstChangelogs } = await import("./first-versions.mjs");
const { leftBehind, pathsToBuild } = await import("./left-behind.mjs");
const { publishedPackages } = await import("./packages.mjs");

try {
  stopFor(changesetProblems(root));
} catch (error) {
  stopFor([error.message]);
}
const before = new Map(publishedPackages(root).map(({ name, version }) => [name, version]));
const node = (script, ...args) =>
  execFileSync(process.execPath, [join(root, "node_modules", script), ...args], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
const toBuild = pathsToBuild(root);
if (toBuild.length > 0) node("typescript/bin/tsc", "-b", ...toBuild);
stopFor(
  leftBehind(root).map(
    ({ name, needs }) =>
      `${name} goes with the major version of ${needs} (RELEASING.md, "A major version"): add it to the changeset, as major`,
  ),
);
const { first, waiting } = writeFirstChangelogs(root);
if (waiting > 0) node("@changesets/cli/bin.js", "version");
for (const { path, version } of publishedPackages(root)) writeVersionInSources(path, version);
node("oxfmt/bin/oxfmt", "packages/*/package.json");

for (const { name, version } of first) process.stdout.write(`${name} ${version}, its first\n`);
for (const { name, version } of publishedPackages(root))
  if (before.get(name) !== version) process.stdout.write(`${name} ${before.get(name)} -> ${version}\n`);

/** Ends the command where something is wrong, before anything is written. */
function stopFor(problems) {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exit(1);
}

/** A package that tells its own version has it in a file `version.ts`, since a bundle has no package.json to read. */
function writeVersionInSources(path, version) {
  for (const name of readdirSync(join(path, "src"), { recursive: true }).map(String)) {
    if (!/(?:^|[/\\])version\.ts$/.test(name)) continue;
    const file = join(path, "src", name);
    const text = readFileSync(file, "utf8");
    const written = text.replace(/(export const version = )"[^"]*"/, `$1"${version}"`);
    if (written !== text) writeFileSync(file, written);
  }
}
