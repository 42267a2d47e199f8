import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CASES } from "../src/scenarios/migrate/cases.js";
import { migrate } from "../src/scenarios/migrate/migrate.js";

const page = readFileSync(new URL("../../docs/migrating-from-the-kcl.md", import.meta.url), "utf8");

/** Titles of the numbered steps, by the heading of their section. */
const steps = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [
      section.split("\n", 1)[0] ?? "",
      [...section.matchAll(/^\d+\. \*\*(.+?)\*\*/gm)].map(([, title = ""]) => title),
    ]),
);

it("every numbered step of the page is one that is run, in the same order, and every step that is run is on the page", () => {
  const written = [...steps].filter(([, titles]) => titles.length > 0);
  expect(written).toEqual(CASES.map(({ heading, steps: run }) => [heading, run.map(({ title }) => title)]));
});

it("the page has no numbered step outside of these", () => {
  const numbered = page.match(/^\d+\. /gm)?.length ?? 0;
  expect(numbered).toBe(CASES.reduce((sum, each) => sum + each.steps.length, 0));
});

it("the page names both versions that its steps are run with", () => {
  for (const { version } of migrate.runs) expect(page).toContain(version);
});
