import { PROMETHEUS_CONTENT_TYPE, prometheusText } from "@kinesis-connectors/telemetry";
import { Hono } from "hono";
import { type AdminEnv, notConfigured } from "../http/answers.js";
import type { LoopStamp } from "../watching/loop-stamp.js";
import { failing, joined, type Verdict } from "../watching/verdict.js";
import type { WatchedConnector } from "../watching/watched-connector.js";

/** A loop that stood still for so many failover times has long lost its leases: only a restart mends that. */
const STALLED_FAILOVER_TIMES = 4;

/** What probes and scrapers ask, without a token: no payload and no secret is in it. */
export function probeRoutes(connectors: readonly WatchedConnector[], stamp: LoopStamp): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get("/livez", (context) => {
    const verdict = joined(connectors.map((watched) => [watched.name, livenessOf(watched, stamp)]));
    return context.json(verdict, verdict.status === "failing" ? 503 : 200);
  });
  routes.get("/readyz", (context) => {
    const verdict = joined(connectors.map((watched) => [watched.name, watched.verdict()]));
    const isStrict = context.req.query("strict") !== undefined;
    const isReady = verdict.status === "ok" || (verdict.status === "degraded" && !isStrict);
    return context.json(verdict, isReady ? 200 : 503);
  });
  routes.get("/metrics", (context) => {
    const tallies = connectors.flatMap(({ options }) => options.metrics ?? []);
    if (tallies.length === 0) throw notConfigured(404, "metrics");
    return context.body(prometheusText(tallies), 200, { "Content-Type": PROMETHEUS_CONTENT_TYPE });
  });
  return routes;
}

/**
 * Only what a restart mends: a connector that failed, and an event loop that does not come round. One that stands still altogether does not answer at
 * all. Lag and a destination that is down never restart a process.
 */
function livenessOf(watched: WatchedConnector, stamp: LoopStamp): Verdict {
  const { connector, ending } = watched;
  if (ending.state === "failed") return watched.verdict();
  const limit = STALLED_FAILOVER_TIMES * connector.progress().failoverTimeMs;
  const value = Math.round(stamp.ageMs());
  if (value <= limit) return { status: "ok", reasons: [] };
  const cure = "the process does not get to its timers: find what holds it up, and restart it";
  return failing({ rule: "event-loop-stalled", value, limit, cure });
}
