import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { releaseNotes } from "../release/github-release.mjs";
import { isPublished } from "../release/published.mjs";
import { publishTarballs } from "../release/publish.mjs";
import { tarballProblems } from "../release/tarballs.mjs";

const folders: string[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

const MANIFEST = {
  name: "@x/a",
  version: "1.2.3",
  description: "What a is.",
  license: "MIT",
  homepage: "https://example.com",
  repository: "x/a",
  bugs: "https://example.com",
  engines: { node: ">=20.19" },
};

/** A folder with a tarball of a package. */
function packed(manifest: object, files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "kc-publishing-"));
  folders.push(folder);
  for (const file of files) {
    mkdirSync(join(folder, "package", file, ".."), { recursive: true });
    writeFileSync(join(folder, "package", file), file);
  }
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  execFileSync("tar", ["-czf", "a.tgz", "package"], { cwd: folder });
  return folder;
}

/** A registry that answers every question alike, and keeps what it was asked. */
async function registry(
  status: number,
  body: unknown,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ method, url }, answer) => {
    asked.push(`${method} ${url}`);
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe("a tarball", () => {
  it("is fit to be published as it should be", () => {
    const folder = packed(MANIFEST, ["README.md", "LICENSE", "dist/index.js"]);
    expect(tarballProblems(join(folder, "a.tgz"))).toEqual([]);
  });

  it("is not with scripts, ranges of the workspace, tests, or without licence and what it is built of", () => {
    const folder = packed(
      {
        ...MANIFEST,
        homepage: undefined,
        scripts: { postinstall: "node x.js" },
        dependencies: { "@x/b": "workspace:^" },
      },
      ["README.md", "test/a.test.js"],
    );
    expect(tarballProblems(join(folder, "a.tgz"))).toEqual([
      "@x/a has a postinstall script",
      "@x/a has no LICENSE",
      "@x/a is not built",
      "@x/a: test/a.test.js got into the tarball",
      "@x/a: a workspace: range got into the tarball",
      "@x/a has no homepage",
    ]);
  });
});

describe("publishing", () => {
  it("asks the registry for each version, and takes nothing but a plain yes or no", async () => {
    const there = await registry(200, { versions: { "1.2.3": {} } });
    expect(await isPublished("@x/a", "1.2.3", there.url)).toBe(true);
    expect(await isPublished("@x/a", "1.2.4", there.url)).toBe(false);
    expect(there.asked).toEqual(["GET /@x%2fa", "GET /@x%2fa"]);
    expect(await isPublished("@x/a", "1.2.3", (await registry(404, {})).url)).toBe(false);
    await expect(isPublished("@x/a", "1.2.3", (await registry(503, {})).url)).rejects.toThrow(
      "the registry does not say whether it has @x/a 1.2.3: it answers 503",
    );
    await expect(isPublished("@x/a", "1.2.3", (await registry(200, [])).url)).rejects.toThrow(
      "the registry does not say which versions of @x/a it has",
    );
  });

  it("skips what is there, and puts nothing where one tarball is unfit", async () => {
    const { url, asked } = await registry(200, { versions: { "1.2.3": {} } });
    const folder = packed(MANIFEST, ["README.md", "LICENSE", "dist/index.js"]);
    expect(await publishTarballs(folder, { registry: url })).toEqual({
      published: [],
      skipped: ["@x/a@1.2.3"],
    });
    expect(asked).toEqual(["GET /@x%2fa"]);
    const unfit = packed(MANIFEST, ["README.md"]);
    await expect(publishTarballs(unfit, { registry: url })).rejects.toThrow(/has no LICENSE\n.*is not built/);
    expect(asked).toHaveLength(1);
  });

  it("is told on GitHub in the words of the changelogs", () => {
    const changelog = "# @x/a\n\n## 1.2.3\n\n### Patch Changes\n\n- Mended.\n\n## 1.2.2\n\n- Older.\n";
    expect(releaseNotes([{ name: "@x/a", version: "1.2.3", changelog }])).toBe(
      "## @x/a 1.2.3\n\n### Patch Changes\n\n- Mended.\n",
    );
    expect(() => releaseNotes([{ name: "@x/a", version: "1.3.0", changelog }])).toThrow(
      "the CHANGELOG.md of @x/a says nothing of 1.3.0",
    );
  });
});
