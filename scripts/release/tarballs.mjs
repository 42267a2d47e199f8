// What a tarball must be to be published, whoever packed it. Needs nothing but Node and tar.
import { execFileSync } from "node:child_process";
import { isBuiltin } from "node:module";
import { relativeLinks } from "./readme-links.mjs";

/** Scripts that npm would run on a user's machine. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];

/**
 * package.json of a tarball.
 * @param {string} tarball
 * @returns {Record<string, any>}
 */
export function manifestOf(tarball) {
  return JSON.parse(execFileSync("tar", ["-xOzf", tarball, "package/package.json"], { encoding: "utf8" }));
}

/**
 * What is wrong with a tarball, a line each.
 * @param {string} tarball
 * @returns {string[]}
 */
export function tarballProblems(tarball) {
  const manifest = manifestOf(tarball);
  const { name } = manifest;
  const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && !file.endsWith("/"))
    .map((file) => file.replace(/^package\//, ""));
  const text = JSON.stringify(manifest);
  return [
    ...INSTALL_SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined).map(
      (script) => `${name} has a ${script} script`,
    ),
    ...["README.md", "LICENSE", "package.json"]
      .filter((file) => !files.includes(file))
      .map((file) => `${name} has no ${file}`),
    ...(files.includes("README.md") ? relativeLinks(readmeOf(tarball)) : []).map(
      (target) => `${name}: the README leads to ${target}, which is nowhere on npm's site`,
    ),
    ...(files.some((file) => file.startsWith("dist/")) ? [] : [`${name} is not built`]),
    ...files
      .filter((file) => file.startsWith("test/") || file.includes("tsbuildinfo"))
      .map((file) => `${name}: ${file} got into the tarball`),
    ...entriesOf([manifest.exports, manifest.bin, manifest.types, manifest.main])
      .filter((entry) => !isThere(entry, files))
      .map((entry) => `${name}: ${entry} is an entry, and not in the tarball`),
    ...undeclared(tarball, manifest, files).map(
      (needed) => `${name} imports ${needed}, and does not depend on it`,
    ),
    ...(text.includes("workspace:") ? [`${name}: a workspace: range got into the tarball`] : []),
    ...(text.includes("@kinesis-connectors/source")
      ? [`${name}: the source condition got into the tarball`]
      : []),
    ...(manifest.license === "MIT" ? [] : [`${name} is not under the MIT licence`]),
    ...["version", "description", "homepage", "repository", "bugs", "engines"]
      .filter((field) => manifest[field] === undefined)
      .map((field) => `${name} has no ${field}`),
  ];
}

function readmeOf(tarball) {
  return execFileSync("tar", ["-xOzf", tarball, "package/README.md"], { encoding: "utf8" });
}

/** Imports with the name of what is imported: in code, and in types. */
const IMPORT = /^(?:import|export)\b[^"'`;]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Packages that are imported and not asked for: somebody else has to bring them, until nobody does. What runs in a browser has all in itself. */
function undeclared(tarball, { name, dependencies, optionalDependencies, peerDependencies }, files) {
  const modules = files.filter((file) => /^dist\/(?!app\/).*\.(?:js|d\.ts)$/.test(file));
  if (modules.length === 0) return [];
  const paths = modules.map((file) => `package/${file}`);
  const text = execFileSync("tar", ["-xOzf", tarball, ...paths], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const asked = new Set([
    name,
    ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
  ]);
  const imported = [...text.matchAll(IMPORT)]
    .map(([, from, alone, later]) => from ?? alone ?? later)
    .filter((specifier) => !/^(?:\.|data:)/.test(specifier) && !isBuiltin(specifier))
    .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
  return [...new Set(imported)].filter((needed) => !asked.has(needed));
}

/** The files that package.json leads to. */
function entriesOf(part) {
  if (typeof part === "string") return [part.replace(/^\.\//, "")];
  return typeof part === "object" && part !== null ? Object.values(part).flatMap(entriesOf) : [];
}

function isThere(entry, files) {
  const [before, after] = entry.split("*");
  return after === undefined
    ? files.includes(entry)
    : files.some((file) => file.startsWith(before) && file.endsWith(after));
}
