import { readFile } from "node:fs/promises";
import { expect, it, vi } from "vitest";

const compact = (code: string): string =>
  code
    .replace(/^\/\/.*same\.\n/, "")
    .replaceAll(/[\s,]+/g, " ")
    .trim();

it("the README opens with code that runs", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const example = await readFile(new URL("readme-example.ts", import.meta.url), "utf8");
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  expect(compact(example)).toBe(compact(code.replace("@kinesis-connectors/core", "../src/index.js")));

  const log = vi.spyOn(console, "log").mockReturnValue();
  await import("./readme-example.js");
  expect(log.mock.calls).toEqual([
    ["checkpoint", "3"],
    [
      "shard-end",
      [
        { id: "order-0", total: 30 },
        { id: "order-2", total: 12 },
      ],
    ],
  ]);
  log.mockRestore();
});
