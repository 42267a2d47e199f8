import { createHash } from "node:crypto";
import {
  type Batch,
  type BufferEntry,
  comparePositions,
  type Emitter,
  type FailedEntry,
  type KinesisRecord,
  KinesisConnectorError,
} from "../../src/index.js";
import { type Gate, openGate, type Operation } from "./gate.js";

/** What stands in a simulated object. */
export interface StoredObject<Output> {
  readonly key: string;
  readonly batchId: string;
  readonly recordCount: number;
  readonly idsSha256: string;
  readonly gap: boolean;
  readonly entries: readonly BufferEntry<Output>[];
}

/** Where a planned emitter puts a batch. A type and not an interface, so that it counts as JSON. */
export type ObjectPlan = { readonly key: string };

/** What becomes of an entry that a test wants to fail; undefined lets it pass. */
export type FailWith<Output> = (
  entry: BufferEntry<Output>,
  attempt: number,
) => FailedEntry<Output>["action"] | undefined;

export interface MemoryEmitterOptions<Output> {
  readonly gate?: Gate;
  /** The operation that the gate is asked about. Default `emit`. */
  readonly operation?: Operation;
  readonly failWith?: FailWith<Output>;
  readonly sizeOf?: (output: Output) => number;
  readonly prefix?: string;
}

/** Objects in memory that are created once: a second put of a key is refused, as S3 refuses it under `If-None-Match: *`. */
export class ObjectStore<Output> {
  readonly objects = new Map<string, StoredObject<Output>>();
  /** Asked before each put; what it throws fails the put. */
  onPut: (key: string) => void = () => undefined;

  /** False when the key is taken. */
  putIfAbsent(object: StoredObject<Output>): boolean {
    this.onPut(object.key);
    if (this.objects.has(object.key)) return false;
    this.objects.set(object.key, object);
    return true;
  }

  /** Everything stored, in the order of the stream. */
  get entries(): readonly BufferEntry<Output>[] {
    return this.sorted.flatMap((object) => object.entries);
  }

  /** The objects in the order of their first records. */
  get sorted(): readonly StoredObject<Output>[] {
    const first = (object: StoredObject<Output>): KinesisRecord =>
      (object.entries[0] as BufferEntry<Output>).record;
    return [...this.objects.values()].sort((one, other) => comparePositions(first(one), first(other)));
  }
}

/** The digest by which two writers of the same object recognise each other's content. */
export function idsSha256(entries: readonly BufferEntry<unknown>[]): string {
  const hash = createHash("sha256");
  for (const { record } of entries) hash.update(`${record.sequenceNumber}.${record.subSequenceNumber}\n`);
  return hash.digest("hex");
}

/** An emitter with a plan: each batch is one object under a key that names both ends of its range. */
export function objectEmitter<Output>(
  store: ObjectStore<Output>,
  options: MemoryEmitterOptions<Output> = {},
): Emitter<Output, ObjectPlan> {
  const { gate = openGate, operation = "emit", failWith, sizeOf, prefix = "objects" } = options;
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    ...(sizeOf === undefined ? {} : { sizeOf }),
    plan: (batch) => ({
      key: `${prefix}/${batch.shardId}-${placeOf(batch)}-${batch.batchId.slice(0, 8)}`,
    }),
    isWritten: async (range, { plan }) => {
      await gate("is-written", "before");
      const found = store.objects.get(plan.key);
      if (found !== undefined && found.batchId !== range.batchId) throw objectTaken(plan.key);
      return found !== undefined;
    },
    emit: async (batch, { plan, attempt }) => {
      const failed = failures(batch, attempt, failWith);
      const rejected = failed.filter(({ action }) => action === "dead-letter");
      if (rejected.length > 0) return { failed: rejected };
      // One object holds them all: when one has to wait, nothing has been written.
      const [throttled] = failed;
      if (throttled !== undefined)
        return { failed: batch.entries.map((entry) => ({ entry, action: "retry", error: throttled.error })) };
      await gate(operation, "before");
      const object: StoredObject<Output> = {
        key: plan.key,
        batchId: batch.batchId,
        recordCount: batch.entries.length,
        idsSha256: idsSha256(batch.entries),
        gap: batch.gap,
        entries: batch.entries,
      };
      if (!store.putIfAbsent(object)) {
        const found = store.objects.get(plan.key);
        if (found?.batchId !== batch.batchId || found.idsSha256 !== object.idsSha256)
          throw objectTaken(plan.key);
      }
      await gate(operation, "after");
      return { failed: [] };
    },
  };
}

/** An emitter without a plan: each output is put under the position of its record, so that putting it again changes nothing. */
export function keyedEmitter<Output>(
  rows: Map<string, BufferEntry<Output>>,
  options: MemoryEmitterOptions<Output> = {},
): Emitter<Output> {
  const { gate = openGate, operation = "emit", failWith } = options;
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    emit: async (batch, { attempt }) => {
      await gate(operation, "before");
      const failed = failures(batch, attempt, failWith);
      const left = new Set(failed.map(({ entry }) => entry));
      const counts = new Map<KinesisRecord, number>();
      for (const entry of batch.entries) {
        const count = counts.get(entry.record) ?? 0;
        counts.set(entry.record, count + 1);
        const { sequenceNumber, subSequenceNumber } = entry.record;
        if (!left.has(entry)) rows.set(`${sequenceNumber}.${subSequenceNumber}#${count}`, entry);
      }
      await gate(operation, "after");
      return { failed };
    },
  };
}

function failures<Output>(
  batch: Batch<Output>,
  attempt: number,
  failWith: FailWith<Output> | undefined,
): FailedEntry<Output>[] {
  const failed: FailedEntry<Output>[] = [];
  for (const entry of batch.entries) {
    const action = failWith?.(entry, attempt);
    if (action !== undefined)
      failed.push({ entry, action, error: new Error(action === "retry" ? "throttled" : "refused") });
  }
  return failed;
}

function placeOf({ first, last }: Batch<unknown>): string {
  return `${first.sequenceNumber}.${first.subSequenceNumber}-${last.sequenceNumber}.${last.subSequenceNumber}`;
}

function objectTaken(key: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_PLACE_TAKEN", `${key} holds something else`);
}
