import type { Engine, Json } from "./engine.js";
import { validationError } from "./errors.js";

/** Items of one BatchWriteItem (its API page). */
const MAX_BATCH_WRITES = 25;

/** Whether the entry at this position of a batch stays unprocessed. */
export type LeavesOut = (index: number) => boolean;

interface SplitBatch {
  /** Table to what is processed now. */
  readonly taken: Readonly<Record<string, unknown>>;
  readonly left: Readonly<Record<string, unknown>>;
  readonly takenCount: number;
}

/** BatchWriteItem, of which a fault rule may leave some or all unprocessed. */
export async function batchWrite(engine: Engine, input: Json, leavesOut: LeavesOut): Promise<Json> {
  const tables = Object.entries(
    (input["RequestItems"] ?? {}) as Readonly<Record<string, readonly unknown[]>>,
  );
  const count = tables.reduce((sum, [, writes]) => sum + writes.length, 0);
  if (count > MAX_BATCH_WRITES) {
    throw validationError("Too many items requested for the BatchWriteItem call");
  }
  const { taken, left, takenCount } = split(
    tables.map(([table, writes]) => ({ table, entries: writes, wrap: (entries) => entries })),
    leavesOut,
  );
  const answer =
    takenCount === 0 ? {} : await engine.call("BatchWriteItem", { ...input, RequestItems: taken });
  return { ...answer, UnprocessedItems: left };
}

/** BatchGetItem, of which a fault rule may leave some or all unprocessed. */
export async function batchGet(engine: Engine, input: Json, leavesOut: LeavesOut): Promise<Json> {
  const tables = Object.entries((input["RequestItems"] ?? {}) as Readonly<Record<string, Json>>);
  const { taken, left, takenCount } = split(
    tables.map(([table, request]) => ({
      table,
      entries: (request["Keys"] ?? []) as readonly unknown[],
      wrap: (Keys) => ({ ...request, Keys }),
    })),
    leavesOut,
  );
  if (takenCount === 0 && tables.length > 0) {
    return { Responses: {}, UnprocessedKeys: left };
  }
  const answer = await engine.call("BatchGetItem", { ...input, RequestItems: taken });
  return { ...answer, UnprocessedKeys: { ...(answer["UnprocessedKeys"] as Json), ...left } };
}

interface TableEntries {
  readonly table: string;
  readonly entries: readonly unknown[];
  readonly wrap: (entries: readonly unknown[]) => unknown;
}

function split(tables: readonly TableEntries[], leavesOut: LeavesOut): SplitBatch {
  const taken: Record<string, unknown> = {};
  const left: Record<string, unknown> = {};
  let index = 0;
  let takenCount = 0;
  for (const { table, entries, wrap } of tables) {
    const out: unknown[] = [];
    const now: unknown[] = [];
    for (const entry of entries) {
      (leavesOut(index) ? out : now).push(entry);
      index += 1;
    }
    // A table without entries is passed on as well, so that the engine can refuse it.
    if (now.length > 0 || out.length === 0) taken[table] = wrap(now);
    if (out.length > 0) left[table] = wrap(out);
    takenCount += out.length === 0 ? Math.max(1, now.length) : now.length;
  }
  // An empty batch is for the engine to refuse.
  return { taken, left, takenCount: tables.length === 0 ? 1 : takenCount };
}
