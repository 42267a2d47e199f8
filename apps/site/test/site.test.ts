import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as typedoc from "typedoc";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { brokenLinks } from "../build/broken-links.mjs";
import { shownParts, titleOf, withoutTitle } from "../build/documents.mjs";
import { publishedPackages } from "../build/packages.mjs";
import { undocumentedNames, unexportedTypes } from "../build/public-names.mjs";
import { SHELVES } from "../build/shelves.mjs";
import { optionsFirst } from "../build/site.mjs";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "site-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const at = join(folder, path);
  mkdirSync(join(at, ".."), { recursive: true });
  writeFileSync(at, text);
  return at;
}

/** A project of one module, with neither configuration nor library: it takes a moment only. */
async function projectOf(source: string): Promise<typedoc.ProjectReflection> {
  write("package.json", '{ "name": "@kinesis-connectors/tried" }');
  const file = write("index.ts", source);
  const app = await typedoc.Application.bootstrap({
    logLevel: "None",
    disableGit: true,
    sourceLinkTemplate: "{path}",
  });
  const program = ts.createProgram([file], { noLib: true, types: [] });
  const sourceFile = program.getSourceFile(file);
  if (sourceFile === undefined) throw new Error("there is no source");
  return app.converter.convert([{ displayName: "tried", program, sourceFile }]);
}

