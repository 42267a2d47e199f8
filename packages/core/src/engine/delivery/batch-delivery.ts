import { type Batch, outputCountOf } from "../../batch.js";
import type { PreparedBatch } from "../../checkpointer.js";
import { DeliveryEvents, NOTHING_SENT, type SentForRange } from "./delivery-events.js";
import { codeOf, type DeadLetter, toDeadLetter } from "../../dead-letters.js";
import { type EmissionContext, emitUntilSettled, untilAnswered } from "./emission.js";
import type { BatchStep, EmitContext, Emitter, Json, PlannedRange } from "../../emitter.js";
import { saidOf } from "../../logging/error-fields.js";
import { asError, KinesisConnectorError } from "../../errors.js";
import { batchesOf } from "../../handlers/handed-batches.js";
import type { RunningPipeline } from "../../pipeline.js";
import { logDeadLetters, poisonError } from "../poison.js";
import { preparedBatch, withDeadLetters } from "./prepared.js";
import type { ClosedRange, RefusedRecord } from "../filling/range.js";
import type { ShardContext } from "../shard-context.js";

/** A plan whose JSON is longer than this is stored elsewhere, by emitters that can: a lease row holds 400 KB with everything else. */
const MAX_PLAN_BYTES = 32 * 1024;

/**
 * Takes a closed range to its destination: plan, prepare, emit, commit. The order is the whole point: the boundary and the objects are
 * stored before the first byte is written, and the checkpoint moves only after everything is settled.
 */
export class BatchDelivery<Model, Output, Plan, DeadLetterPlan> {
  readonly #pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly #context: ShardContext;
  readonly #events: DeliveryEvents;

  constructor(pipeline: RunningPipeline<Model, Output, Plan, DeadLetterPlan>, context: ShardContext) {
    this.#pipeline = pipeline;
    this.#context = context;
    this.#events = new DeliveryEvents(context);
  }

  /** Delivers a range, its own or one that an earlier owner prepared. */
  async deliver(range: ClosedRange<Output>, inherited?: PreparedBatch): Promise<void> {
    try {
      await this.#deliver(range, inherited);
    } catch (thrown) {
      batchesOf(this.#pipeline.emitter)?.abandon(range.batch.batchId, asError(thrown));
      throw thrown;
    }
  }

  async #deliver(range: ClosedRange<Output>, inherited?: PreparedBatch): Promise<void> {
    const { emitter } = this.#pipeline;
    const startedMs = this.#context.clock.monotonicNow();
    let { batch, outcomes } = range;
    let outputs = outputCountOf(batch);
    let bytes = outputs === 0 ? 0 : batch.bytes;
    let refused = range.refused;
    let attempts = 0;
    let plan = inherited === undefined ? this.#plan(batch) : (inherited.plan as Plan);
    let deadLetterPlan = inherited?.deadLetterPlan;
    let stored = inherited !== undefined;
    let current = stored;
    this.#context.abortSignal.throwIfAborted();
    this.#events.started(batch, refused.length, inherited !== undefined);

    for (;;) {
      if (refused.length > 0 && deadLetterPlan === undefined)
        deadLetterPlan = this.#planDeadLetters(batch, refused);
      if (!current && (stored || plan !== undefined || deadLetterPlan !== undefined)) {
        const hasOutcomes = inherited?.routes !== undefined || this.#hasSeveralObjects(plan);
        const short = await this.#spilled(batch, plan, inherited !== undefined);
        const prepared = preparedBatch(
          { ...range, batch, refused, outcomes },
          short,
          deadLetterPlan,
          hasOutcomes,
        );
        await this.#around("prepare", batch, () => this.#context.checkpointer.prepare(prepared));
        stored = true;
        current = true;
      }
      if (outputCountOf(batch) === 0) break;
      if (plan === undefined && emitter.plan !== undefined) throw this.#unplanned();
      const emission = await emitUntilSettled(
        emitter,
        batch,
        { plan, inherited: inherited !== undefined },
        this.#emission(),
      );
      attempts += emission.attempts;
      if (emission.rejected.length === 0) break;
      // Rejected records become dead letters of this same batch; the plan is made again without them before anything more is written.
      const rejected = emission.rejected.map(({ entry, error }) => ({
        record: entry.record,
        error,
        attempts: emission.attempts,
      }));
      this.#requireDeadLetters(rejected);
      const before = batch;
      ({ batch, refused, outcomes } = withDeadLetters(batch, refused, outcomes, rejected));
      deadLetterPlan = undefined;
      current = false;
      if (emitter.plan === undefined) {
        outputs -= emission.rejected.length;
        bytes -= emission.rejected.reduce((sum, { entry }) => sum + entry.bytes, 0);
        batch = { ...batch, entries: [], bytes: 0 };
      } else if (inherited === undefined) {
        plan = this.#plan(batch);
      } else {
        plan = emitter.planWithout?.(plan, before, new Set(batch.entries)) ?? plan;
      }
      // Of a planned batch nothing was written yet.
      if (emitter.plan !== undefined) {
        outputs = outputCountOf(batch);
        bytes = batch.bytes;
      }
    }

    if (refused.length > 0)
      await this.#emitDeadLetters(batch, refused, deadLetterPlan, inherited !== undefined);
    this.#events.emitted(range.batch, startedMs, { outputs, attempts, inherited: inherited !== undefined });
    const { filtered, oldestArrivalMs } = range;
    const dealtWith = { ...range.batch, filtered, deadLettered: refused.length };
    await this.commit(dealtWith, { inherited: inherited !== undefined, bytes, oldestArrivalMs });
  }

