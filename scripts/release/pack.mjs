// Packs what is built, with an SBOM of each package beside its tarball: npm run release:pack -- FOLDER
//   FOLDER/kinesis-connectors-s3-1.0.0.tgz             what is published
//   FOLDER/kinesis-connectors-s3-1.0.0.cdx.json        its SBOM, CycloneDX, of what its users install
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packAll } from "../pack-all.mjs";
import { publishedPackages } from "./packages.mjs";
import { tarballProblems } from "./tarballs.mjs";

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined || folder.startsWith("-")) {
    process.stderr.write("npm run release:pack -- FOLDER\nFOLDER: where the tarballs and SBOMs go\n");
    process.exit(2);
  }
  const packed = packRelease(fileURLToPath(new URL("../..", import.meta.url)), resolve(folder));
  for (const { name, version } of packed) process.stdout.write(`${name} ${version}\n`);
}
