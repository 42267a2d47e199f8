import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { publishedPackages } from "../release/packages.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = publishedPackages(ROOT);
const REPOSITORY = "https://github.com/kinesis-connectors/kinesis-connectors";

describe("package.json of each published package", () => {
  it.each(PACKAGES.map((one) => [one.folder, one] as const))(
    "%s says where it comes from, what it runs on and what it is about",
    (folder, { manifest }) => {
      expect(manifest).toMatchObject({
        homepage: `${REPOSITORY}/tree/main/packages/${folder}#readme`,
        bugs: { url: `${REPOSITORY}/issues` },
        repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: `packages/${folder}` },
        license: "MIT",
        type: "module",
        sideEffects: false,
        engines: { node: ">=20.19" },
        publishConfig: { access: "public" },
      });
      expect(manifest["keywords"]).toContain("kinesis");
      expect(manifest["files"]).toContain("CHANGELOG.md");
      expect(String(manifest["description"]).length).toBeGreaterThan(30);
    },
  );

  it("has its licence beside it, which npm packs only from there", () => {
    const licence = readFileSync(join(ROOT, "LICENSE"), "utf8");
    for (const { folder, path } of PACKAGES)
      expect([folder, readFileSync(join(path, "LICENSE"), "utf8")]).toEqual([folder, licence]);
  });

  it("has the version that stands in the sources", () => {
    const told = PACKAGES.flatMap(({ path, version }) =>
      readdirSync(join(path, "src"), { recursive: true, encoding: "utf8" })
        .filter((name) => /(?:^|[/\\])version\.ts$/.test(name))
        .map((name) => ({
          name,
          version,
          told: /export const version = "([^"]*)"/.exec(readFileSync(join(path, "src", name), "utf8"))?.[1],
        })),
    ).filter((one) => one.told !== undefined);
    expect(told.length).toBeGreaterThan(1);
    expect(told.filter((one) => one.told !== one.version)).toEqual([]);
  });
});
