import { type Batch, type BufferEntry, outputCountOf } from "../../batch.js";
import { type Clock, type Random, sleep } from "../../clock.js";
import type { EmitContext, Emitter, EmitResult, FailedEntry, PlannedRange } from "../../emitter.js";
import { errorFields, saidOf } from "../../logging/error-fields.js";
import { asError, hasCode, KinesisConnectorError } from "../../errors.js";
import type { ShardEvent } from "../../events.js";
import type { Logger } from "../../logger.js";
import { isPromise, type MaybePromise } from "../../maybe-promise.js";
import { backoffMs, type Retry } from "../../retry.js";
import { retryLevel, wasRetryTold } from "../retry-lines.js";

/** The context of an emission, beside the batch and its plan. */
export interface EmissionContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly retry: Retry;
  readonly abortSignal: AbortSignal;
  /** Throws, or rejects, once the shard may belong to somebody else. */
  readonly requireHeld: () => MaybePromise<void>;
  readonly observe: (event: ShardEvent) => void;
}

/** How an emission ended: which entries the destination will never take, and how many tries there were. */
export interface Emission<Output> {
  readonly rejected: readonly FailedEntry<Output>[];
  readonly attempts: number;
}

/**
 * Emits a batch until every entry is written or rejected: only what failed goes again, in stream order, after a back-off with full
 * jitter. Entries that are still refused after `retry.maxAttempts` tries in a row that settled nothing count as rejected. For emitters
 * with a plan it returns at the first rejection, because nothing has been written then and the batch is planned anew without the
 * rejected entries.
 * @throws what stops a shard: `KC_EMIT_REFUSED`, `KC_PLACE_TAKEN`, `KC_EMIT_FAILED`, or the abort's reason
 */
export async function emitUntilSettled<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  batch: Batch<Output>,
  planned: { readonly plan: Plan; readonly inherited: boolean },
  context: EmissionContext,
): Promise<Emission<Output>> {
  const { retry, abortSignal } = context;
  const rejected: FailedEntry<Output>[] = [];
  let remaining = batch;
  let refusals = 0;
  let unknowns = 0;
  for (let attempt = 1; ; attempt += 1) {
    await stillHeld(context);
    const result = await tryEmit(emitter, remaining, { ...planned, attempt, ...emitContext(context) });
    abortSignal.throwIfAborted();
    let delayMs: number;
    let failure: Error;
    if (result instanceof Error) {
      unknowns += 1;
      if (unknowns >= retry.maxRequestAttempts)
        throw usedUp(batch, outputCountOf(remaining), unknowns, result);
      delayMs = backoffMs(unknowns, retry, context.random);
      failure = result;
    } else {
      unknowns = 0;
      const again: FailedEntry<Output>[] = [];
      for (const failed of result.failed) (failed.action === "retry" ? again : rejected).push(failed);
      // Only tries that got nowhere are counted: of what waits behind a throttled entry nothing was refused yet.
      if (again.length > 0) refusals = again.length < remaining.entries.length ? 1 : refusals + 1;
      if (refusals >= retry.maxAttempts) {
        // Those behind an entry were not tried: their turn comes now, unless nobody is before them.
        const behind = again.filter((failed) => failed.isBehind === true);
        const refused = again.splice(0).filter((failed) => failed.isBehind !== true);
        rejected.push(...(refused.length > 0 ? refused : behind));
        if (refused.length > 0) again.push(...behind);
        refusals = 1;
      }
      if (again.length === 0 || (emitter.plan !== undefined && rejected.length > 0)) {
        reportTaken(batch, attempt, context.logger);
        return { rejected, attempts: attempt };
      }
      remaining = withEntries(batch, remaining, new Set(again.map((failed) => failed.entry)));
      delayMs = backoffMs(refusals, retry, context.random);
      failure = (again[0] as FailedEntry<Output>).error;
    }
    report(remaining, outputCountOf(remaining), attempt, delayMs, failure, context);
    await sleep(context.clock, delayMs, abortSignal);
  }
}

