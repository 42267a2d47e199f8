import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { changesetProblems, CORE, readChangesets, writeFirstChangelogs } from "../release/first-versions.mjs";
import { leftBehind, pathsToBuild } from "../release/left-behind.mjs";
import { dependenciesFirst, publishedPackages } from "../release/packages.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const changelog = createRequire(import.meta.url)("../release/changelog.cjs") as {
  readonly getReleaseLine: (changeset: { readonly summary: string }) => Promise<string>;
  readonly getDependencyReleaseLine: (
    changesets: readonly unknown[],
    dependencies: readonly { readonly name: string; readonly newVersion: string }[],
  ) => Promise<string>;
};
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A workspace of packages a and b, which need the core, and the changesets that wait in it. */
function workspace({
  released,
  changesets,
}: {
  readonly released: readonly string[];
  readonly changesets: Readonly<Record<string, string>>;
}): string {
  const root = mkdtempSync(join(tmpdir(), "kc-versions-"));
  folders.push(root);
  for (const name of ["a", "b", ...(released.includes("core") ? ["core"] : [])]) {
    mkdirSync(join(root, "packages", name), { recursive: true });
    writeFileSync(
      join(root, "packages", name, "package.json"),
      JSON.stringify(
        name === "core"
          ? { name: CORE, version: "1.0.0" }
          : { name: `@x/${name}`, version: "1.0.0", dependencies: { [CORE]: "workspace:^" } },
      ),
    );
    if (released.includes(name))
      writeFileSync(join(root, "packages", name, "CHANGELOG.md"), `# @x/${name}\n\n## 1.0.0\n\nIt was.\n`);
  }
  mkdirSync(join(root, ".changeset"));
  for (const [name, text] of Object.entries(changesets)) writeFileSync(join(root, ".changeset", name), text);
  return root;
}

const namesOf = (first: readonly { readonly name: string }[]): readonly string[] =>
  first.map(({ name }) => name);

describe("the first version of a package", () => {
  it("is the one in its package.json, told by what it is, and not by what changed before anybody had it", () => {
    const root = workspace({
      released: [],
      changesets: {
        "first-a.md": '---\n"@x/a": major\n---\n\nWhat a is.\n',
        "first-b.md": '---\n"@x/b": major\n---\n\nWhat b is.\n',
        "mended.md": '---\n"@x/a": patch\n"@x/b": minor\n---\n\nMended.\n',
      },
    });
    const { first, waiting } = writeFirstChangelogs(root);
    expect([namesOf(first), waiting]).toEqual([["@x/a", "@x/b"], 0]);
    expect(readFileSync(join(root, "packages/a/CHANGELOG.md"), "utf8")).toBe(
      "# @x/a\n\n## 1.0.0\n\nWhat a is.\n",
    );
    expect(readdirSync(join(root, ".changeset"))).toEqual([]);
  });

  it("leaves what changed of released packages for the next versions of those", () => {
    const root = workspace({
      released: ["a"],
      changesets: {
        "first-b.md": '---\n"@x/b": major\n---\n\nWhat b is.\n',
        "mended.md": '---\n"@x/a": patch\n"@x/b": minor\n---\n\nMended.\n',
        "of-a.md": '---\n"@x/a": minor\n---\n\nMore of a.\n',
      },
    });
    const { first, waiting } = writeFirstChangelogs(root);
    expect([namesOf(first), waiting]).toEqual([["@x/b"], 2]);
    expect(readChangesets(root).map(({ bumps, text }) => [bumps, text])).toEqual([
      [{ "@x/a": "patch" }, "Mended."],
      [{ "@x/a": "minor" }, "More of a."],
    ]);
    expect(readFileSync(join(root, "packages/a/CHANGELOG.md"), "utf8")).toContain("It was.");
  });

  it("does not come about without words, and then nothing is written", () => {
    const root = workspace({
      released: [],
      changesets: { "first-a.md": '---\n"@x/a": major\n---\n\nWhat a is.\n' },
    });
    expect(() => writeFirstChangelogs(root)).toThrow(
      /^@x\/b was never released, and no changeset says .* write \.changeset\/first-NAME\.md/,
    );
    expect(existsSync(join(root, "packages/a/CHANGELOG.md"))).toBe(false);
  });

  it("has words for every package of this workspace that was never released", () => {
    const changesets = readChangesets(ROOT);
    const silent = publishedPackages(ROOT)
      .filter(({ path }) => !existsSync(join(path, "CHANGELOG.md")))
      .filter(({ name }) => !changesets.some(({ bumps }) => bumps[name] === "major"));
    expect(namesOf(silent)).toEqual([]);
  });
});

