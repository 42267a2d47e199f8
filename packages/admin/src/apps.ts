import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { bearer, knownHost, sameOrigin } from "./access.js";
import { type AdminEnv, failureAnswer, refused, SAFE_HEADERS } from "./answers.js";
import { changingRoutes, logLevelRoutes } from "./changes.js";
import type { LoopStamp } from "./loop-stamp.js";
import type { AdminSettings } from "./options.js";
import { peekRoutes } from "./peek.js";
import type { AccessRules } from "./access-rules.js";
import { consoleFileRoutes } from "./console/console-files.js";
import { sourceOfProcess } from "./console/own-process.js";
import { consoleStateRoutes } from "./console/state-routes.js";
import { probeRoutes } from "./probes.js";
import { readingRoutes } from "./routes.js";
import type { WatchedConnector } from "./watched-connector.js";

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

/** What every server has: headers that keep its answers where they belong, known hosts alone, and errors as JSON. */
export function baseApp(access: AccessRules): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.res.headers.set(name, value);
  });
  app.use(knownHost(access), sameOrigin);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const allow = methods.join(", ");
        return refused(context, 405, "method-not-allowed", `this takes ${allow}`, { Allow: allow });
      },
    }),
  );
  app.notFound((context) =>
    refused(
      context,
      404,
      "not-found",
      "there is nothing here: /api/v1/status and /readyz are good places to begin",
    ),
  );
  app.onError(failureAnswer);
  return app;
}

function routesOf(watched: WatchedConnector, { allowPayload, clock }: AdminSettings): Hono<AdminEnv> {
  const routes = readingRoutes(watched);
  routes.route("/", consoleStateRoutes(sourceOfProcess(watched, clock)));
  routes.route("/", changingRoutes(watched, clock));
  if (allowPayload) routes.route("/", peekRoutes(watched, clock));
  return routes;
}
