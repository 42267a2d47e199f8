import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildConsole } from "../build.mjs";

/** All that a browser loads, in bytes after gzip. */
const MAX_GZIPPED_BYTES = 60_000;

const folder = mkdtempSync(join(tmpdir(), "kinesis-connectors-console-"));
let files: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  await buildConsole(folder);
  files = new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is small: 60 kB after gzip, all of it together", () => {
  const loaded = [...files].filter(([name]) => !name.endsWith(".txt"));
  const bytes = loaded.reduce((sum, [, content]) => sum + gzipSync(content, { level: 9 }).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
});

it("loads nothing from elsewhere, keeps no cookie and brings no font", () => {
  const elsewhere: string[] = [];
  for (const [name, content] of files) {
    if (name.endsWith(".txt")) continue;
    const text = content.toString();
    const addresses = text.match(/(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}[^\s"'`)]*/gi) ?? [];
    // Names of XML, which nobody fetches.
    elsewhere.push(...addresses.filter((address) => !address.startsWith("http://www.w3.org/")));
    elsewhere.push(...(text.match(/document\.cookie|@font-face|@import/g) ?? []));
  }
  expect(elsewhere).toEqual([]);
});

it("its page has no script and no style of its own, which the content security policy would refuse", () => {
  const page = files.get("index.html")?.toString() ?? "";
  expect(page).toMatch(/<script type="module" crossorigin src="\.\/assets\/[^"]+\.js"><\/script>/);
  expect(page.replaceAll(/<script [^>]*src=[^>]*><\/script>/g, "")).not.toMatch(
    /<script|<style|style=| on\w+=/,
  );
  expect(page).toContain("./favicon.svg");
  expect(files.has("favicon.svg")).toBe(true);
});

it("brings the licences of what is in it", () => {
  const text = files.get("licenses.txt")?.toString() ?? "";
  expect(text).toContain("preact");
  expect(text).toContain("uplot");
  expect(text.match(/Permission is hereby granted/g)).toHaveLength(2);
});
