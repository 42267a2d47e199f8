// A whole release without the world: npm run release:dry. In a scratch clone of what is committed, versions are made, packages built, packed with an SBOM each,
// and published to a registry on loopback; users with empty folders install three of them by npm, pnpm and yarn, and deliver a stream. Then a patch of s3 and
// a minor of core, and nothing else may move. Ends with 1 at the first thing that is not as it must be.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { atEnd, run, stopAll } from "../check-project/processes.mjs";
import { setup } from "../setup.mjs";
import { refuseKept } from "../usage.mjs";

const USAGE = `npm run release:dry [-- --write] [--keep]
Makes a whole release of what is committed, with a registry on loopback, and installs and runs it as users do.
  --write   puts the measured table into docs/installing.md
  --keep    leaves the folder with the clone, the registry and the users' projects
`;
const root = fileURLToPath(new URL("../..", import.meta.url));
refuseKept(USAGE, process.argv.slice(2));
const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
setup();
// What is installed is imported behind the installation.
const { publishedPackages } = await import("../release/packages.mjs");
const { publishTarballs } = await import("../release/publish.mjs");
const { deliver, installLocalAws } = await import("./local-aws.mjs");
const { startRegistry } = await import("./registry.mjs");
const { installationTable, writeTable } = await import("./table.mjs");
const { INSTALLED, installFor, npmrcOf, packageManagers, runConnector } = await import("./users.mjs");

const work = mkdtempSync(join(tmpdir(), "kinesis-connectors-release-"));
const clone = join(work, "clone");
const tell = (line) => process.stdout.write(`${line}\n`);
const npm = (args, cwd) => run("npm", args, { cwd }).stdout;
const names = (short) => short.map((name) => `@kinesis-connectors/${name}`);
atEnd(() => {
  if (!values.keep) return work;
  tell(`kept in ${work}`);
  return undefined;
});

if (git(["status", "--porcelain"], root) !== "") tell("what is not committed takes no part");
execFileSync("git", ["clone", "--quiet", "--shared", root, clone]);
run(process.execPath, ["scripts/setup.mjs"], { cwd: clone });
const registry = await startRegistry(root, join(work, "registry"));

