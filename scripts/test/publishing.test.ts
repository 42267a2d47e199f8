import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { releaseNotes } from "../release/github-release.mjs";
import { rangeProblems } from "../release/pack.mjs";
import { isPublished } from "../release/published.mjs";
import { publishTarballs } from "../release/publish.mjs";
import { tagOf } from "../release/tags.mjs";
import { tarballProblems } from "../release/tarballs.mjs";

const folders: string[] = [];
const servers: Server[] = [];
const workers: Worker[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
  for (const worker of workers.splice(0)) void worker.terminate();
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

const FILES = ["README.md", "LICENSE", "dist/index.js"];

/** A folder with a tarball of a package. */
function packed(
  manifest: object,
  files: readonly string[],
  texts: Readonly<Record<string, string>> = {},
  [name, into]: readonly [string, string?] = ["a.tgz"],
): string {
  const folder = into ?? mkdtempSync(join(tmpdir(), "kc-publishing-"));
  folders.push(folder);
  for (const file of files) {
    mkdirSync(join(folder, "package", file, ".."), { recursive: true });
    writeFileSync(join(folder, "package", file), texts[file] ?? file);
  }
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  execFileSync("tar", ["-czf", name, "package"], { cwd: folder });
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

/** A registry that keeps what is published, and how to publish there and nowhere else. */
async function keeping(how: { readonly refuses?: readonly string[]; readonly forgets?: number }) {
  const worker = new Worker(new URL("keeping-registry.mjs", import.meta.url), {
    workerData: { refuses: [], forgets: 0, ...how },
  });
  workers.push(worker);
  const put: string[] = [];
  const port = await new Promise<number>((resolve) => {
    worker.once("message", resolve);
  });
  worker.on("message", (line: string) => put.push(line));
  const folder = mkdtempSync(join(tmpdir(), "kc-publishing-"));
  folders.push(folder);
  const userconfig = join(folder, "npmrc");
  // What npm is set up with for the scope leads elsewhere: to a port where nobody listens.
  writeFileSync(userconfig, `@x:registry=http://127.0.0.1:9/\n//127.0.0.1:${port}/:_authToken=nobody\n`);
  const options = {
    registry: `http://127.0.0.1:${port}`,
    provenance: false,
    env: { ...process.env, NPM_CONFIG_USERCONFIG: userconfig },
    pause: () => Promise.resolve(),
  };
  return { put, options };
}

describe("a tarball", () => {
  it("is fit to be published as it should be", () => {
    const folder = packed(MANIFEST, FILES);
    expect(tarballProblems(join(folder, "a.tgz"))).toEqual([]);
  });

  it("is not with scripts, ranges of the workspace, tests, or without licence and what it is built of", () => {
    const folder = packed(
      {
        ...MANIFEST,
        homepage: undefined,
        exports: { ".": { types: "./dist/index.d.ts" }, "./schemas/*": "./schemas/*" },
        scripts: { postinstall: "node x.js" },
        dependencies: { "@x/b": "workspace:^" },
      },
      ["README.md", "test/a.test.js", "schemas/one.json"],
    );
    expect(tarballProblems(join(folder, "a.tgz"))).toEqual([
      "@x/a has a postinstall script",
      "@x/a has no LICENSE",
      "@x/a is not built",
      "@x/a: test/a.test.js got into the tarball",
      "@x/a: dist/index.d.ts is an entry, and not in the tarball",
      "@x/a: a workspace: range got into the tarball",
      "@x/a has no homepage",
    ]);
  });
});

describe("what a package asks for", () => {
  it("is all that it imports", () => {
    const imports = [
      'import { a } from "@x/b/part";',
      'export { c } from "./c.js";',
      'import { join } from "node:path";',
      'const later = () => import("d");',
      'const asked = import("@x/peer");',
    ].join("\n");
    const folder = packed({ ...MANIFEST, peerDependencies: { "@x/peer": "^1.0.0" } }, FILES, {
      "dist/index.js": imports,
    });
    expect(tarballProblems(join(folder, "a.tgz"))).toEqual([
      "@x/a imports @x/b, and does not depend on it",
      "@x/a imports d, and does not depend on it",
    ]);
  });

  it("is what it was built with, or compatible with it", () => {
    const versions = new Map([
      ["@x/core", "1.2.0"],
      ["@x/console", "2.0.0"],
    ]);
    const asks = (core: string) => ({
      name: "@x/a",
      dependencies: { "@x/core": core, other: "^1.0.0" },
      peerDependencies: { "@x/console": "^2.0.0" },
    });
    expect(rangeProblems(asks("^1.2.0"), versions)).toEqual([]);
    for (const range of ["1.2.0", "^1.0.0", "*"])
      expect(rangeProblems(asks(range), versions)).toEqual([
        `@x/a asks for @x/core ${range}, and is built with 1.2.0: workspace:^ in its package.json`,
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
      "the registry does not say which versions of @x/a it has: it answers 503",
    );
    await expect(isPublished("@x/a", "1.2.3", (await registry(200, [])).url)).rejects.toThrow(
      "the registry does not say which versions of @x/a it has",
    );
  });

  it("skips what is there, and puts nothing where one tarball is unfit", async () => {
    const { url, asked } = await registry(200, { versions: { "1.2.3": {} } });
    const folder = packed(MANIFEST, FILES);
    expect(await publishTarballs(folder, { registry: url })).toEqual({
      published: [],
      skipped: ["@x/a@1.2.3"],
    });
    expect(asked).toEqual(["GET /@x%2fa"]);
    const unfit = packed(MANIFEST, ["README.md"]);
    await expect(publishTarballs(unfit, { registry: url })).rejects.toThrow(/has no LICENSE\n.*is not built/);
    expect(asked).toHaveLength(1);
  });

  it("goes on where it stopped, dependencies first, and never puts another content under a version", async () => {
    const { put, options } = await keeping({ refuses: ["@x/a"] });
    const folder = packed({ ...MANIFEST, dependencies: { "@x/b": "^1.2.3" } }, FILES);
    packed({ ...MANIFEST, name: "@x/b" }, FILES, {}, ["b.tgz", folder]);
    await expect(publishTarballs(folder, options)).rejects.toThrow(
      /^@x\/a@1\.2\.3 was not published, after 1 that were: [\s\S]*@x\/a is refused/,
    );
    expect(await publishTarballs(folder, options)).toEqual({
      published: ["@x/a@1.2.3"],
      skipped: ["@x/b@1.2.3"],
    });
    expect(put).toEqual(["@x/b@1.2.3 latest", "@x/a@1.2.3 latest", "@x/a@1.2.3 latest"]);
    packed({ ...MANIFEST, version: "1.2.4" }, FILES, {}, ["c.tgz", folder]);
    packed({ ...MANIFEST, name: "@x/b", description: "Changed." }, FILES, {}, ["b.tgz", folder]);
    await expect(publishTarballs(folder, options)).rejects.toThrow(
      "@x/b@1.2.3 is there already, with another content: make the next version of it",
    );
    expect(put).toHaveLength(3);
  });

  it("ends only when the registry has what it took", async () => {
    const { options } = await keeping({ forgets: 1 });
    const folder = packed(MANIFEST, FILES);
    await expect(publishTarballs(folder, options)).rejects.toThrow(
      "the registry has taken @x/a@1.2.3, and has not got it: run this again",
    );
    expect((await publishTarballs(folder, options)).published).toEqual(["@x/a@1.2.3"]);
  });

  it("gives the newest to those who ask for none, and neither a prerelease nor a patch of an older major", () => {
    const there = ["1.0.0", "1.10.0", "2.0.0", "3.0.0-next.1"];
    expect(
      ["2.0.1", "3.0.0", "1.10.1", "1.9.9", "3.1.0-beta.0", "3.0.0-0", "10.0.0"].map((one) =>
        tagOf(one, there),
      ),
    ).toEqual(["latest", "latest", "latest-1", "latest-1", "beta", "next", "latest"]);
    expect(tagOf("1.0.0", [])).toBe("latest");
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