  /** An inherited batch with its whole plan, wherever that was kept. */
  async withWholePlan(inherited: PreparedBatch): Promise<PreparedBatch> {
    const { spill } = this.#pipeline.emitter;
    if (spill === undefined || inherited.plan === undefined) return inherited;
    const range: PlannedRange = { ...inherited, ...this.#owner() };
    // What was stored is what this emitter's plan returned: the type is the emitter's own.
    const stored = inherited.plan as Plan;
    const plan = await untilAnswered(range, this.#emission(), (attempt) =>
      spill.load(range, this.#emitContext(stored, attempt, true)),
    );
    return { ...inherited, plan: plan as Json };
  }

  /** Whether everything that an inherited batch was to write is there already. */
  async isWritten(inherited: PreparedBatch): Promise<boolean> {
    const { emitter, deadLetters } = this.#pipeline;
    const range: PlannedRange = { ...inherited, ...this.#owner() };
    if (inherited.plan === undefined && emitter.plan === undefined) return false;
    // Dead letters without a plan cannot be looked for.
    if (inherited.deadLettered > 0 && inherited.deadLetterPlan === undefined) return false;
    return (
      (inherited.plan === undefined || (await this.#asksWritten(emitter, range, inherited.plan))) &&
      (inherited.deadLetterPlan === undefined ||
        (deadLetters !== undefined &&
          (await this.#asksWritten(deadLetters, range, inherited.deadLetterPlan))))
    );
  }

  /** Moves the checkpoint to the end of what was dealt with. */
  async commit(
    dealtWith: Pick<
      PreparedBatch,
      "batchId" | "first" | "last" | "recordCount" | "filtered" | "deadLettered"
    >,
    sent: SentForRange = NOTHING_SENT,
  ): Promise<void> {
    const { batchId, first, last, recordCount } = dealtWith;
    const range: PlannedRange = { batchId, first, last, recordCount, ...this.#owner() };
    await this.#around("commit", range, () => this.#context.checkpointer.commit(last));
    this.#events.committed(dealtWith, sent);
  }

  #around(step: BatchStep, batch: Batch<Output> | PlannedRange, run: () => Promise<void>): Promise<void> {
    const { around } = this.#pipeline.emitter;
    return around === undefined ? run() : around(step, batch, run);
  }

  #unplanned(): KinesisConnectorError {
    return new KinesisConnectorError(
      "KC_REPLAY_DIFFERS",
      `${this.#context.shardId}: a batch prepared without a plan now has records for it: ` +
        "run the pipeline that prepared it once more",
    );
  }

  #plan(batch: Batch<Output>): Plan {
    const { emitter } = this.#pipeline;
    // Without entries there is nothing to write; emitters without a plan have `undefined` as theirs.
    return outputCountOf(batch) === 0 || emitter.plan === undefined
      ? (undefined as Plan)
      : emitter.plan(batch);
  }

  #hasSeveralObjects(plan: Plan): boolean {
    return plan !== undefined && (this.#pipeline.emitter.objectCount?.(plan) ?? 1) > 1;
  }

  /** The plan as it goes into the lease row: a long one is stored elsewhere first. */
  async #spilled(range: PlannedRange, plan: Plan, inherited: boolean): Promise<Plan> {
    const { spill } = this.#pipeline.emitter;
    if (plan === undefined || spill === undefined) return plan;
    if (Buffer.byteLength(JSON.stringify(plan)) <= MAX_PLAN_BYTES) return plan;
    return untilAnswered(range, this.#emission(), (attempt) =>
      spill.store(range, this.#emitContext(plan, attempt, inherited)),
    );
  }

  #planDeadLetters(batch: Batch<Output>, refused: readonly RefusedRecord[]): Json | undefined {
    const { deadLetters } = this.#pipeline;
    return deadLetters?.plan?.(this.#deadLetterBatch(batch, refused)) as Json | undefined;
  }

  async #emitDeadLetters(
    batch: Batch<Output>,
    refused: readonly RefusedRecord[],
    plan: Json | undefined,
    inherited: boolean,
  ): Promise<void> {
    const { deadLetters } = this.#pipeline;
    if (deadLetters === undefined) throw this.#poison(refused);
    const letters = this.#deadLetterBatch(batch, refused);
    const emission = await emitUntilSettled(
      deadLetters,
      letters,
      { plan: plan as DeadLetterPlan, inherited },
      this.#emission(),
    );
    const [failed] = emission.rejected;
    if (failed !== undefined) {
      throw new KinesisConnectorError(
        "KC_EMIT_FAILED",
        `${batch.shardId}: ${emission.rejected.length} dead letters were refused by their destination (${saidOf(failed.error)}); the checkpoint ` +
          "stays before them",
        { cause: failed.error },
      );
    }
    logDeadLetters(this.#pipeline.logger, batch, refused);
    for (const { record, error } of refused) {
      const { sequenceNumber, subSequenceNumber } = record;
      this.#context.observe({
        type: "record-dead-letter",
        stream: batch.stream,
        shardId: batch.shardId,
        position: { sequenceNumber, subSequenceNumber },
        code: codeOf(error),
      });
    }
  }

  #deadLetterBatch(
    { encoded: _outputs, ...batch }: Batch<Output>,
    refused: readonly RefusedRecord[],
  ): Batch<DeadLetter> {
    const entries = refused.map(({ record, error, attempts }) => ({
      output: toDeadLetter(batch, record, error, attempts),
      record,
      bytes: record.data.length,
    }));
    return { ...batch, entries, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  }

  #requireDeadLetters(rejected: readonly RefusedRecord[]): void {
    if (this.#pipeline.onPoison === "stop" || this.#pipeline.deadLetters === undefined)
      throw this.#poison(rejected);
  }

  #poison(refused: readonly RefusedRecord[]): KinesisConnectorError {
    const first = refused[0] as RefusedRecord;
    return poisonError(this.#context.shardId, first.record, first.error);
  }

  async #asksWritten<AnyOutput, AnyPlan>(
    emitter: Emitter<AnyOutput, AnyPlan>,
    range: PlannedRange,
    plan: Json,
  ): Promise<boolean> {
    if (emitter.isWritten === undefined) return false;
    // What was stored is what this emitter's plan returned: the type is the emitter's own.
    return untilAnswered(
      range,
      this.#emission(),
      async (attempt) =>
        (await emitter.isWritten?.(range, this.#emitContext(plan as AnyPlan, attempt, true))) ?? false,
    );
  }

  #emitContext<AnyPlan>(plan: AnyPlan, attempt: number, inherited: boolean): EmitContext<AnyPlan> {
    const { abortSignal: signal, clock, random } = this.#context;
    return { plan, attempt, inherited, signal, logger: this.#pipeline.logger, clock, random };
  }

  #emission(): EmissionContext {
    const { clock, random, abortSignal, observe, checkpointer } = this.#context;
    return {
      clock,
      random,
      abortSignal,
      requireHeld: () => checkpointer.requireHeld?.(),
      observe,
      logger: this.#pipeline.logger,
      retry: this.#pipeline.retry,
    };
  }

  #owner(): { application: string; stream: string; shardId: string } {
    const { application, stream, shardId } = this.#context;
    return { application, stream, shardId };
  }
}