const neverReleased = publishedPackages(clone).filter(({ path }) => !existsSync(join(path, "CHANGELOG.md")));
tell(`\n=== versions of ${neverReleased.length} packages that were never released`);
version();
for (const { name, path } of neverReleased) {
  const changelog = readFileSync(join(path, "CHANGELOG.md"), "utf8");
  same([...changelog.matchAll(/^## .*/gm)].map(String), ["## 1.0.0"], `the changelog of ${name}`);
  same(
    /Updated dependencies|Changes$/m.test(changelog),
    false,
    `words of a tool in the changelog of ${name}`,
  );
}
const everything = publishedPackages(clone).map(({ name, version: made }) => `${name}@${made}`);
tell(`${neverReleased.length} first versions, all of them 1.0.0`);

tell("\n=== packed and published (some minutes: a clone is installed and built)");
const first = pack("first");
same((await publish(first)).toSorted(), everything.toSorted(), "what was published");
same(await publish(first), [], "what was published by a second run");
const packed = JSON.parse(
  run("npm", ["pack", "--dry-run", "--json"], { cwd: join(clone, "packages/s3") }).stdout,
);
same(
  packed[0].files.some(({ path }) => path === "LICENSE"),
  true,
  "the licence in what npm itself packs",
);
tell(`${everything.length} packages with an SBOM each; a second run publishes nothing`);

tell("\n=== users");
const localAws = join(work, "local-aws");
installLocalAws(localAws, npmrcOf(registry.url));
const managers = packageManagers(registry.url);
const projectOf = (name) => join(work, "users", name.replaceAll(/\W+/g, "-"));
for (const [name, manager] of Object.entries(managers)) {
  installFor(projectOf(name), manager);
  // One user after the other: the machine is small.
  // oxlint-disable-next-line no-await-in-loop
  tell(`${name}: ${await deliver(localAws, (env) => runConnector(projectOf(name), manager, env))}`);
}
const table = await installationTable((packages) => {
  const folder = join(work, "measured", String(packages.length));
  installFor(folder, managers.npm, packages);
  return folder;
});
tell(`\n${table}`);

tell("\n=== a patch of s3");
changeset("s3", "patch", "Mends what was broken.");
same(version(), ["s3 1.0.0 -> 1.0.1"], "what a patch of s3 moves");
same(await publish(pack("patch")), ["@kinesis-connectors/s3@1.0.1"], "what was published after it");
await update({ core: "1.0.0", consumer: "1.0.0", s3: "1.0.1" });

tell("\n=== a minor of core");
changeset("core", "minor", "Brings something new.");
same(version(), ["core 1.0.0 -> 1.1.0"], "what a minor of core moves");
same(await publish(pack("minor")), ["@kinesis-connectors/core@1.1.0"], "what was published after it");
await update({ core: "1.1.0", consumer: "1.0.0", s3: "1.0.1" });

tell("\n=== a major of core alone is refused, with the packages that must go with it");
changeset("core", "major", "Takes something away.");
const { code, stderr } = run("npm", ["run", "-s", "version-packages"], { cwd: clone, mayFail: true });
same([code, /consumer.*s3.*major/s.test(stderr)], [1, true], "what a major of core alone does");

if (values.write) {
  writeTable(root, table);
  run(process.execPath, ["node_modules/oxfmt/bin/oxfmt", "docs/installing.md"], { cwd: root });
}
tell("\nreleased, installed, delivered, updated");
stopAll();

/** Ends the command unless something is as it must be. */
function same(actual, wanted, what) {
  if (JSON.stringify(actual) === JSON.stringify(wanted)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, and not ${JSON.stringify(wanted)}`);
}

function git(args, cwd) {
  return execFileSync("git", args, { cwd, encoding: "utf8" });
}

function changeset(short, bump, text) {
  const file = join(clone, ".changeset", `${short}-${bump}.md`);
  writeFileSync(file, `---\n"${names([short])[0]}": ${bump}\n---\n\n${text}\n`);
}

/** Makes the versions, and says which packages that were released before have moved. */
function version() {
  const lines = npm(["run", "-s", "version-packages"], clone).trim().split("\n");
  git(["add", "-A"], clone);
  const by = ["-c", "user.name=release", "-c", "user.email=release@localhost"];
  git([...by, "commit", "--quiet", "--no-verify", "-m", "Versions"], clone);
  return lines
    .filter((line) => line.includes(" -> "))
    .map((line) => line.replace("@kinesis-connectors/", ""));
}

/** Builds, and packs what the registry has not into a folder. */
function pack(name) {
  const folder = join(work, "packed", name);
  npm(["run", "-s", "build"], clone);
  npm(["run", "-s", "release:pack", "--", folder, "--new", "--registry", registry.url], clone);
  return folder;
}

/** Publishes what a folder has and the registry has not, and says what that was. */
async function publish(folder) {
  const { published } = await publishTarballs(folder, {
    registry: registry.url,
    provenance: false,
    env: registry.publishEnv,
  });
  return published;
}

/** A user of npm takes what is new within its ranges: one copy of each, in these versions, which deliver. */
async function update(wanted) {
  const folder = projectOf("npm");
  npm(["update", "--no-audit", "--no-fund", "--loglevel=error"], folder);
  const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const copies = (name) =>
    Object.entries(packages)
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, found]) => found.version);
  for (const [short, expected] of Object.entries(wanted))
    same(copies(`@kinesis-connectors/${short}`), [expected], `copies of ${short} after an update`);
  const printed = await deliver(localAws, (env) => runConnector(folder, managers.npm, env));
  tell(
    `npm update: ${INSTALLED.map((name) => `${name} ${copies(name).join(" and ")}`).join(", ")}; ${printed}`,
  );
}
