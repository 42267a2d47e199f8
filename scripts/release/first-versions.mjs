// The first version of a package. Changesets counts up from the version in package.json, and would make 1.1.0 of a package that starts at 1.0.0, with all that
// changed before anybody had it. So a package without a CHANGELOG.md, which is one that was never released, is released as the version that stands in its
// package.json; its changelog says what the package is, which is the text of the changeset that calls it "major", and nothing of what came before.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { publishedPackages } from "./packages.mjs";

/** The package whose types are in those of the others. */
export const CORE = "@kinesis-connectors/core";

/** What a version moves by. */
const BUMPS = new Set(["patch", "minor", "major"]);

/**
 * Writes the changelogs of packages that were never released, and takes them out of the changesets that wait: what is left is for `changeset version`.
 * @param {string} root
 * @returns {{ readonly first: readonly import("./packages.mjs").Published[], readonly waiting: number }} the packages, and how many changesets are left
 */
export function writeFirstChangelogs(root) {
  const first = publishedPackages(root).filter(isNew);
  const changesets = readChangesets(root);
  const texts = new Map(first.map(({ name }) => [name, textsOf(name, changesets)]));
  const silent = [...texts].filter(([, found]) => found.length === 0).map(([name]) => name);
  if (silent.length > 0)
    throw new Error(
      `${silent.join(", ")} ${silent.length === 1 ? "was" : "were"} never released, and no changeset says what the first version is: ` +
        'write .changeset/first-NAME.md, with "PACKAGE": major, and a paragraph for those who have never seen the package',
    );
  for (const { name, version, path } of first)
    writeFileSync(
      join(path, "CHANGELOG.md"),
      `# ${name}\n\n## ${version}\n\n${texts.get(name)?.join("\n\n")}\n`,
    );
  let waiting = 0;
  for (const { file, bumps, text } of changesets) {
    const left = Object.entries(bumps).filter(([name]) => !texts.has(name));
    if (left.length === 0) rmSync(file);
    else waiting += 1;
    if (left.length > 0 && left.length < Object.keys(bumps).length)
      writeFileSync(
        file,
        `---\n${left.map(([name, bump]) => `"${name}": ${bump}\n`).join("")}---\n\n${text}\n`,
      );
  }
  return { first, waiting };
}

/**
 * The changesets that wait, by the names of their files.
 * @param {string} root
 * @returns {{ readonly file: string, readonly bumps: Readonly<Record<string, string>>, readonly text: string }[]}
 */
export function readChangesets(root) {
  const folder = join(root, ".changeset");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .toSorted()
    .map((name) => {
      const file = join(folder, name);
      const parts = /^---\r?\n([\s\S]*?)\r?\n?---\r?\n([\s\S]*)$/.exec(readFileSync(file, "utf8"));
      if (parts === null) throw new Error(`.changeset/${name} is no changeset: it does not begin with ---`);
      return { file, bumps: parse(parts[1]) ?? {}, text: parts[2].trim() };
    });
}

/**
 * What is wrong with the changesets that wait, a line each. Whoever makes versions asks before anything is written: the tool stops in the midst of them, or leaves
 * one lying that never comes to an end.
 * @param {string} root
 * @returns {string[]}
 */
export function changesetProblems(root) {
  const names = new Set(publishedPackages(root).map(({ name }) => name));
  return readChangesets(root).flatMap(({ file, bumps, text }) => {
    const short = `.changeset/${basename(file)}`;
    const named = Object.entries(bumps);
    const unknown = named
      .filter(([name]) => !names.has(name))
      .map(([name]) => `${short}: ${name} is no package that is published`);
    const odd = named
      .filter(([, bump]) => !BUMPS.has(bump))
      .map(([name, bump]) => `${short}: ${name} moves by patch, minor or major, and not by ${bump}`);
    const mute =
      text === "" && named.length > 0
        ? [`${short}: says nothing to those who use ${Object.keys(bumps).join(", ")}`]
        : [];
    return unknown.concat(odd, mute);
  });
}

/** Whether a package was never released. */
export const isNew = ({ path }) => !existsSync(join(path, "CHANGELOG.md"));

function textsOf(name, changesets) {
  return changesets.filter(({ bumps }) => bumps[name] === "major").map(({ text }) => text);
}