describe("the site", () => {
  it("has every document of docs/ on one shelf", () => {
    const documents = readdirSync(join(ROOT, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => name.slice(0, -3));
    expect(
      Object.values(SHELVES as Record<string, string[]>)
        .flat()
        .sort(),
    ).toEqual(documents.sort());
  });

  it("has a module for each import of a published package, and none of a private one", () => {
    const manifest = (name: string, more: object): string =>
      JSON.stringify({ name, version: "1.2.3", ...more });
    const at = (path: string) => ({ "@kinesis-connectors/source": path });
    write(
      "packages/s3/package.json",
      manifest("@kinesis-connectors/s3", {
        exports: {
          ".": at("./src/index.ts"),
          "./objects": at("./src/objects.ts"),
          "./schema.json": "./schema.json",
        },
      }),
    );
    write(
      "packages/hidden/package.json",
      manifest("hidden", { private: true, exports: { ".": at("./src/index.ts") } }),
    );
    write("packages/create/package.json", manifest("create-kinesis-connectors", {}));
    expect(publishedPackages(folder)).toMatchObject([
      { name: "create-kinesis-connectors", modules: [] },
      {
        name: "@kinesis-connectors/s3",
        version: "1.2.3",
        modules: [
          { name: "@kinesis-connectors/s3", source: join(folder, "packages/s3/src/index.ts"), isMain: true },
          { name: "@kinesis-connectors/s3/objects", isMain: false },
        ],
      },
    ]);
  });

  it("names what has no docstring, and an option that does not say its default", async () => {
    const project = await projectOf(`
      export interface TriedOptions {
        /** A number of pieces. */ readonly pieces?: number;
        /** A number of parts. Default 3. */ readonly parts?: number;
        readonly name: string;
        readonly type: "tried";
      }
      export interface Fact { readonly name: string }
      /** Tries. */ export function tries(): void {}
      export const bare = 1;
    `);
    expect((undocumentedNames(project) as string[]).map((line) => line.replace(/^.*?: /, "")).sort()).toEqual(
      [
        "Fact has no docstring",
        "TriedOptions has no docstring",
        "TriedOptions.name is an option without a docstring",
        "TriedOptions.pieces may be left out, and does not say its default",
        "bare has no docstring",
      ],
    );
  });

  it("names an option that is a number of nobody knows what", async () => {
    const project = await projectOf(`
      export interface TriedOptions {
        /** Time limit. Default 3. */ readonly timeout?: number;
        /** Limits the pieces. Default 3. */ readonly size: number | "all";
        /** How it is. */ readonly status: number;
        /** Time limit, in milliseconds. Default 3. */ readonly patience?: number;
        /** Pieces that are made at a time. Default 3. */ readonly concurrency?: number;
        /** Time limit. Default 3. */ readonly limitMs?: number;
        /** At most. Default 3. */ readonly maxPiecesPerPart?: number;
        /** Default 80. */ readonly port?: number;
        /** How. Default "well". */ readonly way?: string;
      }
    `);
    const lines = (undocumentedNames(project) as string[]).filter((line) => !line.includes("no docstring"));
    expect(lines.map((line) => line.replace(/^.*?: /, "")).sort()).toEqual(
      ["size", "status", "timeout"].map(
        (name) => `TriedOptions.${name} is a number without a unit, in its name or in its docstring`,
      ),
    );
  });

  it("names a type that a public name mentions and no index exports, unless it is written out there", async () => {
    const project = await projectOf(`
      interface Hidden { readonly name: string }
      /** @inline */ type Written = "one" | "two";
      /** Takes both. */ export function takes(hidden: Hidden, written: Written): void {}
    `);
    expect(unexportedTypes(project)).toEqual([
      "@kinesis-connectors/tried/index.ts: Hidden is in takes.hidden, and no index exports it",
    ]);
  });

  it("finds an option before what has its name and is read", async () => {
    const project = await projectOf(`
      export interface Shown { readonly timeMs: number }
      export interface TriedOptions { readonly timeMs: number }
    `);
    const found = Object.values(project.reflections).filter(({ name }) => name === "timeMs");
    optionsFirst({ searchResults: found });
    const boosts = found.map((one) => [one.parent?.name, Reflect.get(one, "relevanceBoost")]);
    expect(Object.fromEntries(boosts)).toEqual({ Shown: undefined, TriedOptions: 2 });
  });

  it("is told of without colours in a pipe", () => {
    const script = `
      await import("./plain-in-pipes.mjs");
      const { Application } = await import("typedoc");
      const app = await Application.bootstrap({ entryPoints: [] });
      app.logger.warn("a warning");`;
    const { NO_COLOR: _none, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: join(ROOT, "apps/site/build"),
      env,
      encoding: "utf8",
    });
    expect(stdout + stderr).toContain("[warning] a warning");
  });

  it("finds links that lead to no page, and to no place on one", () => {
    write(
      "index.html",
      '<a href="docs/one.html#here">a</a><a href="docs/two.html">b</a><a href="https://example.com/x">c</a><a href="docs/one.html#100%">e</a>',
    );
    write(
      "docs/one.html",
      '<h2 id="here">a</h2><a href="../index.html#gone">d</a><img src="../media/none.png">',
    );
    expect((brokenLinks(folder) as { broken: string[] }).broken.sort()).toEqual([
      "docs/one.html: ../index.html#gone leads to no place on that page",
      "docs/one.html: ../media/none.png leads to no file",
      "index.html: docs/one.html#100% leads to no place on that page",
      "index.html: docs/two.html leads to no file",
    ]);
  });

  it("leads links to files without a page to the repository, and leaves pictures alone", () => {
    const files = new typedoc.Models.FileRegistry();
    const to = (path: string) => {
      const at = typedoc.normalizePath(write(path, ""));
      return { kind: "relative-link" as const, text: path, target: files.register(at, at)?.target };
    };
    const site = { root: folder, repository: "https://example.com/r", revision: "v1", project: undefined };
    const parts = [
      to("deploy/iam/a.json"),
      to("docs/console.png"),
      { kind: "code", text: "```\na -> b\n```" },
    ];
    expect(shownParts(parts, files, site)).toEqual([
      { kind: "text", text: "https://example.com/r/blob/v1/deploy/iam/a.json" },
      parts[1],
      { kind: "code", text: "```text\na -> b\n```" },
    ]);
  });

  it("keeps what stands in a heading as code, and gives a page its title where a link has the name of its file", () => {
    const files = new typedoc.Models.FileRegistry();
    const document = { name: "Where it runs" };
    files.resolve = () => document as never;
    const site = { root: folder, repository: "https://example.com/r", revision: "v1", project: undefined };
    const link = { kind: "relative-link", text: "where.md", target: 1 };
    expect(
      shownParts(
        [
          { kind: "text", text: "text\n\n## Keys of " },
          { kind: "code", text: "`Config`" },
          { kind: "text", text: "\n\nSee [where.md](" },
          link,
        ],
        files,
        site,
      ),
    ).toEqual([
      { kind: "text", text: "text\n\n## Keys of " },
      { kind: "text", text: "Config" },
      { kind: "text", text: "\n\nSee [Where it runs](" },
      link,
    ]);
  });

  it("takes the title of a document from its first heading", () => {
    expect(titleOf("# Where `kc` runs\n\ntext\n")).toBe("Where kc runs");
    expect(withoutTitle("# One\n\ntext\n# Two\n")).toBe("text\n# Two\n");
  });
});
