import type { Clock } from "@kinesis-connectors/core";
import { Hono } from "hono";
import { type AdminEnv, notConfigured, RequestRefused } from "../http/answers.js";
import { jsonBody, onlyMembers } from "../http/json-body.js";
import { steeringTable } from "./reading.js";
import { steeringRoutes } from "./steering.js";
import type { WatchedConnector } from "../watching/watched-connector.js";

/** What changes something: its shards, by their lease rows, and the process itself. */
export function changingRoutes(watched: WatchedConnector, clock: Clock): Hono<AdminEnv> {
  const routes = steeringRoutes({
    table: () => steeringTable(watched),
    failoverTimeMs: () => watched.connector.progress().failoverTimeMs,
    clock,
  });
  routes.post("/drain", async (context) => {
    onlyMembers(await jsonBody(context));
    // Never rejects; `done` tells how it ended.
    void watched.connector.stop();
    return context.json({ desired: "stopped" }, 202);
  });
  return routes;
}

/** Asks and sets how much a logger writes. */
export function logLevelRoutes(logger: { level: string } | undefined): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  const known = (): { level: string } => {
    if (logger === undefined) throw notConfigured(501, "logger, one that has a level");
    return logger;
  };
  routes.get("/", (context) => context.json({ level: known().level }));
  routes.put("/", async (context) => {
    const body = await jsonBody(context);
    onlyMembers(body, "level");
    const { level } = body;
    const target = known();
    if (typeof level !== "string" || !/^[a-z]{1,20}$/.test(level)) throw noLevel();
    try {
      target.level = level;
    } catch {
      throw noLevel();
    }
    return context.json({ level: target.level });
  });
  return routes;
}

function noLevel(): RequestRefused {
  return new RequestRefused(
    400,
    "body-malformed",
    "level must be a level of the logger, such as debug or info",
  );
}
