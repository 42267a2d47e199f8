import { type Batch, type BufferEntry, type Emitter, type PlanSpill } from "../../src/index.js";
import type { FailWith, ObjectStore } from "./memory-emitters.js";
import { idsSha256 } from "./memory-emitters.js";

/** One object per partition, and which entry goes where. Types and not interfaces, so that they count as JSON. */
export type PartitionedPlan = {
  readonly keys: readonly string[];
  readonly indexes: readonly number[];
  readonly spilledAs?: string;
};

/** An emitter of one object per partition; its partition function may answer differently each time. */
export function partitionedEmitter<Output>(
  store: ObjectStore<Output>,
  partitionOf: (output: Output) => string,
  options: { readonly spill?: PlanSpill<PartitionedPlan>; readonly failWith?: FailWith<Output> } = {},
): Emitter<Output, PartitionedPlan> {
  const { spill, failWith = () => undefined } = options;
  return {
    capabilities: { duplicates: "none", ordering: "none" },
    batching: { partitionOf },
    objectCount: ({ keys }) => keys.length,
    ...(spill === undefined ? {} : { spill }),
    plan: (batch) => {
      const names = [...new Set(batch.entries.map(({ partition }) => partition ?? "?"))];
      return {
        keys: names.map((name) => `${name}/${batch.batchId}`),
        indexes: batch.entries.map(({ partition }) => names.indexOf(partition ?? "?")),
      };
    },
    planWithout: ({ keys, indexes }, batch, kept) => ({
      keys,
      indexes: indexes.filter((_, at) => kept.has(batch.entries[at] as BufferEntry<Output>)),
    }),
    isWritten: ({ batchId }, { plan }) =>
      Promise.resolve(plan.keys.every((key) => store.objects.get(key)?.batchId === batchId)),
    emit: async (batch, { plan, attempt }) => {
      const refused = batch.entries.filter((entry) => failWith(entry, attempt) === "dead-letter");
      if (refused.length > 0) {
        const error = new Error("refused");
        return { failed: refused.map((entry) => ({ entry, action: "dead-letter", error })) };
      }
      if (plan.indexes.length !== batch.entries.length) throw new Error("entries and indexes do not align");
      for (const [index, key] of plan.keys.entries()) {
        await Promise.resolve();
        put(store, key, batch, plan.indexes, index);
      }
      return { failed: [] };
    },
  };
}

function put<Output>(
  store: ObjectStore<Output>,
  key: string,
  batch: Batch<Output>,
  indexes: readonly number[],
  index: number,
): void {
  const entries = batch.entries.filter((_, at) => indexes[at] === index);
  if (entries.length === 0) return;
  const { batchId, gap } = batch;
  store.putIfAbsent({
    key,
    batchId,
    recordCount: entries.length,
    idsSha256: idsSha256(entries),
    gap,
    entries,
  });
}
