import {
  type BufferEntry,
  comparePositions,
  type DeadLetter,
  type KinesisRecord,
  type Position,
  type PreparedBatch,
} from "../../src/index.js";
import { idsSha256, type ObjectStore } from "./memory-emitters.js";
import type { MemoryLease } from "./memory-lease.js";

/** What should have become of a record. */
export type Fate = "kept" | "filtered" | "dead-letter";

/** Everything that is known after a run, and what each record was meant to become. */
export interface History<Output> {
  readonly records: readonly KinesisRecord[];
  readonly fateOf: (record: KinesisRecord) => Fate;
  readonly lease: MemoryLease;
  readonly letters: ObjectStore<DeadLetter>;
  /** The objects of an emitter with a plan; undefined when the emitter has none and puts rows. */
  readonly objects?: ObjectStore<Output>;
  readonly rows?: ReadonlyMap<string, BufferEntry<Output>>;
}

/** Compares what was put with what landed; returns a sentence for everything that is wrong, and nothing when nothing is. */
export function violationsIn<Output>(history: History<Output>): string[] {
  const { records, fateOf, lease, letters, objects, rows } = history;
  const indexes = new Map(records.map((record, index) => [nameOf(record), index]));
  const indexOf = (position: Position): number => indexes.get(nameOf(position)) ?? Number.NaN;
  const landed = objects === undefined ? [...(rows?.values() ?? [])].sort(byPosition) : objects.entries;
  return [
    ...lease.violations,
    ...compare(
      "delivered",
      records.filter((record) => fateOf(record) === "kept"),
      landed,
    ),
    ...compare(
      "dead letters",
      records.filter((record) => fateOf(record) === "dead-letter"),
      letters.entries,
    ),
    ...(objects === undefined ? [] : objectsOf(objects, lease, history)),
    ...objectsOf(letters, lease, history),
    ...rangesOf(lease, indexOf),
    ...(indexOf(lease.progress.checkpoint ?? { sequenceNumber: "", subSequenceNumber: 0 }) ===
    records.length - 1
      ? []
      : ["the checkpoint is not at the end of the shard"]),
    ...(lease.progress.pending === undefined ? [] : ["a prepared batch is left"]),
  ];
}

/** Lost, duplicated, phantom and reordered records (I1, I8, I11). */
function compare(
  what: string,
  expected: readonly KinesisRecord[],
  landed: readonly BufferEntry<unknown>[],
): string[] {
  const wanted = expected.map(nameOf);
  const found = landed.map(({ record }) => nameOf(record));
  const counts = new Map<string, number>();
  for (const name of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  const known = new Set(wanted);
  const violations = [
    ...wanted.filter((name) => !counts.has(name)).map((name) => `${what}: lost ${name}`),
    ...[...counts].filter(([, count]) => count > 1).map(([name]) => `${what}: duplicated ${name}`),
    ...found.filter((name) => !known.has(name)).map((name) => `${what}: phantom ${name}`),
  ];
  if (violations.length > 0 || wanted.every((name, index) => name === found[index])) return violations;
  return [`${what}: out of order`];
}

/** Each object holds exactly the records of its prepared range that were meant for it (I9), and was named before it was put (I4). */
function objectsOf(
  store: ObjectStore<never> | ObjectStore<DeadLetter> | ObjectStore<unknown>,
  lease: MemoryLease,
  { records, fateOf }: Pick<History<unknown>, "records" | "fateOf">,
): string[] {
  return [...store.objects.values()].flatMap((object) => {
    const violations: string[] = [];
    const prepared = lease.prepared.findLast((batch) => keysOf(batch).includes(object.key));
    if (prepared === undefined) return [`I4: ${object.key} was never prepared`];
    const fate: Fate =
      keysOf(prepared).indexOf(object.key) === 0 && "plan" in prepared ? "kept" : "dead-letter";
    const expected = records.filter(
      (record) =>
        comparePositions(record, prepared.first) >= 0 &&
        comparePositions(record, prepared.last) <= 0 &&
        fateOf(record) === fate,
    );
    if (object.recordCount !== expected.length)
      violations.push(`I9: ${object.key} holds ${object.recordCount} of ${expected.length} records`);
    if (object.idsSha256 !== idsSha256(object.entries))
      violations.push(`I9: ${object.key} holds other records than it says`);
    return violations;
  });
}

/** Ranges follow one another without overlap or hole, each beginning right behind the checkpoint of its time (I2, I3, I5, I6, I7). */
function rangesOf(lease: MemoryLease, indexOf: (position: Position) => number): string[] {
  const violations: string[] = [];
  let checkpoint = -1;
  let pending: PreparedBatch | undefined;
  for (const write of lease.writes) {
    if (write.type === "prepare") {
      const { batch } = write;
      if (indexOf(batch.first) !== checkpoint + 1)
        violations.push(`I5: ${batch.batchId} does not begin behind the checkpoint`);
      if (indexOf(batch.last) - indexOf(batch.first) + 1 !== batch.recordCount)
        violations.push(`I3: ${batch.batchId} has holes`);
      if (pending !== undefined && pending.batchId !== batch.batchId)
        violations.push(`I7: ${pending.batchId} was given up`);
      pending = batch;
    } else {
      const next = indexOf(write.checkpoint);
      if (next < checkpoint) violations.push("I6: the checkpoint goes back");
      checkpoint = next;
      pending = undefined;
    }
  }
  return violations;
}

/** The keys that a prepared batch names: of its objects, then of its dead letters. */
export function keysOf(batch: PreparedBatch): string[] {
  return [batch.plan, batch.deadLetterPlan].flatMap((plan) =>
    typeof plan === "object" && plan !== null && "key" in plan && typeof plan.key === "string"
      ? [plan.key]
      : [],
  );
}

function byPosition(one: BufferEntry<unknown>, other: BufferEntry<unknown>): number {
  return comparePositions(one.record, other.record);
}

function nameOf({ sequenceNumber, subSequenceNumber }: Position): string {
  return `${sequenceNumber}.${subSequenceNumber}`;
}
