import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

import { METRICS } from "../src/index.js";

it("the table in the README is the table of metrics", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const cells = readme
    .split("\n")
    .filter((line) => /^\| `[a-z_.]+`\s+\| `kinesis_connectors_/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(
    cells.map(([, name, prometheus, kind, , description]) => [name, prometheus, kind, description]),
  ).toEqual(
    METRICS.map(({ name, prometheus, kind, unit, description }) => [
      `\`${name}\``,
      `\`${prometheus}\``,
      unit === "" ? kind : `${kind} \`${unit}\``,
      description,
    ]),
  );
});
