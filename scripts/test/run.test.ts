import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isConsoleBuilt, servesConsole } from "../console-built.mjs";
import { isOfOneCommand } from "../usage.mjs";

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

  it.each(["release", "release:dry", "release:pack", "test:nodes"])(
    "%s -- --help says what it does, and does nothing",
    (name) => {
      const { status, stdout, stderr } = run(name, ["--help"], { PATH: "" });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(new RegExp(`^npm run ${name} `));
    },
  );

  it("test:servers -- --help says what it does, and neither installs nor runs anything", () => {
    // Without a PATH neither apt-get nor a server is found.
    const { status, stdout, stderr } = run("test:servers", ["--help"], { PATH: "" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^npm run test:servers /);
    expect(stdout).toContain("KC_TEST_MYSQL");
  });

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

  it.each([
    ["release", "dry_run"],
    ["release:pack", "new"],
    ["release:dry", "keep"],
    ["test:nodes", "connector"],
    ["site", "check"],
  ])("%s does nothing where npm kept a flag, which would be something else", (name, flag) => {
    const { status, stdout, stderr } = run(name, ["folder"], { [`npm_config_${flag}`]: "true", PATH: "" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`npm kept --${flag.replace("_", "-")} for itself: put -- in front of the flags`);
  });

  it("leaves the help of one command to the program that has it", () => {
    const usage = "npm run kc -- COMMAND ...\n  --help";
    expect(isOfOneCommand(usage, ["pause", "--help"])).toBe(true);
    expect(isOfOneCommand(usage, ["--help"])).toBe(false);
    expect(isOfOneCommand("npm run demo -- [--input FILE]", ["a", "--help"])).toBe(false);
  });

  it("builds the console for programs that serve it, when it is missing or older than its sources", () => {
    for (const words of [["console", "app"], ["--records", "5", "--admin", "0"], ["--console"], ["run", "f"]])
      expect([words, servesConsole(words)]).toEqual([words, true]);
    for (const words of [[], ["status", "app"], ["console", "--help"]])
      expect([words, servesConsole(words)]).toEqual([words, false]);
    const folder = mkdtempSync(join(tmpdir(), "kc-run-"));
    try {
      const [source, built] = [join(folder, "app/src/main.tsx"), join(folder, "dist/app/index.html")];
      for (const file of [source, built]) mkdirSync(dirname(file), { recursive: true });
      writeFileSync(source, "");
      expect(isConsoleBuilt(folder)).toBe(false);
      writeFileSync(built, "");
      utimesSync(built, 2_000_000_000, 2_000_000_000);
      expect(isConsoleBuilt(folder)).toBe(true);
      utimesSync(source, 2_000_000_001, 2_000_000_001);
      expect(isConsoleBuilt(folder)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
