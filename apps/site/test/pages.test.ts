import { readFileSync } from "node:fs";
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
