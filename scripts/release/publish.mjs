// Publishes tarballs, those that the registry has not yet: npm run release -- FOLDER [--registry URL] [--no-provenance] [--dry-run]
// Needs nothing but Node and npm, so that nothing of what is installed for building runs where there are rights to publish. Who publishes is settled outside:
// by a trusted publisher in a workflow, by `npm login` for the very first version of a name. Once more after a failure publishes what is missing.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dependenciesFirst } from "./packages.mjs";
import { isPublished, usualRegistry } from "./published.mjs";
import { manifestOf, tarballProblems } from "./tarballs.mjs";

const USAGE = `npm run release -- FOLDER [--registry URL] [--no-provenance] [--dry-run]
Publishes the tarballs of a folder, dependencies first; what the registry has already is skipped.
  --registry URL    another registry than npm's settings name
  --no-provenance   without a statement of origin, which only a workflow can make: for the first version of a name, and for a registry of one's own
  --dry-run         says what would be published, and publishes nothing
`;

/**
 * Publishes the tarballs of a folder.
 * @param {string} folder
 * @param {{ readonly registry?: string, readonly provenance?: boolean, readonly dryRun?: boolean, readonly env?: NodeJS.ProcessEnv, readonly tell?: (line: string) => void }} options
 *   `env` for npm, by default this process's; `tell` is given a line for each package
 * @returns {Promise<{ readonly published: string[], readonly skipped: string[] }>} as name@version
 * @throws {Error} where a tarball is not fit to be published, before anything is; and at the first that npm refuses
 */
export async function publishTarballs(folder, options = {}) {
  const {
    registry = usualRegistry(),
    provenance = true,
    dryRun = false,
    env = process.env,
    tell = () => {},
  } = options;
  const tarballs = readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => join(folder, file));
  if (tarballs.length === 0)
    throw new Error(`there are no tarballs in ${folder}: npm run release:pack -- ${folder}`);
  const problems = tarballs.flatMap(tarballProblems);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  // At a terminal npm asks for the second factor.
  const stdio = process.stdin.isTTY ? "inherit" : ["ignore", "pipe", "pipe"];
  const npm = (...args) =>
    spawnSync("npm", [...args, "--registry", registry], { encoding: "utf8", stdio, env });
  const published = [];
  const skipped = [];
  const packages = tarballs.map((tarball) => {
    const manifest = manifestOf(tarball);
    return { name: manifest.name, manifest, tarball };
  });
  const there = await Promise.all(
    packages.map(({ name, manifest }) => isPublished(name, manifest.version, registry)),
  );
  for (const one of dependenciesFirst(packages)) {
    const { name, manifest, tarball } = one;
    const id = `${name}@${manifest.version}`;
    if (there[packages.indexOf(one)]) {
      skipped.push(id);
      tell(`${id} is there already`);
      continue;
    }
    const { status, stdout, stderr } = npm(
      "publish",
      tarball,
      "--access",
      "public",
      ...(provenance ? ["--provenance"] : []),
      ...(dryRun ? ["--dry-run"] : []),
    );
    if (status !== 0)
      throw new Error(
        `${id} was not published, after ${published.length} that were: ${stdout ?? ""}${stderr ?? ""}`,
      );
    published.push(id);
    tell(`${id} ${dryRun ? "would be published" : "published"}`);
  }
  return { published, skipped };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
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
  });
  process.stdout.write(`${published.length} published, ${skipped.length} there already\n`);
}
