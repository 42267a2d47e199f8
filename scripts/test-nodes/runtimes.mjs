// Other Nodes, Bun and Deno, each a program in a package of npm: nothing is downloaded but packages, and none of their scripts runs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../check-project/processes.mjs";

/** Whether this system's C library is glibc: Node says its version only then. */
const isGlibc = () => process.report.getReport().header.glibcVersionRuntime !== undefined;

/**
 * The package with a program for this machine.
 * @param {string} runtime node, bun or deno
 */
function packageOf(runtime) {
  const machine = `${process.platform}-${process.arch}`;
  if (runtime === "node") return { name: `node-${machine}`, program: "bin/node" };
  if (runtime === "bun") {
    const system = machine.replace("arm64", "aarch64");
    const libc = process.platform === "linux" && !isGlibc() ? "-musl" : "";
    return { name: `@oven/bun-${system}${libc}`, program: "bin/bun" };
  }
  return { name: `@deno/${machine}${process.platform === "linux" ? "-glibc" : ""}`, program: "deno" };
}

/**
 * Installs a runtime, once for each version, and says where its program is.
 * @param {string} cache a folder
 * @param {string} runtime node, bun or deno
 * @param {string} version exact, or a major, of which the newest is taken
 * @returns {{ readonly program: string, readonly version: string } | { readonly missing: string }} `missing` says in a sentence why there is none
 */
export function runtimeOf(cache, runtime, version) {
  const { name, program } = packageOf(runtime);
  const folder = join(cache, `${runtime}-${version}`);
  const file = join(folder, "node_modules", name, program);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{"private":true}\n');
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
    const { code, stderr } = run("npm", ["install", ...options, `${name}@${version}`], {
      cwd: folder,
      mayFail: true,
    });
    if (code !== 0)
      return { missing: `npm has no ${name}@${version} for this machine: ${firstLine(stderr)}` };
    if (!existsSync(file))
      return { missing: `${name}@${version} has no ${program}, but ${has(folder, name)}` };
  }
  const { status, stdout, stderr, error } = spawnSync(file, ["--version"], { encoding: "utf8" });
  if (status !== 0)
    return {
      missing: `${name}@${version} does not run on this machine: ${error?.message ?? firstLine(stderr)}`,
    };
  return { program: file, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() };
}

const firstLine = (text) => text.trim().split("\n", 1)[0];
const has = (folder, name) => readdirSync(join(folder, "node_modules", name)).join(", ");
