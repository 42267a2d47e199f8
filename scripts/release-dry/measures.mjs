// What an installation costs: on the disk, at the start of a program, and in a bundle.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** How often an import is timed: the median of so many is taken. */
const TRIES = 9;

/**
 * The packages and bytes below node_modules.
 * @param {string} folder
 */
export function treeOf(folder) {
  const modules = join(folder, "node_modules");
  let bytes = 0;
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  return { packages: Object.keys(lock.packages).length, bytes };
}

/**
 * CPU time that an import takes above that of a program which imports nothing.
 * @param {string} folder
 * @param {readonly string[]} packages
 */
export function importMsOf(folder, packages) {
  const code = (names) =>
    `${names.map((name) => `await import(${JSON.stringify(name)});`).join(" ")} const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000));`;
  const timed = (names) => {
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code(names)], {
      cwd: folder,
      encoding: "utf8",
    });
    if (stdout === "") throw new Error(stderr);
    return Number(stdout);
  };
  const tries = Array.from({ length: TRIES }, () => timed(packages) - timed([]));
  return tries.toSorted((a, b) => a - b)[Math.floor(TRIES / 2)];
}

/**
 * The connector with all that it needs, bundled and minified as for a container or a function.
 * @param {string} folder
 */
export async function bundleOf(folder) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ["connector.mjs"],
    outdir: "bundle",
    bundle: true,
    minify: true,
    splitting: true,
    metafile: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  const ours = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([path]) => path.includes("@kinesis-connectors/"))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const gzipped = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  return { bytes: outputFiles.reduce((sum, { contents }) => sum + contents.length, 0), ours, gzipped };
}
