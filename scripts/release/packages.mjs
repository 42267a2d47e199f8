// The packages that are published, as they stand in the workspace.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Published
 * @property {string} name
 * @property {string} version as package.json has it
 * @property {string} folder under packages/
 * @property {string} path of the folder
 * @property {Record<string, any>} manifest package.json
 */

/**
 * The public packages of a workspace, in the order of their folders.
 * @param {string} root
 * @returns {Published[]}
 */
export function publishedPackages(root) {
  return readdirSync(join(root, "packages"))
    .filter((folder) => existsSync(join(root, "packages", folder, "package.json")))
    .map((folder) => {
      const path = join(root, "packages", folder);
      const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
      return { name: manifest.name, version: manifest.version, folder, path, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * Packages so that each comes after those that it depends on: who stops in between leaves nothing behind that cannot be installed.
 * @template {{ readonly name: string, readonly manifest: Record<string, any> }} P
 * @param {readonly P[]} packages
 * @returns {P[]}
 */
export function dependenciesFirst(packages) {
  const byName = new Map(packages.map((one) => [one.name, one]));
  const begun = new Set();
  const ordered = [];
  const add = (one) => {
    if (begun.has(one)) return;
    begun.add(one);
    const { dependencies, optionalDependencies, peerDependencies } = one.manifest;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const needed = byName.get(name);
      if (needed !== undefined) add(needed);
    }
    ordered.push(one);
  };
  for (const one of packages) add(one);
  return ordered;
}