describe("a major version", () => {
  /** Adds a released package to a workspace, with what its entry declares. */
  function released(
    root: string,
    name: string,
    manifest: object,
    declarations: Readonly<Record<string, string>>,
  ) {
    const path = join(root, "packages", name);
    mkdirSync(join(path, "dist"), { recursive: true });
    const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
    writeFileSync(
      join(path, "package.json"),
      JSON.stringify({ name: `@x/${name}`, version: "1.0.0", publishConfig: { exports }, ...manifest }),
    );
    writeFileSync(join(path, "CHANGELOG.md"), "## 1.0.0\n");
    for (const [file, text] of Object.entries(declarations)) writeFileSync(join(path, "dist", file), text);
  }
  const needs = (...names: readonly string[]) => ({
    dependencies: Object.fromEntries(names.map((name) => [`@x/${name}`, "workspace:^"])),
  });

  it("takes along who has its types in its declarations, who has those of that one, and whose peer it is", () => {
    const root = workspace({
      released: ["a", "b"],
      changesets: { "s.md": '---\n"@x/s": major\n---\n\nGone.\n' },
    });
    released(root, "s", {}, { "index.d.ts": "export interface S {}" });
    released(root, "shows", needs("s"), {
      "index.d.ts": 'export { shows } from "./shows.js";',
      "shows.d.ts": 'export declare const shows: () => import("@x/s/formats").S;',
    });
    released(root, "inside", needs("s"), {
      "index.d.ts": '/** @example import { s } from "@x/s"; */\nexport declare const inside: string;',
      "hidden.d.ts": 'import type { S } from "@x/s";',
    });
    released(root, "along", needs("shows"), { "index.d.ts": 'import type { T } from "@x/shows";\n' });
    released(root, "beside", needs("inside"), { "index.d.ts": 'import type { T } from "@x/inside";\n' });
    released(root, "peer", { peerDependencies: { "@x/s": "workspace:^" } }, {});
    expect(leftBehind(root)).toEqual([
      { name: "@x/peer", needs: "@x/s" },
      { name: "@x/shows", needs: "@x/s" },
      { name: "@x/along", needs: "@x/shows" },
    ]);
    const all = ["s", "peer", "shows", "along"].map((name) => `"@x/${name}": major\n`).join("");
    writeFileSync(join(root, ".changeset/s.md"), `---\n${all}---\n\nGone.\n`);
    expect(leftBehind(root)).toEqual([]);
  });

  it("is not made of packages that are not built", () => {
    const root = workspace({ released: [], changesets: { "s.md": '---\n"@x/s": major\n---\n\nGone.\n' } });
    released(root, "s", {}, {});
    released(root, "shows", needs("s"), {});
    expect(() => leftBehind(root)).toThrow("dist/index.d.ts of @x/shows is not built");
  });

  const core = '"@kinesis-connectors/core": major\n';

  it("of the core is one of every released package that needs it", () => {
    const root = workspace({
      released: ["a", "b", "core"],
      changesets: { "core.md": `---\n${core}"@x/a": major\n---\n\nTaken away.\n` },
    });
    expect(leftBehind(root)).toEqual([{ name: "@x/b", needs: CORE }]);
  });

  it("is no question before anything was released, nor for a minor", () => {
    const first = { "core.md": `---\n${core}---\n\nWhat it is.\n` };
    expect(leftBehind(workspace({ released: [], changesets: first }))).toEqual([]);
    const minor = { "core.md": `---\n${core.replace("major", "minor")}---\n\nMore.\n` };
    const root = workspace({ released: ["a", "b", "core"], changesets: minor });
    // So nothing has to be built for it, either.
    expect([leftBehind(root), pathsToBuild(root)]).toEqual([[], []]);
  });
});

describe("changesets", () => {
  it("name packages that are published, say how they move, and something to those who use them", () => {
    expect(changesetProblems(ROOT)).toEqual([]);
    const root = workspace({
      released: ["a"],
      changesets: {
        "gone.md": '---\n"@x/gone": patch\n---\n\nMended.\n',
        "big.md": '---\n"@x/a": big\n---\n\nMended.\n',
        "mute.md": '---\n"@x/a": patch\n---\n',
        // Nothing to release is said by no package.
        "none.md": "---\n---\n",
      },
    });
    mkdirSync(join(root, "packages/hidden"));
    writeFileSync(join(root, "packages/hidden/package.json"), '{ "name": "@x/hidden", "private": true }');
    writeFileSync(join(root, ".changeset/hidden.md"), '---\n"@x/hidden": patch\n---\n\nMended.\n');
    expect(changesetProblems(root)).toEqual([
      ".changeset/big.md: @x/a moves by patch, minor or major, and not by big",
      ".changeset/gone.md: @x/gone is no package that is published",
      ".changeset/hidden.md: @x/hidden is no package that is published",
      ".changeset/mute.md: says nothing to those who use @x/a",
    ]);
  });

  it("become lines of words, with one line for whatever a package needs newer", async () => {
    expect(await changelog.getReleaseLine({ summary: "One.\n\nMore of it.\n" })).toBe(
      "\n- One.\n\n  More of it.",
    );
    expect(await changelog.getDependencyReleaseLine([], [])).toBe("");
    expect(
      await changelog.getDependencyReleaseLine(
        [],
        [
          { name: "@x/a", newVersion: "1.1.0" },
          { name: "@x/b", newVersion: "2.0.0" },
        ],
      ),
    ).toBe("\n- Needs `@x/a` 1.1.0, `@x/b` 2.0.0.");
  });
});

describe("the order of publishing", () => {
  it("has each package after those that it depends on", () => {
    const published = new Set<string>();
    for (const { name, manifest } of dependenciesFirst(publishedPackages(ROOT))) {
      const needed = Object.keys((manifest["dependencies"] ?? {}) as object).filter((one) =>
        /^(?:@kinesis-connectors\/|create-kinesis)/.test(one),
      );
      expect([name, needed.filter((one) => !published.has(one))]).toEqual([name, []]);
      published.add(name);
    }
  });
});
