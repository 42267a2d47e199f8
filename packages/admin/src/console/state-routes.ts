import type { ConsoleAccess, ConsoleProcess, ConsoleState } from "@kinesis-connectors/console";
import type { Clock } from "@kinesis-connectors/core";
import { type Context, Hono } from "hono";
import type { AdminEnv } from "../http/answers.js";
import type { FleetSight } from "./fleet-look.js";

/** Where the console of one application has it from. */
export interface ConsoleSource {
  readonly application: string;
  readonly clock: Clock;
  readonly sight: () => Promise<FleetSight>;
  readonly processes: () => Promise<readonly ConsoleProcess[]>;
}

/** All that the console draws of an application, in one answer: it asks every other second. */
export function consoleStateRoutes(source: ConsoleSource): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get("/console", async (context) => {
    // Another console, which looks at the lease table itself.
    const isProcessesOnly = context.req.query("only") === "processes";
    const [{ fleet, trouble }, processes] = await Promise.all([
      isProcessesOnly ? { fleet: null, trouble: null } : source.sight(),
      source.processes(),
    ]);
    const state: ConsoleState = {
      nowMs: source.clock.now(),
      application: source.application,
      access: accessOf(context),
      fleet,
      trouble,
      processes,
    };
    return context.json(state);
  });
  return routes;
}

function accessOf(context: Context<AdminEnv>): ConsoleAccess {
  return context.get("access") ?? "not-offered";
}
