// Makes the release on GitHub: what is new of each package, in the words of its changelog, with tarballs, SBOMs and their sums.
//   TAG=release-2026-12-01 GH_TOKEN=... node scripts/release/github-release.mjs FOLDER
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./packages.mjs";
import { manifestOf } from "./tarballs.mjs";

/**
 * What is new of some packages.
 * @param {readonly { readonly name: string, readonly version: string, readonly changelog: string }[]} packages with the text of their CHANGELOG.md
 * @returns {string} Markdown
 * @throws {Error} where a changelog says nothing of the version
 */
export function releaseNotes(packages) {
  return packages
    .map(({ name, version, changelog }) => {
      const sections = changelog.split(/^## /m).slice(1);
      const section = sections.find((text) => text.split("\n", 1)[0]?.trim() === version);
      const words = section?.slice(section.indexOf("\n")).trim() ?? "";
      if (words === "") throw new Error(`the CHANGELOG.md of ${name} says nothing of ${version}`);
      return `## ${name} ${version}\n\n${words}\n`;
    })
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  const { TAG } = process.env;
  if (folder === undefined || TAG === undefined) {
    process.stderr.write("TAG=release-... node scripts/release/github-release.mjs FOLDER\n");
    process.exit(2);
  }
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const paths = new Map(publishedPackages(root).map(({ name, path }) => [name, path]));
  const files = readdirSync(folder)
    .toSorted()
    .map((file) => join(folder, file));
  const notes = releaseNotes(
    files
      .filter((file) => file.endsWith(".tgz"))
      .map((file) => {
        const { name, version } = manifestOf(file);
        return { name, version, changelog: readFileSync(join(paths.get(name), "CHANGELOG.md"), "utf8") };
      }),
  );
  const file = join(mkdtempSync(join(tmpdir(), "release-notes-")), "notes.md");
  writeFileSync(file, notes);
  execFileSync(
    "gh",
    [
      "release",
      "create",
      TAG,
      ...files,
      "--verify-tag",
      "--title",
      TAG,
      "--notes-file",
      file,
      // A patch of an older major, release-2026-12-01-1.x, is not the newest one.
      ...(TAG.endsWith(".x") ? ["--latest=false"] : []),
    ],
    {
      stdio: "inherit",
    },
  );
}
