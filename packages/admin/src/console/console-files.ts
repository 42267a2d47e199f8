import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { Hono } from "hono";
import { type AdminEnv, RequestRefused } from "../answers.js";

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
 * The files of `@kinesis-connectors/console`, where it is installed: looked for when somebody asks first. They are for everybody who may ask this
 * server anything, and hold nothing; what they show is behind the token.
 */
export function consoleFileRoutes(): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  let found: Promise<FoundFiles> | undefined;
  const answer = async (path: string): Promise<Response> => {
    const { files, problem } = await (found ??= findFiles());
    // They may be installed, or built, while this process runs.
    if (problem !== undefined) found = undefined;
    const file = files.get(path);
    if (file === undefined)
      throw new RequestRefused(
        404,
        "not-found",
        "there is nothing here: /api/v1/status and /readyz are good places to begin" +
          (problem === undefined ? "" : `. For the console in a browser: ${problem}`),
      );
    return new Response(file.bytes, { headers: { "Content-Type": file.type } });
  };
  routes.get("/", () => answer("/index.html"));
  routes.get("/favicon.svg", () => answer("/favicon.svg"));
  routes.get("/assets/:name", (context) => answer(`/assets/${context.req.param("name")}`));
  return routes;
}

/**
 * Why the console cannot be shown in a browser, and what mends it; undefined where it can be. For whoever is about to print its address: `startConsole`
 * serves the data all the same.
 */
export async function consoleProblem(): Promise<string | undefined> {
  const { problem } = await findFiles();
  return problem;
}

interface FoundFiles {
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
