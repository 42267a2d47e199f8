import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyJoined, JOINED, whileJoined } from "../join-modules.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kc-joining-"));
  for (const name of JOINED) {
    const folder = join(root, "packages", name);
    built(join(folder, "dist"), "built");
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ exports: { ".": { default: "./dist/index.js" } } }),
    );
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What a compiler leaves: modules that say when they were built. */
function built(dist: string, when: string): void {
  for (const file of ["index", "part", "sdk-part", "engines/threads/thread-main"]) {
    mkdirSync(join(dist, file, ".."), { recursive: true });
    writeFileSync(join(dist, `${file}.js`), `export const ${file.replaceAll(/\W/g, "_")} = "${when}";\n`);
  }
  writeFileSync(join(dist, "index.js"), 'export { part } from "./part.js";\n');
  writeFileSync(join(dist, ".tsbuildinfo"), "{}");
}

const inDist = (file: string): string => join(root, "packages/core/dist", file);
const joined = (): string =>
  whileJoined(root, () => {
    expect(existsSync(inDist("part.js"))).toBe(false);
    return /"(.*)"/.exec(readFileSync(inDist("index.js"), "utf8"))?.[1] ?? "";
  });

describe("packages whose modules are joined for packing", () => {
  it("are as they were built again afterwards", () => {
    expect(joined()).toBe("built");
    expect(readFileSync(inDist("index.js"), "utf8")).toContain("./part.js");
    expect(() =>
      whileJoined(root, () => {
        throw new Error("no space left");
      }),
    ).toThrow("no space left");
    expect(existsSync(inDist("part.js"))).toBe(true);
  });

  it("are packed as they were built last, whatever somebody left who was killed meanwhile", () => {
    built(join(root, "packages/core/.built"), "long ago");
    expect(joined()).toBe("built");
    expect(existsSync(join(root, "packages/core/.built"))).toBe(false);
    // And where nobody has built since, what was put aside is what was built.
    built(join(root, "packages/core/.built"), "before");
    rmSync(inDist(".tsbuildinfo"));
    expect(joined()).toBe("before");
  });

  it("are not packed unbuilt, nor by two at once", () => {
    whileJoined(root, () =>
      expect(joined).toThrow(`process ${process.pid} packs in this workspace: wait for its end`),
    );
    expect(joined()).toBe("built");
    rmSync(inDist(".tsbuildinfo"));
    expect(joined).toThrow("packages/core is not built: npm run build");
  });

  it("are copied as they are packed, beside what they depend on, while what was built stays", () => {
    const dependency = join(root, "packages/core/node_modules/left");
    mkdirSync(dependency, { recursive: true });
    writeFileSync(join(dependency, "which"), "this one");
    const manifest = join(root, "packages/core/package.json");
    const dependencies = { left: "^1.0.0", "@kinesis-connectors/aws": "workspace:^" };
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), dependencies }));
    const folder = join(root, "copy");
    copyJoined(root, folder);
    const copied = join(folder, "node_modules/@kinesis-connectors");
    for (const name of JOINED) {
      expect(readFileSync(join(copied, name, "dist/index.js"), "utf8")).toContain('part = "built"');
      expect(existsSync(join(copied, name, "dist/part.js"))).toBe(false);
    }
    expect(readFileSync(join(folder, "node_modules/left/which"), "utf8")).toBe("this one");
    expect(existsSync(inDist("part.js"))).toBe(true);
    rmSync(inDist(".tsbuildinfo"));
    expect(() => copyJoined(root, join(root, "other"))).toThrow("packages/core is not built");
  });
});
