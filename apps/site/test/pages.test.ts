import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { GONE } from "../../../packages/config/src/properties/gone-keys.js";
import { KNOWN_KEYS } from "../../../packages/config/src/properties/java-destinations.js";
import { declaredCodes, writtenCodes } from "../pages/errors-page.mjs";
import { madePages } from "../pages/made-pages.mjs";
import { table } from "../pages/markdown.mjs";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const documentOf = (name: string): string => readFileSync(join(ROOT, "docs", name), "utf8");
/** An exported function with its docstring and its name. */
const FUNCTION = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?export (?:async )?function (\w+)[\s\S]*?\n\}/g;
const isExported = (name: string, indexes: string): boolean =>
  new RegExp(String.raw`export \{[^}]*\b${name}\b`).test(indexes);
const PAGES = [...(madePages(ROOT) as ReadonlyMap<string, string>)];

describe("documents that are made of sources", () => {
  it.each(PAGES)("docs/%s is what the sources say: npm run pages", (name, text) => {
    expect(documentOf(name)).toBe(text);
  });

  it("have every code that the packages throw or log, with a cure", () => {
    const declared = (declaredCodes(ROOT) as readonly { code: string; cure: string }[]).map(
      ({ code }) => code,
    );
    expect(declared.sort()).toEqual([...(writtenCodes(ROOT) as ReadonlyMap<string, unknown>).keys()].sort());
    expect(new Set(declared).size).toBe(declared.length);
  });

  it("say of each public function that looks at its options what it throws", () => {
    const silent = readdirSync(join(ROOT, "packages")).flatMap((name) => {
      const folder = join(ROOT, "packages", name, "src");
      const exported = readdirSync(folder)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(join(folder, file), "utf8"))
        .join("\n");
      const sources = readdirSync(folder, { recursive: true }).map(String);
      return sources
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => Array.from(readFileSync(join(folder, file), "utf8").matchAll(FUNCTION)))
        .filter(([text, , own = ""]) => text.includes("checkOptions(") && isExported(own, exported))
        .filter(([, doc = ""]) => !/@throws|KC_OPTION_INVALID/.test(doc))
        .map(([, , own]) => `${name}: ${own}`);
    });
    expect(silent).toEqual([]);
  });

  it("keep a table in its columns, whatever is in a cell", () => {
    expect(table(["a", "key"], [["one | two", "`x`"]])).toBe(
      ["| a          | key |", "| ---------- | --- |", String.raw`| one \| two | ${"`x`"} |`].join("\n"),
    );
  });
});

describe("the page for those who come from the Java connectors", () => {
  it("has every key of their configuration", () => {
    const page = documentOf("migrating-from-connectors.md");
    const missing = [...KNOWN_KEYS, ...Object.keys(GONE)].filter((key) => !page.includes(`\`${key}\``));
    expect(missing).toEqual([]);
  });
});
