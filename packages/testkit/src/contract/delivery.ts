import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type EmitResult,
  type FailedEntry,
  hasCode,
  isProgrammingError,
} from "@kinesis-connectors/core";
import { withEntries } from "./batches.js";
import { contextOf, planOf } from "../emission.js";
import type { EmitterContract, EmitterUnderTest } from "./contract.js";
import { assertLanded } from "./landed.js";

/** More tries than any fault lasts. */
const MAX_ATTEMPTS = 100;

/** How a delivery ended. */
export interface Delivery<Output> {
  readonly rejected: readonly FailedEntry<Output>[];
  /** Calls of `emit`. */
  readonly attempts: number;
}

/** Options of a delivery. */
export interface DeliveryOptions<Output, Plan> {
  readonly context?: Partial<EmitContext<Plan>>;
  /** Asked after each answer with the entries that are written by now. Default: `assertLanded`. */
  readonly assertWritten?: (entries: readonly BufferEntry<Output>[]) => Promise<void>;
}

/**
 * Emits a batch as the engine does, without its pauses: what is to be tried again goes again, in stream order; a planned batch that
 * has dead letters is planned anew without them. After each answer the destination must hold exactly what was said to be written.
 */
export async function deliver<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  setup: Setup,
  batch: Batch<Output>,
  options: DeliveryOptions<Output, Plan> = {},
): Promise<Delivery<Output>> {
  const { context = {}, assertWritten = (entries) => assertLanded(contract, setup, entries) } = options;
  const { emitter } = setup;
  const rejected: FailedEntry<Output>[] = [];
  let remaining = batch;
  let plan = planOf(emitter, batch);
  let uncertain = false;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const result = await tryEmit(setup, remaining, contextOf(plan, { ...context, attempt }));
    if (result === undefined) {
      uncertain = true;
      continue;
    }
    assertOwnEntries(remaining, result);
    const again = result.failed.filter(({ action }) => action === "retry").map(({ entry }) => entry);
    const refused = result.failed.filter(({ action }) => action === "dead-letter");
    rejected.push(...refused);
    const left = [...again, ...rejected.map(({ entry }) => entry)];
    if (contract.capabilities.planned && refused.length > 0) {
      assert.deepEqual(
        await contract.readBack(setup),
        [],
        "an emitter with a plan that returns dead letters must not have written anything",
      );
      remaining = withEntries(
        batch,
        without(
          batch.entries,
          rejected.map(({ entry }) => entry),
        ),
      );
      plan = planOf(emitter, remaining);
    } else {
      // After a failure of unknown outcome what is to be tried again may be there already.
      if (!uncertain || again.length === 0) await assertWritten(without(batch.entries, left));
      remaining = withEntries(batch, inOrderOf(remaining.entries, again));
    }
    if (remaining.entries.length === 0) return { rejected, attempts: attempt };
  }
  return assert.fail(`the batch is not settled after ${MAX_ATTEMPTS} calls of emit`);
}

/** The answer of `emit`; undefined when nothing is known about the request and the engine would try it again. */
async function tryEmit<Output, Plan>(
  { emitter }: EmitterUnderTest<Output, Plan>,
  batch: Batch<Output>,
  context: EmitContext<Plan>,
): Promise<EmitResult<Output> | undefined> {
  const before = getEventListeners(context.signal, "abort").length;
  try {
    const result = await emitter.emit(batch, context);
    // A shard's signal lives for months, and every listener with it.
    assert.equal(
      getEventListeners(context.signal, "abort").length,
      before,
      "emit left a listener on the signal of its context: take it off when the request is over",
    );
    return result;
  } catch (error) {
    const stops =
      hasCode(error, "KC_EMIT_REFUSED") ||
      hasCode(error, "KC_PLACE_TAKEN") ||
      hasCode(error, "KC_OPTION_INVALID") ||
      // The engine stops at a mistake in code, too.
      isProgrammingError(error) ||
      error instanceof assert.AssertionError;
    if (stops || context.signal.aborted) throw error;
    return undefined;
  }
}

/** The engine tells entries apart by identity: copies and doubles would be records lost without a word. */
export function assertOwnEntries<Output>(batch: Batch<Output>, { failed }: EmitResult<Output>): void {
  const own = new Set(batch.entries);
  for (const { entry, action, error } of failed) {
    assert.ok(
      own.delete(entry),
      "each failed entry must be an object out of batch.entries, named once, and not a copy of it",
    );
    assert.ok(
      action === "retry" || action === "dead-letter",
      `an action is "retry" or "dead-letter", not ${action as string}`,
    );
    assert.ok(error instanceof Error, "each failed entry says why, with an Error");
  }
}

function without<Output>(
  entries: readonly BufferEntry<Output>[],
  left: readonly BufferEntry<Output>[],
): readonly BufferEntry<Output>[] {
  const out = new Set(left);
  return entries.filter((entry) => !out.has(entry));
}

function inOrderOf<Output>(
  entries: readonly BufferEntry<Output>[],
  some: readonly BufferEntry<Output>[],
): readonly BufferEntry<Output>[] {
  const kept = new Set(some);
  return entries.filter((entry) => kept.has(entry));
}
