import type { Batch } from "../batch.js";
import type { Batching } from "../batching.js";
import { Blame, PLAN_IS_JSON } from "./blame.js";
import type { EmitResult, Emitter, PlanSpill } from "../emitter.js";
import type { BatchWriter } from "../batch-writer.js";
import { isJson } from "./json-value.js";
import { hasMembers, shown } from "../options.js";
import { isError } from "./programming-error.js";
import { withBatchesOf } from "../handlers/handed-batches.js";
import { requireEmitter } from "./require-emitter.js";

const guarded = new WeakSet<object>();

/**
 * An emitter that keeps its promises or stops: its functions are checked once and called as its own (so that one may be a class), and what they
 * give back is held against what `Emitter` says. A promise that was broken, and a mistake in its code, becomes `KC_EMITTER_BROKEN`, which names it
 * and stops the shard before anything is committed.
 *
 * @param option under which the emitter was given: `emitter`, `deadLetters`
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when it is no emitter
 */
export function guardedEmitter<Output, Plan>(
  option: string,
  emitter: Emitter<Output, Plan>,
): Emitter<Output, Plan> {
  requireEmitter(option, emitter);
  if (guarded.has(emitter)) return emitter;
  const { sizeOf, batching, createWriter, plan, objectCount, spill, planWithout, isWritten } = emitter;
  const { destination, wouldDouble, around, open, close } = emitter;
  const blame = (part: string): Blame => new Blame(`${option}.${part}`);
  const guard: Emitter<Output, Plan> = {
    capabilities: emitter.capabilities,
    ...(destination === undefined ? {} : { destination }),
    // Bound and not wrapped: it is called for every output. What it gives is looked at where it is added up.
    ...(sizeOf === undefined ? {} : { sizeOf: sizeOf.bind(emitter) }),
    ...(batching === undefined ? {} : { batching: ownBatching(batching) }),
    ...(createWriter === undefined
      ? {}
      : { createWriter: writerFactoryOf(blame("createWriter"), createWriter.bind(emitter)) }),
    ...(plan === undefined
      ? {}
      : { plan: (batch) => blame("plan").json(() => plan.call(emitter, lent(batch))) }),
    ...(objectCount === undefined
      ? {}
      : { objectCount: (planned) => blame("objectCount").count(() => objectCount.call(emitter, planned)) }),
    ...(spill === undefined ? {} : { spill: guardedSpill(option, spill) }),
    ...(planWithout === undefined
      ? {}
      : {
          planWithout: (planned, batch, kept) =>
            blame("planWithout").json(() => planWithout.call(emitter, planned, lent(batch), kept)),
        }),
    ...(isWritten === undefined
      ? {}
      : {
          isWritten: async (range, context) => {
            const asked = blame("isWritten");
            const written: unknown = await asked.settled(() => isWritten.call(emitter, range, context));
            if (typeof written === "boolean") return written;
            throw asked.broken(`settled with ${shown(written)}; it must settle with true or false`);
          },
        }),
    ...(wouldDouble === undefined
      ? {}
      : {
          wouldDouble: async (again, context) => {
            const asked = blame("wouldDouble");
            const found: unknown = await asked.settled(
              () => wouldDouble.call(emitter, again, context),
              context.signal,
            );
            if (found === undefined || typeof found === "string") return found;
            throw asked.broken(`settled with ${shown(found)}; it must settle with a text or undefined`);
          },
        }),
    emit: async (batch, context) => {
      const asked = blame("emit");
      const result = await asked.settled(() => emitter.emit(lent(batch), context), context.signal);
      requireResult(asked, batch, result);
      return result;
    },
    ...(around === undefined
      ? {}
      : {
          around: (step, batch, run) =>
            guardedStep(blame("around"), run, (once) => around.call(emitter, step, batch, once)),
        }),
    ...(open === undefined
      ? {}
      : { open: (context) => blame("open").settled(() => open.call(emitter, context), context.signal) }),
    ...(close === undefined ? {} : { close: () => blame("close").settled(() => close.call(emitter)) }),
  };
  guarded.add(guard);
  return withBatchesOf(emitter, guard);
}

/**
 * A batch to do with as the emitter likes: one that takes its entries off the list as it sends them, or sorts them, would leave the engine without those
 * that have to go again, and the checkpoint would move past them.
 */
