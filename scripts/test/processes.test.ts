import { spawn } from "node:child_process";
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
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installOnce } from "../release-dry/install-once.mjs";
import { runtimeOf } from "../test-nodes/runtimes.mjs";

const PROCESSES = fileURLToPath(new URL("../processes.mjs", import.meta.url));

/** A command that has started a server and made a folder; the server says when it is there. */
const COMMAND = `
import { atEnd, start } from ${JSON.stringify(PROCESSES)};
atEnd(() => process.env.FOLDER);
const server = start(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], { cwd: process.env.FOLDER });
await server.until(() => server.stdout() !== "", "no server");
console.log(server.child.pid);
`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kc-installing-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(work, { recursive: true, force: true });
});

describe("a command that starts servers", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "leaves neither them nor its folder when %s ends it",
    async (signal) => {
      const folder = join(work, "made");
      mkdirSync(folder);
      const command = spawn(process.execPath, ["--input-type=module", "-e", COMMAND], {
        env: { ...process.env, FOLDER: folder },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const server = await new Promise<number>((resolve) => {
        command.stdout.once("data", (chunk) => resolve(Number(String(chunk))));
      });
      expect([isAlive(server), existsSync(folder)]).toEqual([true, true]);
      command.kill(signal);
      const code = await new Promise<number | null>((resolve) => {
        command.once("close", resolve);
      });
      expect(code).toBeGreaterThan(128);
      await expect.poll(() => isAlive(server)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    },
  );
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
