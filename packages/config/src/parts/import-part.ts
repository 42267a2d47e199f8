import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ConfigModule, nearestNames } from "@kinesis-connectors/core/config";
import { invalidOption } from "@kinesis-connectors/core";

/** The module of a package, as nobody knows it more precisely. */
export type PartModule = ConfigModule<unknown, unknown>;

/** A package with parts of connectors. */
interface ImportedPart {
  /** Of the package. */
  readonly name: string;
  readonly module: PartModule;
}

/** Imports the package of a `type`, as it is installed beside a file. */
export type ImportPart = (type: string, file: string) => Promise<ImportedPart>;

const SCOPE = "@kinesis-connectors/";
/** Names as npm takes them. Nothing that leads to another folder. */
const PACKAGE_NAME = /^(?:@[a-z0-9-][a-z0-9._-]{0,100}\/)?[a-z0-9-][a-z0-9._-]{0,100}$/;
/** Only to say what was probably meant: any package can be named. */
const OURS = [
  "s3",
  "redshift",
  "dynamodb",
  "kinesis",
  "opensearch",
  "postgres",
  "iceberg",
  "firehose",
  "sqs",
  "parquet",
];

/**
 * Imports `<package>/config`, looked for from the folder of the file, so that only what the user installed is used. A short name is one of ours, or that of
 * any package.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when the package is not installed, or has no such module
 */
export const importPart: ImportPart = async (type, file) => {
  if (!PACKAGE_NAME.test(type)) throw invalidOption("type must be the name of a package");
  const isShort = !type.includes("/");
  const ours = isShort ? `${SCOPE}${type}` : type;
  const found = locate(ours, file) ?? (isShort ? locate(type, file) : undefined);
  if (found === undefined || (found.path === undefined && isShort && found.name === type))
    throw invalidOption(missing(type, ours));
  if (found.path === undefined)
    throw invalidOption(
      `type names the package ${found.name}, which is too old for configuration files, or was not made for them: npm install ${found.name}@latest`,
    );
  let module: PartModule;
  try {
    module = (await import(pathToFileURL(found.path).href)) as PartModule;
  } catch (error) {
    throw invalidOption(`type names the package ${found.name}, which cannot be loaded (${reasonOf(error)})`);
  }
  if (typeof module.create !== "function")
    throw invalidOption(`type names the package ${found.name}, whose module ./config has no function create`);
  return { name: found.name, module };
};

function missing(type: string, ours: string): string {
  const meant = OURS.includes(type) || !type.match(/^[a-z0-9-]+$/) ? [] : nearestNames(type, OURS);
  if (meant.length > 0) return `type names no package that is installed; did you mean ${meant.join(" or ")}?`;
  return `type names the package ${ours}, which is not installed beside this file: npm install ${ours}`;
}

/** Where the module of a package is; without a path where the package is there and the module is not. Undefined where the package is not there. */
function locate(name: string, file: string): { readonly name: string; readonly path?: string } | undefined {
  const folder = folderOf(name, dirname(resolve(file)));
  // Node also looks into NODE_PATH, which package managers fill for commands that they start. Yarn's Plug'n'Play has no folders.
  if (folder === undefined && process.versions["pnp"] === undefined) return undefined;
  try {
    return { name, path: createRequire(resolve(file)).resolve(`${name}/config`) };
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED" && code !== "MODULE_NOT_FOUND") throw error;
    if (folder === undefined) return undefined;
    // Packages for `import` alone are invisible to `require`.
    const path = importedPath(folder);
    return path === undefined ? { name } : { name, path };
  }
}

/** The folder of a package that is installed in `start`, or in a folder above it. */
export function folderOf(name: string, start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

/** What the package gives to `import`ers as `./config`. */
function importedPath(folder: string): string | undefined {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly exports?: Readonly<Record<string, unknown>>;
  };
  let target: unknown = exports?.["./config"];
  while (typeof target === "object" && target !== null) {
    const conditions: readonly [string, unknown][] = Object.entries(target);
    target = conditions.find(([condition]) => ["import", "node", "default"].includes(condition))?.[1];
  }
  return typeof target === "string" && target.startsWith("./") ? join(folder, target) : undefined;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Its message may be anything: the code, or what kind of error it is. */
function reasonOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : "no error");
}
