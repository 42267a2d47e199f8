import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidOption } from "@kinesis-connectors/core";

/**
 * Loads the default export of a module that a file names: a path from the file's folder, or a package that is installed beside it.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export async function loadDefault(module: string, file: string): Promise<unknown> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(locate(module, file)).href)) as { readonly default?: unknown };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND")
      throw invalidOption(
        "module names a file or package that is not there, or that imports one that is not",
      );
    const reason = code ?? (error instanceof Error ? error.name : "no error");
    throw invalidOption(`module cannot be loaded (${reason}): run it by itself, node ${module}`);
  }
  if (loaded.default === undefined) throw invalidOption("module must have a default export");
  return loaded.default;
}

/** The same, of what must be a function. */
export async function loadFunction(module: string, file: string): Promise<unknown> {
  const found = await loadDefault(module, file);
  if (typeof found !== "function") throw invalidOption("module must have a function as its default export");
  return found;
}

function locate(module: string, file: string): string {
  const folder = dirname(resolve(file));
  return /^\.{0,2}\//.test(module) ? resolve(folder, module) : createRequire(resolve(file)).resolve(module);
}
