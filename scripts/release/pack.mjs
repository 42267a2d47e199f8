// Packs what is built, with an SBOM of each package beside its tarball: npm run release:pack -- FOLDER [--new] [--registry URL]
//   FOLDER/kinesis-connectors-s3-1.0.0.tgz             what is published
//   FOLDER/kinesis-connectors-s3-1.0.0.cdx.json        its SBOM, CycloneDX, of what its users install
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packAll } from "../pack-all.mjs";
import { publishedPackages } from "./packages.mjs";
import { isPublished, usualRegistry } from "./published.mjs";
import { manifestOf, tarballProblems } from "./tarballs.mjs";
import { refuseKept } from "../usage.mjs";

const USAGE = `npm run release:pack -- FOLDER [--new] [--registry URL]
Packs the packages of a workspace that is built into FOLDER, each with its SBOM.
  --new            keeps only the versions that the registry has not; ends with 1 where it has them all
  --registry URL   which one is asked: another than npm's settings name
`;

/**
 * Packs all packages of a workspace that is built.
 * @param {string} root
 * @param {string} to a folder, made where it is not there
 * @returns {{ readonly name: string, readonly version: string, readonly tarball: string, readonly sbom: string }[]}
 * @throws {Error} where the folder has tarballs already, or a tarball or an SBOM is not what it must be
 */
export function packRelease(root, to) {
  mkdirSync(to, { recursive: true });
  // Whoever publishes takes all that is there.
  const old = readdirSync(to).filter((file) => file.endsWith(".tgz"));
  if (old.length > 0)
    throw new Error(`${to} has tarballs of before, such as ${old[0]}: name a folder that is empty`);
  const tarballs = packAll(root, to);
  const packages = publishedPackages(root);
  const filters = packages.flatMap(({ name }) => ["--filter", name]);
  const options = ["--sbom-format", "cyclonedx", "--split", "--lockfile-only", "--prod"];
  execFileSync(
    "npx",
    ["-y", "pnpm@12.21.0", ...filters, "sbom", ...options, "--out", join(to, "%s-%v.cdx.json")],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
  const packed = packages.map(({ name, version, manifest }) => {
    const { tarball } = tarballs.get(name);
    return { name, version, manifest, tarball, sbom: tarball.replace(/\.tgz$/, ".cdx.json") };
  });
  const versions = new Map(packed.map(({ name, version }) => [name, version]));
  const problems = packed.flatMap((one) => [
    ...tarballProblems(one.tarball),
    ...rangeProblems(manifestOf(one.tarball), versions),
    ...placeProblems(one, root),
    ...sbomProblems(one),
  ]);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return packed;
}

/**
 * What a package asks for of those that it was built and tried with, and is not: a caret over their version.
 * @param {Record<string, any>} manifest as it is in the tarball
 * @param {ReadonlyMap<string, string>} versions of all packages
 * @returns {string[]}
 */
export function rangeProblems({ name, dependencies, optionalDependencies, peerDependencies }, versions) {
  return Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .filter(([needed, range]) => versions.has(needed) && range !== `^${versions.get(needed)}`)
    .map(
      ([needed, range]) =>
        `${name} asks for ${needed} ${range}, and is built with ${versions.get(needed)}: workspace:^ in its package.json`,
    );
}

/** Where it was built is nobody's business, and leads nowhere on other machines. */
function placeProblems({ name, tarball }, root) {
  const text = execFileSync("tar", ["-xOzf", tarball], { maxBuffer: 256 * 1024 * 1024 });
  return text.includes(resolve(root))
    ? [`${name} names the folder that it was built in, ${resolve(root)}`]
    : [];
}

/** What is wrong with an SBOM: it must be of this version, and name whatever the package depends on. */
function sbomProblems({ name, version, manifest, sbom }) {
  if (!existsSync(sbom)) return [`${name} has no SBOM: ${sbom} was not written`];
  const { bomFormat, metadata, components = [] } = JSON.parse(readFileSync(sbom, "utf8"));
  const nameOf = ({ group, name: own }) => (group === undefined ? own : `${group}/${own}`);
  const described = `${bomFormat} ${nameOf(metadata.component)} ${metadata.component.version}`;
  const named = new Set(components.map(nameOf));
  const missing = Object.keys(manifest.dependencies ?? {}).filter((needed) => !named.has(needed));
  return [
    ...(described === `CycloneDX ${name} ${version}` ? [] : [`the SBOM of ${name} is of ${described}`]),
    ...missing.map((needed) => `the SBOM of ${name} does not name ${needed}`),
  ];
}

/** Those of some versions that the registry has not. */
async function unpublished(packed, registry = usualRegistry()) {
  const isThere = await Promise.all(packed.map(({ name, version }) => isPublished(name, version, registry)));
  return packed.filter((_, index) => !isThere[index]);
}

async function packAndKeep(root, folder, onlyNew, registry) {
  const packed = packRelease(root, folder);
  return { packed, kept: onlyNew ? await unpublished(packed, registry) : packed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  refuseKept(USAGE, process.argv.slice(2));
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      new: { type: "boolean", default: false },
      registry: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || positionals.length !== 1) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const changed = execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" }).trimEnd();
  if (changed !== "") {
    process.stderr.write(
      `what is published is what is committed, and this is not:\n${changed.split("\n").slice(0, 10).join("\n")}\npack in a clean clone\n`,
    );
    process.exit(1);
  }
  const { packed, kept } = await packAndKeep(
    root,
    resolve(positionals[0]),
    values.new,
    values.registry,
  ).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  for (const { tarball, sbom } of packed.filter((one) => !kept.includes(one)))
    for (const file of [tarball, sbom]) rmSync(file);
  for (const { name, version } of kept) process.stdout.write(`${name} ${version}\n`);
  if (kept.length === 0) {
    process.stderr.write("there is nothing to release: the registry has every version already\n");
    process.exit(1);
  }
  // For a workflow: a job for each.
  const { GITHUB_OUTPUT } = process.env;
  const archives = kept.map(({ tarball }) => basename(tarball, ".tgz"));
  if (GITHUB_OUTPUT !== undefined) appendFileSync(GITHUB_OUTPUT, `archives=${JSON.stringify(archives)}\n`);
}
