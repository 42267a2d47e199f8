import { hostname } from "node:os";
import type { Clock } from "@kinesis-connectors/core";
import {
  executeReset,
  type LeaseTable,
  pauseShards,
  planReset,
  type ResetPlan,
  resumeShards,
} from "@kinesis-connectors/leases";
import { type Context, Hono } from "hono";
import { type AdminEnv, RequestRefused } from "../http/answers.js";
import { jsonBody, onlyMembers } from "../http/json-body.js";
import { resetTargetOf } from "./reset-target.js";
import { unknownShard } from "./reading.js";

/** The leases of an application, as its operator steers them. */
export interface Steered {
  /** @throws RequestRefused where there is none */
  readonly table: () => LeaseTable;
  readonly failoverTimeMs: () => number;
  readonly clock: Clock;
  /** Who pauses where a request does not say it. Default: `admin@` and the name of this machine. */
  readonly by?: string | undefined;
  /** Keeps the rows as they are before a reset is carried out; resolves with the file that holds them. */
  readonly keepRows?: (() => Promise<string>) | undefined;
}

/**
 * Pause, resume and reset of all shards, of those that a request names, or of the one in its path. Desired state goes into the lease rows, so that it
 * holds for whoever owns a shard, now and later. Answers say what is wanted from now on (202), not that it has come about.
 */
export function steeringRoutes(steered: Steered): Hono<AdminEnv> {
  const { clock } = steered;
  const routes = new Hono<AdminEnv>();
  const pause = async (context: Context<AdminEnv>, shardId?: string): Promise<Response> => {
    const body = await jsonBody(context);
    onlyMembers(body, "by", ...shardsMember(shardId));
    const table = steered.table();
    const by = byOf(body["by"], steered.by);
    const shards = await pauseShards({ table, clock, by, ...(await chosen(table, shardId, body)) });
    return context.json({ desired: "paused", by, shards }, 202);
  };
  const resume = async (context: Context<AdminEnv>, shardId?: string): Promise<Response> => {
    const body = await jsonBody(context);
    onlyMembers(body, ...shardsMember(shardId));
    const table = steered.table();
    const shards = await resumeShards({ table, clock, ...(await chosen(table, shardId, body)) });
    return context.json({ desired: "reading", shards }, 202);
  };
  const reset = async (context: Context<AdminEnv>, shardId?: string): Promise<Response> => {
    const body = await jsonBody(context);
    onlyMembers(body, "to", "discardPending", "execute", ...shardsMember(shardId));
    const table = steered.table();
    // Finding out that an owner is dead takes longer than the silence that the server bears.
    context.env.incoming.socket.setTimeout(0);
    const plan = await planReset({
      table,
      clock,
      to: resetTargetOf(body["to"]),
      discardPending: flagOf(body, "discardPending"),
      failoverTimeMs: steered.failoverTimeMs(),
      ...(await chosen(table, shardId, body)),
    });
    if (!flagOf(body, "execute")) return context.json({ executed: false, plan: shownPlan(plan) });
    // Nothing will be done, and nothing needs to be kept.
    const backupFile = plan.isRefused ? undefined : await steered.keepRows?.();
    const { isComplete, shards } = await executeReset(plan, { table, clock });
    const failed = shards.find((shard) => shard.state !== "reset");
    if (failed?.state === "failed") throw failed.error;
    if (failed !== undefined)
      throw new RequestRefused(
        409,
        "KC_STEERING_REFUSED",
        `${failed.refusal.reason}: ${failed.refusal.cure}`,
      );
    return context.json({
      executed: isComplete,
      ...(backupFile === undefined ? {} : { backupFile }),
      plan: shownPlan(plan),
    });
  };
  routes.post("/pause", (context) => pause(context));
  routes.post("/resume", (context) => resume(context));
  routes.post("/reset", (context) => reset(context));
  routes.post("/shards/:shardId/pause", (context) => pause(context, context.req.param("shardId")));
  routes.post("/shards/:shardId/resume", (context) => resume(context, context.req.param("shardId")));
  routes.post("/shards/:shardId/reset", (context) => reset(context, context.req.param("shardId")));
  return routes;
}

/** What holds for every reset that goes back: the command `checkpoint reset` says so as well. */
const AGAIN =
  "what is read again is written a second time: S3, Redshift and Kinesis then hold it twice, DynamoDB and OpenSearch once";

/** A plan without the rows that it was made from: a prepared batch is in them. */
function shownPlan({ shards, ...plan }: ResetPlan): object {
  const movesBack = shards.some(({ isThere, skips }) => !isThere && skips !== true);
  return {
    ...plan,
    warnings: movesBack ? [...plan.warnings, AGAIN] : plan.warnings,
    shards: shards.map(({ seen, ...shard }) => ({ ...shard, owner: seen.owner ?? null })),
  };
}

/** Where the path names a shard, the body names none. */
function shardsMember(shardId: string | undefined): readonly string[] {
  return shardId === undefined ? ["shardIds"] : [];
}

/** One shard, which there must be; those of the body; or all. */
async function chosen(
  table: LeaseTable,
  shardId: string | undefined,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly shardIds?: readonly string[] }> {
  if (shardId !== undefined) {
    if ((await table.get(shardId)) === undefined) throw unknownShard();
    return { shardIds: [shardId] };
  }
  const { shardIds } = body;
  if (shardIds === undefined) return {};
  if (Array.isArray(shardIds) && shardIds.length > 0 && shardIds.every(isShardId)) return { shardIds };
  throw new RequestRefused(
    400,
    "body-malformed",
    "shardIds must be an array of ids of shards; leave it out for all",
  );
}

function isShardId(value: unknown): value is string {
  return typeof value === "string" && /^[a-zA-Z0-9_.-]{1,128}$/.test(value);
}

function byOf(by: unknown, otherwise: string = `admin@${hostname()}`): string {
  if (by === undefined) return otherwise;
  // Shown to operators, in one line.
  if (typeof by === "string" && /^[\x20-\x7e]{1,200}$/.test(by)) return by;
  throw new RequestRefused(400, "body-malformed", "by must be a text of 1 to 200 printable characters");
}

function flagOf(body: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = body[name];
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new RequestRefused(400, "body-malformed", `${name} must be true or false`);
}
