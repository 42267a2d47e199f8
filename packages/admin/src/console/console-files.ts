import { Hono } from "hono";
import { type AdminEnv, NOTHING_HERE, RequestRefused } from "../http/answers.js";
import { findFiles, type FoundFiles } from "./found-files.js";

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
        NOTHING_HERE + (problem === undefined ? "" : `. For the console in a browser: ${problem}`),
      );
    return new Response(file.bytes, { headers: { "Content-Type": file.type } });
  };
  routes.get("/", () => answer("/index.html"));
  routes.get("/favicon.svg", () => answer("/favicon.svg"));
  routes.get("/assets/:name", (context) => answer(`/assets/${context.req.param("name")}`));
  return routes;
}
