import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const README = new URL("../README.md", import.meta.url);
const GUIDE = new URL("../../../docs/adding-a-destination.md", import.meta.url);

/** The code that a document shows of a file: the blocks under `<!-- name -->`, in order. */
async function shownIn(document: URL, name: string): Promise<string> {
  const text = await readFile(document, "utf8");
  const blocks = text.matchAll(/^<!-- (\S+) -->\n+```ts\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, of, code]) => (of === name ? [code] : [])).join("\n");
}

/** What is shown is the very text of files that are compiled, linted and run beside this test. */
const shown = [
  {
    document: README,
    title: "the README",
    names: ["table-emitter.ts", "table-emitter.test.ts", "lease-table.test.ts", "orders.test.ts"],
  },
  {
    document: GUIDE,
    title: "the guide to a destination",
    names: ["file-emitter.ts", "file-emitter.test.ts", "clicks.test.ts"],
  },
];

for (const { document, title, names } of shown) {
  for (const name of names) {
    it(`${name} stands in ${title} as it is run`, async () => {
      const file = await readFile(new URL(`./examples/${name}`, import.meta.url), "utf8");
      expect(await shownIn(document, name)).toBe(file);
    });
  }
}
