import type { Batch } from "../../batch.js";
import type { PreparedBatch } from "../../checkpointer.js";
import { withEntries } from "./emission.js";
import type { Json } from "../../emitter.js";
import type { ClosedRange, RefusedRecord } from "../filling/range.js";
import { comparePositions } from "../../record.js";
import { readOutcomes, OutcomeLog, storedOutcomes } from "../filling/outcomes.js";

/** A batch as it goes into the lease row. */
export function preparedBatch(
  range: ClosedRange<unknown>,
  plan: unknown,
  deadLetterPlan: Json | undefined,
  hasOutcomes: boolean,
): PreparedBatch {
  const { batch, filtered, refused, outcomes } = range;
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
    ...(refused.length > 0 || hasOutcomes ? { routes: storedOutcomes(outcomes) } : {}),
  };
}

/** Moves whole records from the entries to the dead letters: each record ends up once only. */
export function withDeadLetters<Output>(
  batch: Batch<Output>,
  refused: readonly RefusedRecord[],
  outcomes: string,
  rejected: readonly RefusedRecord[],
): { batch: Batch<Output>; refused: readonly RefusedRecord[]; outcomes: string } {
  const byRecord = new Map(rejected.map((one) => [one.record, one]));
  const kept = new Set(batch.entries.filter((entry) => !byRecord.has(entry.record)));
  const log = new OutcomeLog();
  let next = 0;
  for (const outcome of readOutcomes(outcomes)) {
    const record = typeof outcome === "number" ? batch.entries[next]?.record : undefined;
    log.add(record !== undefined && byRecord.has(record) ? "dead-letter" : outcome);
    if (typeof outcome === "number") next += outcome;
  }
  const all = [...refused, ...byRecord.values()];
  all.sort((one, other) => comparePositions(one.record, other.record));
  return { batch: withEntries(batch, batch, kept), refused: all, outcomes: log.toString() };
}
