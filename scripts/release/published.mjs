// What a registry has already. Needs nothing but npm.
import { spawnSync } from "node:child_process";

/**
 * Whether a registry has a version of a package.
 * @param {string} id name@version
 * @param {{ readonly registry?: string | undefined, readonly env?: NodeJS.ProcessEnv | undefined }} options as of npm, by default its own settings
 * @throws {Error} where the answer is anything but a plain yes or no: nobody knows then what is to be published
 */
export function isPublished(id, { registry, env = process.env } = {}) {
  const where = registry === undefined ? [] : ["--registry", registry];
  const { status, stdout, stderr } = spawnSync("npm", ["view", id, "version", "--json", ...where], {
    encoding: "utf8",
    env,
  });
  if (status === 0) return stdout.trim() !== "";
  if (/\bE404\b/.test(stdout + stderr)) return false;
  throw new Error(`the registry does not say whether it has ${id}: ${stdout}${stderr}`);
}
