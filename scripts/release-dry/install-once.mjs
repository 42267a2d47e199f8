// Programs out of npm's registry that are kept beside the workspace's packages.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../processes.mjs";

/**
 * Installs what a package.json asks for into a folder, once. Made beside it and moved there as a whole: who is killed leaves no half of it that the next one takes
 * for all, and of two at once the first one's stays.
 * @param {string} folder
 * @param {object} manifest of package.json
 * @param {string} file below the folder, which is there when it was installed
 * @returns {{ readonly program: string, readonly code: number, readonly stderr: string }} `program` the file; what npm said where it could not
 */
export function installOnce(folder, manifest, file) {
  const program = join(folder, file);
  if (existsSync(program)) return { program, code: 0, stderr: "" };
  const made = `${folder}.${process.pid}`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, "package.json"), JSON.stringify({ private: true, ...manifest }));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, stderr } = run("npm", ["install", ...options], { cwd: made, mayFail: true });
  if (code === 0 && !existsSync(program)) {
    // What lies there without the file is of one who was killed.
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  } else rmSync(made, { recursive: true, force: true });
  return { program, code, stderr };
}
