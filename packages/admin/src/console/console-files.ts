import { readdirSync, readFileSync } from "node:fs";
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
  let files: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;
  const answer = async (path: string): Promise<Response> => {
    files ??= filesOf();
    const file = (await files).get(path);
    if (file === undefined) throw notInstalled();
    return new Response(file.bytes, { headers: { "Content-Type": file.type } });
  };
  routes.get("/", () => answer("/index.html"));
  routes.get("/favicon.svg", () => answer("/favicon.svg"));
  routes.get("/assets/:name", (context) => answer(`/assets/${context.req.param("name")}`));
  return routes;
}

/** Only what is in the folder is ever served: a path leads to an entry of this map, and never to a file. */
async function filesOf(): Promise<ReadonlyMap<string, ConsoleFile>> {
  const files = new Map<string, ConsoleFile>();
  try {
    const { consoleFolder } = await import("@kinesis-connectors/console");
    for (const name of readdirSync(consoleFolder, { recursive: true, encoding: "utf8" })) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const bytes = new Uint8Array(readFileSync(join(consoleFolder, name)));
      files.set(`/${name.split(sep).join("/")}`, { type, bytes });
    }
  } catch {
    // It is not installed, or not built.
  }
  return files;
}

function notInstalled(): RequestRefused {
  return new RequestRefused(
    404,
    "not-found",
    "there is nothing here: /api/v1/status and /readyz are good places to begin. For the console in a browser, install @kinesis-connectors/console",
  );
}
