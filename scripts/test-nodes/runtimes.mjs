// Other Nodes, Bun and Deno, each a program in a package of npm: nothing is downloaded but packages, and none of their scripts runs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installOnce } from "../release-dry/install-once.mjs";

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

/** What npm says of a package or version that is nowhere, or not for this machine; anything else may be there the next time. */
const ABSENT = /\b(?:E404|ETARGET|ENOVERSIONS|EBADPLATFORM)\b/;

/**
 * Installs a runtime, once for each version, and says where its program is.
 * @param {string} cache a folder
 * @param {string} runtime node, bun or deno
 * @param {string} version exact, or a major, of which the newest is taken
 * @returns {{ readonly program: string, readonly version: string } | { readonly missing: string, readonly isAbsent: boolean }} `missing` says in a sentence why there
 *   is none; `isAbsent` whether there is none for this machine at all, rather than that npm could not get it now
 */
export function runtimeOf(cache, runtime, version) {
  const { name, program } = packageOf(runtime);
  const folder = join(cache, `${runtime}-${version}`);
  const installed = installOnce(
    folder,
    { dependencies: { [name]: version } },
    join("node_modules", name, program),
  );
  if (installed.code !== 0)
    return {
      missing: `npm does not install ${name}@${version}: ${firstLine(installed.stderr)}`,
      isAbsent: ABSENT.test(installed.stderr),
    };
  const file = installed.program;
  if (!existsSync(file))
    return { missing: `${name}@${version} has no ${program}, but ${has(folder, name)}`, isAbsent: false };
  const { status, stdout, stderr, error } = spawnSync(file, ["--version"], { encoding: "utf8" });
  if (status !== 0)
    return {
      missing: `${name}@${version} does not run on this machine: ${error?.message ?? firstLine(stderr)}`,
      isAbsent: true,
    };
  return { program: file, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() };
}

const firstLine = (text) => text.trim().split("\n", 1)[0];
const has = (folder, name) => readdirSync(join(folder, "node_modules", name)).join(", ");
