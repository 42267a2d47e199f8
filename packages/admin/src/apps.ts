import { Hono } from "hono";
import { bearer } from "./http/access.js";
import type { AdminEnv } from "./http/answers.js";
import { baseApp } from "./http/base-app.js";
import { changingRoutes, logLevelRoutes } from "./routes/changing.js";
import type { LoopStamp } from "./watching/loop-stamp.js";
import type { AdminSettings } from "./options.js";
import { peekRoutes } from "./routes/peek.js";
import { consoleFileRoutes } from "./console/console-files.js";
import { sourceOfProcess } from "./console/own-process.js";
import { consoleStateRoutes } from "./console/state-routes.js";
import { probeRoutes } from "./routes/probes.js";
import { readingRoutes } from "./routes/reading.js";
import type { WatchedConnector } from "./watching/watched-connector.js";

/** Probes and metrics, and the API behind its token. */
export function apiApp(
  connectors: readonly WatchedConnector[],
  stamp: LoopStamp,
  settings: AdminSettings,
): Hono<AdminEnv> {
  const app = probesApp(connectors, stamp, settings);
  app.route("/", consoleFileRoutes());
  app.use("/api/*", bearer(settings.access));
  app.get("/api/v1/connectors", (context) =>
    context.json({
      connectors: connectors.map((watched) => ({
        name: watched.name,
        ...watched.ending,
        status: watched.verdict().status,
        path: `/api/v1/connectors/${watched.name}`,
      })),
    }),
  );
  app.route("/api/v1/log-level", logLevelRoutes(settings.logger));
  for (const watched of connectors) {
    const routes = routesOf(watched, settings);
    app.route(`/api/v1/connectors/${watched.name}`, routes);
    if (connectors.length === 1) app.route("/api/v1", routes);
  }
  return app;
}

/** Probes and metrics alone. */
export function probesApp(
  connectors: readonly WatchedConnector[],
  stamp: LoopStamp,
  { access }: AdminSettings,
): Hono<AdminEnv> {
  const app = baseApp(access);
  app.route("/", probeRoutes(connectors, stamp));
  return app;
}

function routesOf(watched: WatchedConnector, { allowPayload, clock }: AdminSettings): Hono<AdminEnv> {
  const routes = readingRoutes(watched);
  routes.route("/", consoleStateRoutes(sourceOfProcess(watched, clock)));
  routes.route("/", changingRoutes(watched, clock));
  if (allowPayload) routes.route("/", peekRoutes(watched, clock));
  return routes;
}
