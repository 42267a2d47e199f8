import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * A package as the user installed it, in the folder or with this command, which brings no destination itself. Undefined where it is in neither.
 * @param name of the package
 */
export async function installed(cwd: string, name: string): Promise<unknown> {
  for (const from of [pathToFileURL(`${cwd}/`).href, import.meta.url]) {
    const path = pathOf(name, from);
    if (path !== undefined) return import(pathToFileURL(path).href);
  }
  return undefined;
}

function pathOf(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
