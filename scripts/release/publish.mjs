// Publishes tarballs, those that the registry has not yet: npm run release -- FOLDER [--registry URL] [--no-provenance] [--dry-run]
// Needs nothing but Node and npm, so that nothing of what is installed for building runs where there are rights to publish. Who publishes is settled outside:
// by a trusted publisher in a workflow, by `npm login` for the very first version of a name. Once more after a failure publishes what is missing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dependenciesFirst } from "./packages.mjs";
import { usualRegistry, versionsOf } from "./published.mjs";
import { tagOf } from "./tags.mjs";
import { manifestOf, tarballProblems } from "./tarballs.mjs";
import { refuseKept } from "../usage.mjs";

const USAGE = `npm run release -- FOLDER [--registry URL] [--no-provenance] [--dry-run]
Publishes the tarballs of a folder, dependencies first; what the registry has already is skipped.
  --registry URL    another registry than npm's settings name
  --no-provenance   without a statement of origin, which only a workflow can make: for the first version of a name, and for a registry of one's own
  --dry-run         says what would be published, and publishes nothing
`;

/** How often a registry is asked, and how long apart, until it has what it has taken: npm's may answer for five minutes as it did before. */
const LOOKS = 40;
const LOOK_MS = 15_000;

/** The oldest npm that publishes by a trusted publisher, without a token. */
const NPM_OF_PROVENANCE = [11, 5, 1];

/**
 * Publishes the tarballs of a folder.
 * @param {string} folder
 * @param {{ readonly registry?: string, readonly provenance?: boolean, readonly dryRun?: boolean, readonly env?: NodeJS.ProcessEnv, readonly tell?: (line: string) => void, readonly pause?: () => Promise<unknown> }} options
 *   `env` for npm, by default this process's; `tell` is given a line for each package; `pause` is between two looks at the registry, by default 15 s
 * @returns {Promise<{ readonly published: string[], readonly skipped: string[] }>} as name@version
 * @throws {Error} where a tarball is not fit to be published, or its version is there with another content, before anything is; at the first that npm refuses;
 *   and where the registry has not in the end what it has taken
 */
export async function publishTarballs(folder, options = {}) {
  const {
    registry = usualRegistry(),
    provenance = true,
    dryRun = false,
    env = process.env,
    tell = () => {},
    pause = () => wait(LOOK_MS),
  } = options;
  const tarballs = readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => join(folder, file));
  if (tarballs.length === 0)
    throw new Error(`there are no tarballs in ${folder}: npm run release:pack -- ${folder}`);
  refuse(tarballs.flatMap(tarballProblems));
  const packages = dependenciesFirst(await Promise.all(tarballs.map((tarball) => known(tarball, registry))));
  refuse(packages.flatMap(contentProblems));
  const missing = packages.filter((one) => !one.isThere);
  if (provenance && missing.length > 0) requireNpm(env);
  for (const { id } of packages.filter((one) => one.isThere)) tell(`${id} is there already`);
  for (const [done, one] of missing.entries()) {
    const { status, output } = npmPublish(one, { registry, provenance, dryRun, env });
    if (status !== 0) throw new Error(`${one.id} was not published, after ${done} that were: ${output}`);
    tell(`${one.id} ${dryRun ? "would be published" : "published"} as ${one.tag}`);
  }
  if (!dryRun) await arrival(missing, registry, pause);
  const ids = (some) => some.map(({ id }) => id);
  return { published: ids(missing), skipped: ids(packages.filter((one) => one.isThere)) };
}

/** A tarball, and what the registry has of its package. */
async function known(tarball, registry) {
  const manifest = manifestOf(tarball);
  const { name, version } = manifest;
  const versions = await versionsOf(name, registry);
  return {
    name,
    version,
    manifest,
    tarball,
    id: `${name}@${version}`,
    integrity: `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`,
    isThere: versions.has(version),
    integrityThere: versions.get(version),
    tag: tagOf(version, versions.keys()),
  };
}

/** A version that was published is never another one. */
function contentProblems({ id, isThere, integrity, integrityThere }) {
  return isThere && integrityThere?.startsWith("sha512-") && integrityThere !== integrity
    ? [`${id} is there already, with another content: make the next version of it, or leave its tarball out`]
    : [];
}

function refuse(problems) {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function requireNpm(env) {
  const { stdout } = spawnSync("npm", ["--version"], { encoding: "utf8", env });
  const numbers = stdout.trim().split(".").map(Number);
  const at = numbers.findIndex((number, index) => number !== NPM_OF_PROVENANCE[index]);
  if (at !== -1 && !(numbers[at] > NPM_OF_PROVENANCE[at]))
    throw new Error(
      `npm ${stdout.trim()} knows no trusted publishing: it takes npm ${NPM_OF_PROVENANCE.join(".")}, as Node 24 has it`,
    );
}

function npmPublish({ name, tarball, tag }, { registry, provenance, dryRun, env }) {
  // A registry that npm's settings name for the scope comes before --registry.
  const [scope] = name.startsWith("@") ? name.split("/") : [];
  const { status, stdout, stderr, error } = spawnSync(
    "npm",
    [
      "publish",
      tarball,
      "--access",
      "public",
      "--tag",
      tag,
      "--registry",
      registry,
      ...(scope === undefined ? [] : [`--${scope}:registry=${registry}`]),
      ...(provenance ? ["--provenance"] : []),
      ...(dryRun ? ["--dry-run"] : []),
    ],
    // At a terminal npm asks for the second factor.
    { encoding: "utf8", stdio: process.stdin.isTTY ? "inherit" : ["ignore", "pipe", "pipe"], env },
  );
  return { status, output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}` };
}

/** Waits until the registry has what it said that it took. What it does not say once it may say at the next look. */
async function arrival(packages, registry, pause) {
  let missing = packages;
  for (let looks = LOOKS; missing.length > 0; looks -= 1) {
    const arrived = await Promise.allSettled(
      missing.map(async ({ name, version }) => (await versionsOf(name, registry)).has(version)),
    );
    missing = missing.filter((_, index) => arrived[index].value !== true);
    if (missing.length === 0) return;
    if (looks === 1)
      throw new Error(
        `the registry has taken ${missing.map(({ id }) => id).join(", ")}, and has not got it: run this again, which publishes what is missing`,
      );
    await pause();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  refuseKept(USAGE, process.argv.slice(2));
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      registry: { type: "string" },
      "no-provenance": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || positionals.length !== 1) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const { published, skipped } = await publishTarballs(resolve(positionals[0]), {
    ...(values.registry === undefined ? {} : { registry: values.registry }),
    provenance: !values["no-provenance"],
    dryRun: values["dry-run"],
    tell: (line) => process.stdout.write(`${line}\n`),
  }).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  const verb = values["dry-run"] ? "would be published" : "published";
  process.stdout.write(`${published.length} ${verb}, ${skipped.length} there already\n`);
}
