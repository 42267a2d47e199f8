// Which packages the major version of another one takes along.
//
// Changesets moves whoever needs it to the new range by a patch. That is right where nobody sees the other package: it is used inside, and installed beside. It is
// not where its types are in the declarations that the package publishes: somebody who has `^1.0.0` of both gets two of the other one by a patch, and neither
// takes what comes from its twin. So that is a major version too, and one of whoever has the types of that one in turn. Two more go without a question about
// types: whose peer it is says `^2.0.0` where it said `^1.0.0`, and refuses what it took; and the core is what all parts of a program meet in, also those that
// are loaded by name, as commands do.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { publishedPackages } from "./packages.mjs";
import { CORE, isNew, readChangesets } from "./first-versions.mjs";

/**
 * The packages that major versions in the changesets would leave behind: released, not major themselves, and of a kind that must be.
 * @param {string} root of a workspace whose declarations are built
 * @returns {{ readonly name: string, readonly needs: string }[]} each with the package that takes it along
 */
export function leftBehind(root) {
  const changesets = readChangesets(root);
  const released = publishedPackages(root).filter((one) => !isNew(one));
  const majors = released
    .map(({ name }) => name)
    .filter((name) => changesets.some(({ bumps }) => bumps[name] === "major"));
  const left = [];
  // Grows while it is gone through: what is left behind takes others along in turn.
  for (const needs of majors)
    for (const one of released.filter(({ name }) => !majors.includes(name)))
      if (isTakenAlong(one, needs)) {
        left.push({ name: one.name, needs });
        majors.push(one.name);
      }
  return left;
}

/**
 * The packages whose declarations `leftBehind` may look at: all that were released, where one of them is major in a changeset.
 * @param {string} root
 * @returns {string[]} their folders
 */
export function pathsToBuild(root) {
  const major = new Set(
    readChangesets(root).flatMap(({ bumps }) => Object.keys(bumps).filter((name) => bumps[name] === "major")),
  );
  const released = publishedPackages(root).filter((one) => !isNew(one));
  if (!released.some(({ name }) => major.has(name))) return [];
  return released.map(({ path }) => path).filter((path) => existsSync(join(path, "tsconfig.json")));
}

function isTakenAlong({ path, manifest }, needs) {
  if (manifest.peerDependencies?.[needs] !== undefined) return true;
  if ({ ...manifest.dependencies, ...manifest.optionalDependencies }[needs] === undefined) return false;
  return needs === CORE || packagesInTypes(path, manifest).has(needs);
}

/** Imports with the name of what is imported, as declarations have them. */
const IMPORT = /\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/**
 * The packages whose types are in the declarations that a package publishes: in those of its entries, and of what these lead to.
 * @param {string} path the folder of the package
 * @param {Record<string, any>} manifest package.json
 * @returns {Set<string>}
 * @throws {Error} where it is not built
 */
function packagesInTypes(path, manifest) {
  const found = new Set();
  const files = new Set(declarationsOf(path, manifest.publishConfig?.exports ?? manifest.exports));
  for (const file of files) {
    if (!existsSync(file))
      throw new Error(`${relative(path, file)} of ${manifest.name} is not built: tsc -b`);
    // Examples in docstrings import packages, too.
    const text = readFileSync(file, "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
    for (const [, from, alone, inline] of text.matchAll(IMPORT)) {
      const specifier = from ?? alone ?? inline;
      if (specifier.startsWith("."))
        files.add(join(dirname(file), specifier.replace(/\.(m?)js$/, ".d.$1ts")));
      else found.add(specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
    }
  }
  return found;
}

/** The files that `types` of the entries name; a pattern names all that are there. */
function declarationsOf(path, part) {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => {
    if (key !== "types") return declarationsOf(path, value);
    const [before, after] = value.split("*");
    if (after === undefined) return [join(path, value)];
    return readdirSync(join(path, before))
      .filter((name) => name.endsWith(after))
      .map((name) => join(path, before, name));
  });
}
