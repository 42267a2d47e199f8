// Packs what is built, with an SBOM of each package beside its tarball: npm run release:pack -- FOLDER [--new]
//   FOLDER/kinesis-connectors-s3-1.0.0.tgz             what is published
//   FOLDER/kinesis-connectors-s3-1.0.0.cdx.json        its SBOM, CycloneDX, of what its users install
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packAll } from "../pack-all.mjs";
import { publishedPackages } from "./packages.mjs";
import { isPublished, usualRegistry } from "./published.mjs";
import { tarballProblems } from "./tarballs.mjs";

const USAGE = `npm run release:pack -- FOLDER [--new]
Packs the packages of a workspace that is built into FOLDER, each with its SBOM.
  --new   keeps only the versions that the registry has not; ends with 1 where it has them all
`;

/**
 * Packs all packages of a workspace that is built.
 * @param {string} root
 * @param {string} to a folder, made where it is not there
 * @returns {{ readonly name: string, readonly version: string, readonly tarball: string, readonly sbom: string }[]}
 * @throws {Error} where a tarball or an SBOM is not what it must be
 */
export function packRelease(root, to) {
  mkdirSync(to, { recursive: true });
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
  const problems = packed.flatMap((one) => [...tarballProblems(one.tarball), ...sbomProblems(one)]);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return packed;
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
async function unpublished(packed) {
  const registry = usualRegistry();
  const isThere = await Promise.all(packed.map(({ name, version }) => isPublished(name, version, registry)));
  return packed.filter((_, index) => !isThere[index]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { new: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help || positionals.length !== 1) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const packed = packRelease(fileURLToPath(new URL("../..", import.meta.url)), resolve(positionals[0]));
  const kept = values.new ? await unpublished(packed) : packed;
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