/** Asks the destination something until it answers, with the same back-off; throws what stops a shard. */
export async function untilAnswered<Answer>(
  range: PlannedRange,
  context: EmissionContext,
  ask: (attempt: number) => Promise<Answer>,
): Promise<Answer> {
  const { retry, abortSignal } = context;
  for (let attempt = 1; ; attempt += 1) {
    await stillHeld(context);
    try {
      const answer = await ask(attempt);
      reportTaken(range, attempt, context.logger);
      return answer;
    } catch (thrown) {
      abortSignal.throwIfAborted();
      const error = passingFailure(thrown);
      if (attempt >= retry.maxRequestAttempts) throw usedUp(range, range.recordCount, attempt, error);
      const delayMs = backoffMs(attempt, retry, context.random);
      report(range, range.recordCount, attempt, delayMs, error, context);
      await sleep(context.clock, delayMs, abortSignal);
    }
  }
}

/** Before each try: nothing is sent for a shard that may be somebody else's by now. */
async function stillHeld({ abortSignal, requireHeld }: EmissionContext): Promise<void> {
  abortSignal.throwIfAborted();
  const looking = requireHeld();
  if (!isPromise(looking)) return;
  await looking;
  abortSignal.throwIfAborted();
}

/** The same batch with only some of its entries. */
export function withEntries<Output>(
  batch: Batch<Output>,
  from: Batch<Output>,
  kept: ReadonlySet<BufferEntry<Output>>,
): Batch<Output> {
  const entries = from.entries.filter((entry) => kept.has(entry));
  return { ...batch, entries, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
}

/** Returns a failure that may pass by itself; throws one that no waiting mends. */
function passingFailure(thrown: unknown): Error {
  const error = asError(thrown);
  const final =
    hasCode(error, "KC_EMIT_REFUSED") ||
    hasCode(error, "KC_PLACE_TAKEN") ||
    hasCode(error, "KC_EMITTER_BROKEN") ||
    hasCode(error, "KC_REPLAY_DIFFERS") ||
    hasCode(error, "KC_OPTION_INVALID");
  if (final) throw error;
  return error;
}

async function tryEmit<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  batch: Batch<Output>,
  context: EmitContext<Plan>,
): Promise<EmitResult<Output> | Error> {
  try {
    return await emitter.emit(batch, context);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return passingFailure(thrown);
  }
}

function emitContext(context: EmissionContext): Omit<EmitContext<never>, "plan" | "attempt" | "inherited"> {
  const { abortSignal: signal, logger, clock, random } = context;
  return { signal, logger, clock, random };
}

function report(
  range: PlannedRange,
  records: number,
  attempt: number,
  delayMs: number,
  error: Error,
  context: EmissionContext,
): void {
  const { stream, shardId, batchId } = range;
  context.logger[retryLevel(attempt)](
    { stream, shardId, batchId, records, attempt, delayMs, ...errorFields(error) },
    "emit-retry: the destination did not take the batch yet; nothing is lost, and it is tried again",
  );
  context.observe({ type: "emit-retry", stream, shardId, batchId, records, attempt, delayMs, error });
}

/** The end of what `report` told of. */
function reportTaken({ stream, shardId, batchId }: PlannedRange, attempts: number, logger: Logger): void {
  if (wasRetryTold(attempts))
    logger.info({ stream, shardId, batchId, attempts }, "the destination has answered for the batch again");
}

function usedUp(range: PlannedRange, records: number, attempts: number, cause: Error): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_FAILED",
    `${range.shardId}: ${records} records of the batch ${range.batchId} could not be emitted in ${attempts} tries (retry.maxRequestAttempts), the last one with ${saidOf(cause)}; ` +
      "the checkpoint stays before them, so nothing is lost: mend the destination and start again",
    { cause },
  );
}
