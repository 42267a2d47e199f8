import Module, { createRequire } from "node:module";
import { join, sep } from "node:path";

/** The part of Node's loader that finds what is required: `createRequire(...)(name)` asks it, and it knows nothing of a bundler's plugins. */
interface Loader {
  _resolveFilename: (
    name: string,
    parent: { readonly filename?: string } | undefined,
    ...more: unknown[]
  ) => string;
}

/**
 * What packages require of AWS's SDK when they first need it (`sdkPart`) comes from a folder too: otherwise requests of the installed SDK would be held
 * against those of the newest.
 */
function requireFrom(folder: string): void {
  const loader = Module as unknown as Loader;
  const installed = loader._resolveFilename;
  // Files that share a process share its loader.
  if (installed.name === "inAnotherSdk") return;
  const { resolve } = createRequire(join(folder, "package.json"));
  const own = join(folder, sep);
  loader._resolveFilename = function inAnotherSdk(name, parent, ...more) {
    const isOurs = parent?.filename?.startsWith(own) !== true;
    return isOurs && /^@(?:aws-sdk|smithy)\//.test(name)
      ? resolve(name)
      : installed.call(loader, name, parent, ...more);
  };
}

const { KC_TEST_SDK } = process.env;
if (KC_TEST_SDK !== undefined) requireFrom(KC_TEST_SDK);
