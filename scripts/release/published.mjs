// What a registry has already.
import { spawnSync } from "node:child_process";

/** How long a registry may take for an answer. */
const TIMEOUT_MS = 60_000;

/**
 * The registry that npm is set up with.
 * @returns {string}
 */
export function usualRegistry() {
  const { status, stdout, stderr } = spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`npm does not say which registry it has: ${stderr}`);
  return stdout.trim();
}

/**
 * The versions of a package that a registry has, with the sums of their tarballs.
 * @param {string} name
 * @param {string} registry its URL
 * @returns {Promise<ReadonlyMap<string, string | undefined>>} none where it does not know the package
 * @throws {Error} where the answer is anything but a plain yes or no: nobody knows then what is to be published
 */
export async function versionsOf(name, registry) {
  const url = new URL(name.replace("/", "%2f"), registry.endsWith("/") ? registry : `${registry}/`);
  const answer = await ask(url);
  if (answer.status === 404) return new Map();
  if (!answer.ok)
    throw new Error(
      `the registry does not say which versions of ${name} it has: it answers ${answer.status}`,
    );
  const { versions } = await answer.json();
  if (typeof versions !== "object" || versions === null)
    throw new Error(`the registry does not say which versions of ${name} it has`);
  return new Map(Object.entries(versions).map(([version, { dist }]) => [version, dist?.integrity]));
}

/**
 * Whether a registry has a version of a package.
 * @param {string} name
 * @param {string} version
 * @param {string} registry its URL
 * @returns {Promise<boolean>}
 * @throws {Error} as `versionsOf`
 */
export async function isPublished(name, version, registry) {
  return (await versionsOf(name, registry)).has(version);
}

/** A question that only reads is asked again where there was no answer at all, as over a connection that the other side has closed meanwhile. */
async function ask(url, triesLeft = 2) {
  try {
    return await fetch(url, {
      // The short form: without READMEs.
      headers: { accept: "application/vnd.npm.install-v1+json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    if (triesLeft === 0) throw error;
    return ask(url, triesLeft - 1);
  }
}
