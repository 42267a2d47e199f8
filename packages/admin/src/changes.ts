import { hostname } from "node:os";
import type { Clock } from "@kinesis-connectors/core";
import {
  executeReset,
  pauseShards,
  planReset,
  type ResetPlan,
  resumeShards,
} from "@kinesis-connectors/leases";
import { type Context, Hono } from "hono";
import { type AdminEnv, notConfigured, RequestRefused } from "./answers.js";
import { jsonBody, onlyMembers } from "./json-body.js";
import { resetTargetOf } from "./reset-target.js";
import { steeringTable, unknownShard } from "./routes.js";
import type { WatchedConnector } from "./watched-connector.js";

/**
 * What changes something: desired state goes into the lease rows, so that it holds for whoever owns a shard, now and later. Answers say what is wanted
 * from now on (202), not that it has come about.
 */
export function changingRoutes(watched: WatchedConnector, clock: Clock): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  const pause = async (context: Context<AdminEnv>, shardId?: string): Promise<Response> => {
    const body = await jsonBody(context);
    onlyMembers(body, "by");
    const table = steeringTable(watched);
    const by = byOf(body["by"]);
    const shards = await pauseShards({ table, clock, by, ...(await chosen(watched, shardId)) });
    return context.json({ desired: "paused", by, shards }, 202);
  };
  const resume = async (context: Context<AdminEnv>, shardId?: string): Promise<Response> => {
    onlyMembers(await jsonBody(context));
    const table = steeringTable(watched);
    const shards = await resumeShards({ table, clock, ...(await chosen(watched, shardId)) });
    return context.json({ desired: "reading", shards }, 202);
  };
  routes.post("/pause", (context) => pause(context));
  routes.post("/resume", (context) => resume(context));
  routes.post("/shards/:shardId/pause", (context) => pause(context, context.req.param("shardId")));
  routes.post("/shards/:shardId/resume", (context) => resume(context, context.req.param("shardId")));
  routes.post("/shards/:shardId/reset", async (context) => {
    const body = await jsonBody(context);
    onlyMembers(body, "to", "discardPending", "execute");
    const table = steeringTable(watched);
    // Finding out that an owner is dead takes longer than the silence that the server bears.
    context.env.incoming.socket.setTimeout(0);
    const plan = await planReset({
      table,
      clock,
      to: resetTargetOf(body["to"]),
      discardPending: flagOf(body, "discardPending"),
      failoverTimeMs: watched.connector.progress().failoverTimeMs,
      ...(await chosen(watched, context.req.param("shardId"))),
    });
    if (!flagOf(body, "execute")) return context.json({ executed: false, plan: shownPlan(plan) });
    const { isComplete, shards } = await executeReset(plan, { table, clock });
    const failed = shards.find((shard) => shard.state !== "reset");
    if (failed?.state === "failed") throw failed.error;
    if (failed !== undefined)
      throw new RequestRefused(
        409,
        "KC_STEERING_REFUSED",
        `${failed.refusal.reason}: ${failed.refusal.cure}`,
      );
    return context.json({ executed: isComplete, plan: shownPlan(plan) });
  });
  routes.post("/drain", async (context) => {
    onlyMembers(await jsonBody(context));
    // Never rejects; `done` tells how it ended.
    void watched.connector.stop();
    return context.json({ desired: "stopped" }, 202);
  });
  return routes;
}

/** A plan without the rows that it was made from: a prepared batch is in them. */
function shownPlan({ shards, ...plan }: ResetPlan): object {
  return {
    ...plan,
    shards: shards.map(({ seen, ...shard }) => ({ ...shard, owner: seen.owner ?? null })),
  };
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

/** One shard, which there must be, or all. */
async function chosen(
  watched: WatchedConnector,
  shardId: string | undefined,
): Promise<{ readonly shardIds?: readonly string[] }> {
  if (shardId === undefined) return {};
  if ((await steeringTable(watched).get(shardId)) === undefined) throw unknownShard();
  return { shardIds: [shardId] };
}

function byOf(by: unknown): string {
  if (by === undefined) return `admin@${hostname()}`;
  // Shown to operators, in one line.
  if (typeof by === "string" && /^[\x20-\x7e]{1,200}$/.test(by)) return by;
  throw new RequestRefused(400, "body-malformed", "by must be a text of 1 to 200 printable characters");
}

function flagOf(body: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = body[name];
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new RequestRefused(400, "body-malformed", `${name} must be true or false`);
}

function noLevel(): RequestRefused {
  return new RequestRefused(
    400,
    "body-malformed",
    "level must be a level of the logger, such as debug or info",
  );
}
