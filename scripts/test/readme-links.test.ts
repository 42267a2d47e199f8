import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { publishedPackages } from "../release/packages.mjs";
import { relativeLinks, withAbsoluteLinks } from "../release/readme-links.mjs";
import { rewriteEntry } from "../release/tarball-entry.mjs";
import { tarballProblems } from "../release/tarballs.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REVISION = "0123456789abcdef0123456789abcdef01234567";
const GITHUB = "https://github.com/kinesis-connectors/kinesis-connectors";
const S3 = publishedPackages(ROOT).find(({ folder }) => folder === "s3")!;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const linked = (text: string): string =>
  withAbsoluteLinks(text, { root: ROOT, manifest: S3.manifest, revision: REVISION });

describe("a README as npm's site shows it", () => {
  it.each([
    [
      "a file of the package",
      "[`iam/x`](iam/emitter-policy.json)",
      "[`iam/x`](URL/blob/REV/packages/s3/iam/emitter-policy.json)",
    ],
    [
      "a document, at a heading",
      "see [this](../../docs/rights.md#s3).",
      "see [this](URL/blob/REV/docs/rights.md#s3).",
    ],
    ["another package", "[two\nlines](../config)", "[two\nlines](URL/tree/REV/packages/config)"],
    ["the repository", "[it](../..)", "[it](URL/tree/REV)"],
    ["a picture", "![it](../../docs/console.png)", "![it](URL/raw/REV/docs/console.png)"],
    ["a heading of its own", "[here](#rights)", "[here](#rights)"],
    ["an address", "[there](https://example.com/x.md)", "[there](https://example.com/x.md)"],
    [
      "nowhere, in code",
      "`a[0](b.md)` and\n```ts\nf[0](c.md)\n```\n",
      "`a[0](b.md)` and\n```ts\nf[0](c.md)\n```\n",
    ],
  ])("leads to %s from everywhere", (_where, text, wanted) => {
    expect(linked(text)).toBe(wanted.replaceAll("URL", GITHUB).replaceAll("REV", REVISION));
    expect(relativeLinks(linked(text))).toEqual([]);
  });

  it("leads nowhere by a path, in any package, and is not packed with a link to nothing", () => {
    for (const { path, manifest } of publishedPackages(ROOT)) {
      const text = readFileSync(join(path, "README.md"), "utf8");
      const made = withAbsoluteLinks(text, { root: ROOT, manifest, revision: REVISION });
      expect([manifest.name, relativeLinks(made)]).toEqual([manifest.name, []]);
    }
    expect(() => linked("[gone](../gone/README.md)")).toThrow("../gone/README.md leads nowhere");
  });

  it("is put into the tarball, and nothing else of that changes", () => {
    const folder = mkdtempSync(join(tmpdir(), "kc-readme-"));
    folders.push(folder);
    const files = {
      LICENSE: "MIT",
      "README.md": "# s3\n\n[rights](../../docs/rights.md)\n",
      "dist/index.js": "x".repeat(2_000),
    };
    mkdirSync(join(folder, "package/dist"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "package", name), text);
    const manifest = { ...S3.manifest, exports: "./dist/index.js" };
    writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
    const tarball = join(folder, "s3.tgz");
    execFileSync("tar", ["-czf", tarball, "package"], { cwd: folder });
    const nowhere = `@kinesis-connectors/s3: the README leads to ../../docs/rights.md, which is nowhere on npm's site`;
    expect(tarballProblems(tarball)).toContain(nowhere);
    const listed = (): string => execFileSync("tar", ["-tvzf", tarball], { encoding: "utf8" });
    const before = listed()
      .split("\n")
      .filter((line) => !line.endsWith("README.md"));
    // Longer than a block, and shorter than before.
    for (const change of [(text: string) => linked(text) + " ".repeat(600), (text: string) => text.trim()]) {
      rewriteEntry(tarball, "package/README.md", change);
      expect(
        listed()
          .split("\n")
          .filter((line) => !line.endsWith("README.md")),
      ).toEqual(before);
    }
    execFileSync("tar", ["-xzf", tarball], { cwd: folder });
    const read = (name: string): string => readFileSync(join(folder, "package", name), "utf8");
    expect(read("README.md")).toBe(`# s3\n\n[rights](${GITHUB}/blob/${REVISION}/docs/rights.md)`);
    expect([read("LICENSE"), read("dist/index.js")]).toEqual([files.LICENSE, files["dist/index.js"]]);
    expect(tarballProblems(tarball)).not.toContain(nowhere);
    expect(() => rewriteEntry(tarball, "package/NONE.md", String)).toThrow("has no package/NONE.md");
  });
});
