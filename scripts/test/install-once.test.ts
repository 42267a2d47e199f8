import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installOnce } from "../release-dry/install-once.mjs";
import { runtimeOf } from "../test-nodes/runtimes.mjs";

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kc-installing-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(work, { recursive: true, force: true });
});

describe("programs that are installed once", () => {
  it("are installed as a whole, whatever somebody left who was killed", () => {
    const tool = join(work, "tool");
    mkdirSync(tool);
    writeFileSync(join(tool, "package.json"), '{ "name": "tool", "version": "1.0.0" }');
    writeFileSync(join(tool, "run.js"), "// the first");
    const cache = join(work, "cache");
    mkdirSync(join(cache, "tool-1/node_modules/half"), { recursive: true });
    const install = () =>
      installOnce(
        join(cache, "tool-1"),
        { dependencies: { tool: `file:${tool}` } },
        "node_modules/tool/run.js",
      );
    const { program, code } = install();
    expect([code, existsSync(program), readdirSync(cache)]).toEqual([0, true, ["tool-1"]]);
    expect(existsSync(join(cache, "tool-1/node_modules/half"))).toBe(false);
    rmSync(join(tool, "package.json"));
    expect(install().code).toBe(0);
    expect(readFileSync(program, "utf8")).toBe("// the first");
  });

  it("leave nothing where npm cannot get them, which is not the same as that there are none", () => {
    vi.stubEnv("npm_config_registry", "http://127.0.0.1:9/");
    vi.stubEnv("npm_config_fetch_retries", "0");
    expect(runtimeOf(work, "node", "22")).toMatchObject({ isAbsent: false });
    expect(readdirSync(work)).toEqual([]);
  });
});
