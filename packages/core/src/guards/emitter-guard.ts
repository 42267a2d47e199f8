import type { Batch } from "../batch.js";
import type { Batching } from "../batching.js";
import { Blame, PLAN_IS_JSON } from "./blame.js";
import type { EmitResult, Emitter, PlanSpill } from "../emitter.js";
import type { Gathering } from "../gathering.js";
import { isJson } from "./json-value.js";
import { hasMembers, shown } from "../options.js";
import { isError } from "./programming-error.js";
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
  const { sizeOf, batching, gather, plan, places, spill, planWithout, isPlaced, open, close } = emitter;
  const blame = (part: string): Blame => new Blame(`${option}.${part}`);
  const guard: Emitter<Output, Plan> = {
    capabilities: emitter.capabilities,
    // Bound and not wrapped: it is called for every output. What it gives is looked at where it is added up.
    ...(sizeOf === undefined ? {} : { sizeOf: sizeOf.bind(emitter) }),
    ...(batching === undefined ? {} : { batching: ownBatching(batching) }),
    ...(gather === undefined ? {} : { gather: gatherOf(blame("gather"), gather.bind(emitter)) }),
    ...(plan === undefined
      ? {}
      : { plan: (batch) => blame("plan").json(() => plan.call(emitter, lent(batch))) }),
    ...(places === undefined
      ? {}
      : { places: (planned) => blame("places").count(() => places.call(emitter, planned)) }),
    ...(spill === undefined ? {} : { spill: guardedSpill(option, spill) }),
    ...(planWithout === undefined
      ? {}
      : {
          planWithout: (planned, batch, kept) =>
            blame("planWithout").json(() => planWithout.call(emitter, planned, lent(batch), kept)),
        }),
    ...(isPlaced === undefined
      ? {}
      : {
          isPlaced: async (range, context) => {
            const asked = blame("isPlaced");
            const placed: unknown = await asked.settled(() => isPlaced.call(emitter, range, context));
            if (typeof placed === "boolean") return placed;
            throw asked.broken(`settled with ${shown(placed)}; it must settle with true or false`);
          },
        }),
    emit: async (batch, context) => {
      const asked = blame("emit");
      const result = await asked.settled(() => emitter.emit(lent(batch), context), context.signal);
      requireResult(asked, batch, result);
      return result;
    },
    ...(open === undefined
      ? {}
      : { open: (context) => blame("open").settled(() => open.call(emitter, context), context.signal) }),
    ...(close === undefined ? {} : { close: () => blame("close").settled(() => close.call(emitter)) }),
  };
  guarded.add(guard);
  return guard;
}

/**
 * A batch to do with as the emitter likes: one that takes its entries off the list as it sends them, or sorts them, would leave the engine without those
 * that have to go again, and the checkpoint would move past them.
 */
function lent<Output>(batch: Batch<Output>): Batch<Output> {
  return { ...batch, entries: [...batch.entries] };
}

/** A failed entry that the engine does not know, or knows twice, would be a record lost or doubled without a word. */
function requireResult<Output>(
  blame: Blame,
  batch: Batch<Output>,
  result: unknown,
): asserts result is EmitResult<Output> {
  if (!hasMembers(result) || !Array.isArray(result["failed"])) {
    throw blame.broken(
      `settled with ${shown(result)}; it must settle with { failed: [...] }, with an empty array when every entry is placed`,
    );
  }
  const failed: readonly unknown[] = result["failed"];
  if (failed.length === 0) return;
  if (batch.gathered !== undefined)
    throw blame.broken("named failed entries of a gathered batch, which has none; it must reject instead");
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

const GATHERING = ["stage", "keep", "drop", "heldBytes", "drain", "close"] as const;

function gatherOf<Output>(
  blame: Blame,
  gather: NonNullable<Emitter<Output>["gather"]>,
): NonNullable<Emitter<Output>["gather"]> {
  const given = new WeakSet<object>();
  return (context) => {
    const gathering = blame.pure(() => gather(context));
    requireGathering(blame, gathering);
    if (given.has(gathering))
      throw blame.broken("returned the same gathering twice; each shard must have its own");
    given.add(gathering);
    return gathering;
  };
}

function requireGathering(blame: Blame, gathering: unknown): asserts gathering is Gathering<unknown> {
  for (const name of GATHERING)
    if (!hasMembers(gathering) || typeof gathering[name] !== "function")
      throw blame.broken(`returned a gathering without ${name}, which must be a function`);
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
