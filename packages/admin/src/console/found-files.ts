import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";

/** Types of what the console is made of; a file of another kind is not served. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

interface ConsoleFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Why the console cannot be shown in a browser, and what mends it; undefined where it can be. For whoever is about to print its address: `startConsole`
 * serves the data all the same.
 */
export async function consoleProblem(): Promise<string | undefined> {
  const { problem } = await findFiles();
  return problem;
}

/** The files of the console, or why there are none. */
export interface FoundFiles {
  readonly files: ReadonlyMap<string, ConsoleFile>;
  /** Why there is no page among them. */
  readonly problem: string | undefined;
}

/** @param load looks for the package; rejects where it is not installed */
export async function findFiles(
  load: () => Promise<{ readonly consoleFolder: string }> = () => import("@kinesis-connectors/console"),
): Promise<FoundFiles> {
  let folder: string;
  try {
    ({ consoleFolder: folder } = await load());
  } catch {
    return {
      files: new Map(),
      problem: "@kinesis-connectors/console is not installed: npm install @kinesis-connectors/console",
    };
  }
  const files = filesIn(folder);
  return {
    files,
    problem: files.has("/index.html")
      ? undefined
      : "@kinesis-connectors/console is installed and not built: node packages/console/build.mjs builds it in a checkout, or install it anew",
  };
}

/** Only what is in the folder is ever served: a path leads to an entry of this map, and never to a file. */
function filesIn(folder: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    files.set(`/${name.split(sep).join("/")}`, { type, bytes });
  }
  return files;
}
