import type { BufferEntry } from "../batch.js";
import type { PreparedBatch } from "../checkpointer.js";
import { asError, hasCode, KinesisConnectorError } from "../errors.js";
import { isLookupFailure, isLookupRefusal, transformPatiently } from "./scan/lookups.js";
import type { RunningPipeline } from "../pipeline.js";
import { type ClosedRange, OpenRange } from "./filling/range.js";
import { comparePositions, type KinesisRecord, type ShardReader } from "../record.js";
import { readOutcomes, type RecordOutcome } from "./filling/outcomes.js";
import type { ShardContext } from "./shard-context.js";
import { startTransform } from "./scan/transform.js";
import { TransformsInFlight } from "./scan/transforms-in-flight.js";

/**
 * Builds an inherited batch again: reads from exactly its recorded start to exactly its recorded end, and gives each record the way
 * that was recorded for it. Thresholds play no part; the boundary is stored, never recomputed.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when a recorded way cannot be repeated
 */
export async function replayRange<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  context: ShardContext,
  pending: PreparedBatch,
): Promise<ClosedRange<Output>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await replayOnce(pipeline, context, pending);
    } catch (thrown) {
      // Retention came in between: what was read first is gone as well by now, so a new reading begins with the gap.
      if (!(thrown instanceof GapWithin) || attempt === MAX_REPLAYS) throw thrown;
    }
  }
}

/** Each reading that retention catches up with takes longer than the records had left: more than a few are no accident. */
const MAX_REPLAYS = 5;

/** A gap opened behind records that had been given their recorded ways already: from there on the ways cannot be told. */
class GapWithin extends KinesisConnectorError {
  constructor(shardId: string) {
    super(
      "KC_REPLAY_DIFFERS",
      `${shardId}: retention took records out of the middle of a prepared batch while it was read again; raise the retention of the stream`,
    );
  }
}

async function replayOnce<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  context: ShardContext,
  pending: PreparedBatch,
): Promise<ClosedRange<Output>> {
  const range = new OpenRange(context);
  const entries: BufferEntry<Output>[] = [];
  let gap = false;
  const reader = context.source.open({ type: "at", position: pending.first });
  const records = recordsUpTo(reader, pending, context, () => {
    gap = true;
    range.markGap();
  });
  const inFlight = new TransformsInFlight(pipeline.transformTimeoutMs, context.clock, context.abortSignal);
  const started: Started<Output>[] = [];
  const finishFirst = async (): Promise<void> => {
    const first = started.shift();
    if (first !== undefined) await finish(pipeline, context, first, range, entries);
  };
  try {
    const recorded =
      pending.routes === undefined
        ? withoutOutcomes(records)
        : withOutcomes(records, pending, context.shardId, () => gap);
    for await (const [record, outcome] of recorded) {
      started.push(start(pipeline, { context, inFlight }, record, outcome));
      if (started.length >= pipeline.transformConcurrency) await finishFirst();
    }
    while (started.length > 0) await finishFirst();
  } finally {
    inFlight.cancel();
    await reader.close();
  }
  if (!gap && range.recordCount !== pending.recordCount)
    throw countDiffers(context.shardId, pending, range.recordCount);
  range.moveEnd(pending.last, context.clock.monotonicNow());
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const closed = range.close({ entries, bytes }, "replay");
  if (closed === undefined)
    throw new KinesisConnectorError(
      "KC_REPLAY_DIFFERS",
      `${context.shardId}: the prepared batch has no range`,
    );
  // Boundaries and identity are the recorded ones, also when records at either end are gone.
  const { batchId, first, last } = pending;
  return { ...closed, batch: { ...closed.batch, batchId, first, last } };
}

async function* withoutOutcomes(
  records: AsyncGenerator<KinesisRecord, void>,
): AsyncGenerator<readonly [KinesisRecord, undefined], void> {
  for await (const record of records) yield [record, undefined];
}

/**
 * Pairs each record with the way recorded for it. Retention takes records from the start of a range, so after a gap the ways are
 * counted from its end, which is known only when all that is left has been read.
 */
async function* withOutcomes(
  records: AsyncGenerator<KinesisRecord, void>,
  pending: PreparedBatch,
  shardId: string,
  isGap: () => boolean,
): AsyncGenerator<readonly [KinesisRecord, RecordOutcome], void> {
  const outcomes = readOutcomes(pending.routes ?? "");
  const left: KinesisRecord[] = [];
  let paired = 0;
  const pair = (record: KinesisRecord): readonly [KinesisRecord, RecordOutcome] => {
    const outcome = outcomes.next();
    if (outcome.done === true) throw differs(record, "no outcome was recorded for it");
    return [record, outcome.value];
  };
  for await (const record of records) {
    if (isGap()) {
      left.push(record);
    } else {
      paired += 1;
      yield pair(record);
    }
  }
  if (isGap() && paired > 0) throw new GapWithin(shardId);
  for (let gone = pending.recordCount - left.length; gone > 0 && left.length > 0; gone -= 1) outcomes.next();
  for (const record of left) yield pair(record);
}