function lent<Output>(batch: Batch<Output>): Batch<Output> {
  return { ...batch, entries: [...batch.entries] };
}

/** The step runs once, whatever is done around it: a commit that was left out, or one that failed in silence, would lose or repeat records. */
async function guardedStep(
  blame: Blame,
  run: () => Promise<void>,
  around: (run: () => Promise<void>) => Promise<void>,
): Promise<void> {
  let step: Promise<void> | undefined;
  const once = (): Promise<void> => (step ??= run());
  try {
    await blame.settled(() => around(once));
  } catch (thrown) {
    // How the step itself settled goes first.
    await step;
    throw thrown;
  }
  if (step === undefined) throw blame.broken("settled without calling run; it must call it once");
  await step;
}

/** A failed entry that the engine does not know, or knows twice, would be a record lost or doubled without a word. */
function requireResult<Output>(
  blame: Blame,
  batch: Batch<Output>,
  result: unknown,
): asserts result is EmitResult<Output> {
  if (!hasMembers(result) || !Array.isArray(result["failed"])) {
    throw blame.broken(
      `settled with ${shown(result)}; it must settle with { failed: [...] }, with an empty array when every entry is written`,
    );
  }
  const failed: readonly unknown[] = result["failed"];
  if (failed.length === 0) return;
  if (batch.encoded !== undefined)
    throw blame.broken("named failed entries of an encoded batch, which has none; it must reject instead");
  const own = new Set<unknown>(batch.entries);
  const left = new Set<unknown>(own);
  for (const one of failed) {
    if (!hasMembers(one) || !own.has(one["entry"])) {
      throw blame.broken(
        "named a failed entry that is not among those it was given; it must hand back the very objects of batch.entries, " +
          "or the engine cannot tell which records failed",
      );
    }
    if (!left.delete(one["entry"])) throw blame.broken("named a failed entry twice; it must name each once");
    if (one["action"] !== "retry" && one["action"] !== "dead-letter") {
      throw blame.broken(
        `named a failed entry with the action ${shown(one["action"])}; it must be "retry" or "dead-letter"`,
      );
    }
    if (!isError(one["error"])) {
      throw blame.broken(
        `named a failed entry whose error is ${shown(one["error"])}; it must say with an Error why the entry failed`,
      );
    }
  }
}

function ownBatching<Output>(batching: Batching<Output>): Batching<Output> {
  const { partitionOf, maxPartitions, onPartitionFlood, targetBytes, minBytes, maxWaitMs } = batching;
  return {
    ...(partitionOf === undefined ? {} : { partitionOf: partitionOf.bind(batching) }),
    ...(maxPartitions === undefined ? {} : { maxPartitions }),
    ...(onPartitionFlood === undefined ? {} : { onPartitionFlood }),
    ...(targetBytes === undefined ? {} : { targetBytes }),
    ...(minBytes === undefined ? {} : { minBytes }),
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
  };
}

const WRITER_MEMBERS = ["write", "keep", "drop", "heldBytes", "drain", "close"] as const;

function writerFactoryOf<Output>(
  blame: Blame,
  createWriter: NonNullable<Emitter<Output>["createWriter"]>,
): NonNullable<Emitter<Output>["createWriter"]> {
  const given = new WeakSet<object>();
  return (context) => {
    const writer = blame.pure(() => createWriter(context));
    requireWriter(blame, writer);
    if (given.has(writer)) throw blame.broken("returned the same writer twice; each shard must have its own");
    given.add(writer);
    return writer;
  };
}

function requireWriter(blame: Blame, writer: unknown): asserts writer is BatchWriter<unknown> {
  for (const name of WRITER_MEMBERS)
    if (!hasMembers(writer) || typeof writer[name] !== "function")
      throw blame.broken(`returned a writer without ${name}, which must be a function`);
}

function guardedSpill<Plan>(option: string, spill: PlanSpill<Plan>): PlanSpill<Plan> {
  const asked = (part: "store" | "load"): PlanSpill<Plan>["store"] => {
    const blame = new Blame(`${option}.spill.${part}`);
    return async (batch, context) => {
      const plan = await blame.settled(() => spill[part](batch, context), context.signal);
      if (isJson(plan)) return plan;
      throw blame.broken(`settled with ${shown(plan)}; ${PLAN_IS_JSON}`);
    };
  };
  return { store: asked("store"), load: asked("load") };
}
