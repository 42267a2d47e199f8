import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const PROGRAMS = Object.entries(scripts).filter(([, script]) => script.startsWith("node scripts/run.mjs "));

/** Runs a script as npm would, up to where it would compile. */
function run(name: string, args: readonly string[], kept: Readonly<Record<string, string>> = {}) {
  const [, ...command] = (scripts[name] ?? "").split(" ");
  return spawnSync(process.execPath, [...command, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], npm_lifecycle_event: name, ...kept },
  });
}

describe("npm run", () => {
  it.each(PROGRAMS.map(([name]) => name))(
    "%s -- --help says the flags before anything is compiled",
    (name) => {
      const { status, stdout, stderr } = run(name, ["--help"]);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/--[a-z]/);
    },
  );

  it("tells of flags that npm kept because -- was forgotten", () => {
    // What npm makes of `npm run copy-stream --records 5 --faults`.
    const { status, stderr } = run("copy-stream", ["5"], {
      npm_config_records: "true",
      npm_config_faults: "true",
      npm_config_prefix: "/usr",
    });
    expect(status).toBe(2);
    expect(stderr).toBe(
      "npm kept --records and --faults for itself: put -- in front of the flags, npm run copy-stream -- --records --faults ...\n",
    );
  });
});
