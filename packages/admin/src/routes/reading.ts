import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { ShardSnapshot } from "@kinesis-connectors/consumer";
import type { Lease, LeaseTable } from "@kinesis-connectors/leases";
import { Hono } from "hono";
import { type AdminEnv, notConfigured, RequestRefused, SAFE_HEADERS } from "../http/answers.js";
import { MAX_LISTENERS } from "../watching/events.js";
import { redacted } from "../watching/redacted.js";
import type { WatchedConnector } from "../watching/watched-connector.js";

/** What is asked of one connector, and changes nothing. */
export function readingRoutes(watched: WatchedConnector): Hono<AdminEnv> {
  const { options } = watched;
  const routes = new Hono<AdminEnv>();
  routes.get("/status", (context) => {
    const { shards, ...progress } = watched.progress();
    return context.json({
      connector: watched.name,
      ...watched.ending,
      health: watched.verdict(),
      ...progress,
      shards: countsOf(shards),
    });
  });
  routes.get("/shards", (context) => context.json({ shards: watched.progress().shards }));
  routes.get("/shards/:shardId", async (context) => {
    const shardId = context.req.param("shardId");
    const shard = watched.progress().shards.find((one) => one.shardId === shardId);
    const lease = await options.steering?.table.get(shardId);
    if (shard === undefined && lease === undefined) throw unknownShard();
    return context.json({
      shardId,
      shard: shard ?? null,
      lease: lease === undefined ? null : shownLease(lease),
    });
  });
  routes.get("/leases", async (context) => {
    const leases = await steeringTable(watched).list();
    const sorted = leases.toSorted((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
    return context.json({ leases: sorted.map(shownLease) });
  });
  routes.get("/errors", (context) => context.json({ errors: watched.errors.list() }));
  routes.get("/config", (context) => {
    if (options.config === undefined) throw notConfigured(404, "config");
    return context.json({ config: redacted(options.config) });
  });
  routes.get("/events", (context) => {
    const { outgoing } = context.env;
    if (watched.streams.isFull)
      throw new RequestRefused(
        503,
        "too-many-listeners",
        `there are ${MAX_LISTENERS} listeners already: end one of them, or ask for status now and then`,
      );
    if (context.req.method === "HEAD") return context.body(null, 200, STREAM_HEADERS);
    outgoing.writeHead(200, { ...SAFE_HEADERS, ...STREAM_HEADERS });
    watched.streams.open(outgoing);
    return new Response(null, RESPONSE_ALREADY_SENT);
  });
  return routes;
}

const STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  // nginx holds answers back until they end, unless it is told not to.
  "X-Accel-Buffering": "no",
} as const;

/** @throws RequestRefused 501 where the server was started without it */
export function steeringTable({ options }: WatchedConnector): LeaseTable {
  if (options.steering === undefined) throw notConfigured(501, "steering: { table }");
  return options.steering.table;
}

export function unknownShard(): RequestRefused {
  return new RequestRefused(404, "shard-unknown", "there is no shard of this id: /api/v1/shards lists them");
}

/** How many shards are in which state. */
function countsOf(shards: readonly ShardSnapshot[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of shards) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** A row without what an emitter stored in it: names of objects are no payload, but may be made of it. */
function shownLease({ pending, ...lease }: Lease): object {
  return {
    ...lease,
    pending: pending && { checkpoint: pending.checkpoint, bytes: pending.state?.byteLength ?? 0 },
  };
}
