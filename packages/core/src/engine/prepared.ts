import type { Batch } from "../batch.js";
import type { PreparedBatch } from "../checkpointer.js";
import { withEntries } from "./emission.js";
import type { Json } from "../emitter.js";
import type { ClosedRange, RefusedRecord } from "./range.js";
import { comparePositions } from "../record.js";
import { readRoutes, RouteLog, storedRoutes } from "./routes.js";

/** A batch as it goes into the lease row. */
export function preparedBatch(
  range: ClosedRange<unknown>,
  plan: unknown,
  deadLetterPlan: Json | undefined,
  hasRoutes: boolean,
): PreparedBatch {
  const { batch, filtered, refused, routes } = range;
  const { batchId, first, last, recordCount } = batch;
  return {
    v: 1,
    batchId,
    first,
    last,
    recordCount,
    filtered,
    deadLettered: refused.length,
    ...(plan === undefined ? {} : { plan: plan as Json }),
    ...(deadLetterPlan === undefined ? {} : { deadLetterPlan }),
    ...(refused.length > 0 || hasRoutes ? { routes: storedRoutes(routes) } : {}),
  };
}

/** Moves whole records from the entries to the dead letters: each record ends in one place only. */
export function reroute<Output>(
  batch: Batch<Output>,
  refused: readonly RefusedRecord[],
  routes: string,
  rejected: readonly RefusedRecord[],
): { batch: Batch<Output>; refused: readonly RefusedRecord[]; routes: string } {
  const byRecord = new Map(rejected.map((one) => [one.record, one]));
  const kept = new Set(batch.entries.filter((entry) => !byRecord.has(entry.record)));
  const log = new RouteLog();
  let next = 0;
  for (const route of readRoutes(routes)) {
    const record = typeof route === "number" ? batch.entries[next]?.record : undefined;
    log.add(record !== undefined && byRecord.has(record) ? "dead-letter" : route);
    if (typeof route === "number") next += route;
  }
  const all = [...refused, ...byRecord.values()];
  all.sort((one, other) => comparePositions(one.record, other.record));
  return { batch: withEntries(batch, batch, kept), refused: all, routes: log.toString() };
}