async function* recordsUpTo(
  reader: ShardReader,
  pending: PreparedBatch,
  context: ShardContext,
  onGap: () => void,
): AsyncGenerator<KinesisRecord, void> {
  const { last } = pending;
  for (;;) {
    const page = await reader.next(context.abortSignal);
    context.abortSignal.throwIfAborted();
    // Only the reader knows whether the recorded start is still there: a range may begin with records it dropped itself.
    if (page.gap !== undefined) onGap();
    for (const record of page.records) {
      if (comparePositions(record, last) > 0) return;
      yield record;
    }
    const end = page.scannedEnd ?? page.records.at(-1);
    if (end !== undefined && comparePositions(end, last) >= 0) return;
    if (page.shardEnd !== undefined || page.end === true) return;
    if (page.records.length === 0 && page.millisBehindLatest === 0) {
      // The tip was reached without the recorded end: it has been trimmed, and waiting for it would be for ever.
      onGap();
      return;
    }
  }
}

/** What the records of a replay have in common. */
interface Around {
  readonly context: ShardContext;
  readonly inFlight: TransformsInFlight;
}

/** A record on its way, its functions called. */
interface Started<Output> {
  readonly record: KinesisRecord;
  readonly outcome: RecordOutcome | undefined;
  /** Undefined for a record that was dropped. */
  readonly outputs: Promise<Output[]> | undefined;
}

function start<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  around: Around,
  record: KinesisRecord,
  outcome: RecordOutcome | undefined,
): Started<Output> {
  if (outcome === "dropped") return { record, outcome, outputs: undefined };
  const outputs = outputsOf(pipeline, around, record, outcome);
  // Seen to when its turn comes, if it comes.
  outputs.catch(() => undefined);
  return { record, outcome, outputs };
}

async function finish<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  context: ShardContext,
  { record, outcome, outputs: waiting }: Started<Output>,
  range: OpenRange,
  entries: BufferEntry<Output>[],
): Promise<void> {
  const nowMs = context.clock.monotonicNow();
  if (waiting === undefined) {
    range.accept(record, 0, nowMs);
    return;
  }
  let outputs: Output[] = [];
  let failure: Error | undefined;
  try {
    outputs = await waiting;
  } catch (thrown) {
    context.abortSignal.throwIfAborted();
    failure = asError(thrown);
    if (hasCode(failure, "KC_REPLAY_DIFFERS") || isLookupFailure(failure) || isLookupRefusal(failure))
      throw failure;
  }
  if (outcome === "dead-letter") {
    failure ??= new KinesisConnectorError("KC_RECORD_POISON", "set aside by an earlier owner of the shard");
  } else if (failure !== undefined) {
    // It may stand in what the earlier owner wrote already: as a dead letter it could land twice.
    throw differs(record, "it can no longer be transformed", failure);
  }
  if (failure !== undefined) {
    range.refuse({ record, error: failure, attempts: 1 }, nowMs);
    return;
  }
  range.accept(record, outputs.length, nowMs);
  for (const output of outputs) {
    entries.push({ output, record, bytes: pipeline.emitter.sizeOf?.(output, record) ?? record.data.length });
  }
}

async function outputsOf<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  around: Around,
  record: KinesisRecord,
  outcome: RecordOutcome | undefined,
): Promise<Output[]> {
  for (const selection of ["filtered", "all"] as const) {
    const outputs = await outputsOnce(pipeline, around, record, selection);
    if (typeof outcome !== "number" || outputs.length === outcome) return outputs;
  }
  throw differs(record, `it no longer gives the ${String(outcome)} outputs that were recorded`);
}

/** Waits through an outage of what the transformer asks: the batch of an earlier owner comes before anything else. */
async function outputsOnce<Model, Output, Plan, DeadLetterPlan>(
  pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>,
  { context, inFlight }: Around,
  record: KinesisRecord,
  selection: "filtered" | "all",
): Promise<Output[]> {
  const again = (into: Output[]): Promise<void> | undefined =>
    startTransform(pipeline, record, into, selection);
  const outputs: Output[] = [];
  const waiting = again(outputs);
  if (waiting === undefined) return outputs;
  const found = await transformPatiently(pipeline, context, record, { waiting, outputs, inFlight }, again);
  if (found !== undefined) return found;
  throw new KinesisConnectorError(
    "KC_LOOKUP_FAILED",
    `${context.shardId}: stopped while what the transformer asks did not answer; the next owner finishes the batch of an earlier one`,
  );
}

function countDiffers(shardId: string, pending: PreparedBatch, found: number): KinesisConnectorError {
  const { first, recordCount } = pending;
  return new KinesisConnectorError(
    "KC_REPLAY_DIFFERS",
    `${shardId}: the batch that begins at ${first.sequenceNumber}.${first.subSequenceNumber} was prepared with ${recordCount} records, but ` +
      `${found} were read back: check that the stream is still the same one`,
  );
}

function differs(record: KinesisRecord, what: string, cause?: Error): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_REPLAY_DIFFERS",
    `the record ${record.sequenceNumber}.${record.subSequenceNumber} belongs to a batch prepared by an earlier owner, but ${what}: ` +
      "run the pipeline that prepared it once more",
    cause === undefined ? undefined : { cause },
  );
}
