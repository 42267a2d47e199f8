import { setMaxListeners } from "node:events";
import {
  type Batch,
  type EmitContext,
  type Emitter,
  type EmitResult,
  silentLogger,
  systemClock,
} from "@kinesis-connectors/core";
import { seededRandom } from "./seeded-random.js";

/**
 * The context of an `emit`: a first attempt of the owner, a signal that nobody aborts, a silent logger, the machine's clock
 * and a seeded `Random`.
 *
 * @param plan of the batch, see `planOf`; undefined for emitters without one
 * @param changes what matters to the test
 */
export function contextOf<Plan>(plan: Plan, changes: Partial<EmitContext<Plan>> = {}): EmitContext<Plan> {
  const { signal } = new AbortController();
  // As the engine does with the signal of a shard: each request under way may listen to it.
  setMaxListeners(0, signal);
  return {
    plan,
    attempt: 1,
    inherited: false,
    signal,
    logger: silentLogger,
    clock: systemClock,
    random: seededRandom(1),
    ...changes,
  };
}

/** The plan of a batch as it comes back from the lease row, through JSON; undefined for emitters without one. */
export function planOf<Output, Plan>(emitter: Emitter<Output, Plan>, batch: Batch<Output>): Plan {
  const plan = emitter.plan?.(batch);
  // An emitter without a plan is one whose plan is undefined: the same cast as in the engine.
  return plan === undefined ? (undefined as Plan) : (JSON.parse(JSON.stringify(plan)) as Plan);
}

/** Plans and emits once, as the engine does for a batch of its own. */
export async function deliver<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  batch: Batch<Output>,
  changes: Partial<EmitContext<Plan>> = {},
): Promise<EmitResult<Output>> {
  return emitter.emit(batch, contextOf(planOf(emitter, batch), changes));
}

/**
 * Plans once and emits again after each error that the engine would try again, without its pauses. Records that come back as failed are
 * not tried again: they are in the result.
 *
 * @throws the last error after `maxAttempts` tries, and at once an error that stops the shard
 */
export async function deliverStubbornly<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  batch: Batch<Output>,
  maxAttempts: number,
): Promise<{ readonly result: EmitResult<Output>; readonly attempts: number }> {
  const plan = planOf(emitter, batch);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { result: await emitter.emit(batch, contextOf(plan, { attempt })), attempts: attempt };
    } catch (error) {
      if (attempt === maxAttempts || (error instanceof Error && error.name === "KinesisConnectorError"))
        throw error;
    }
  }
}
