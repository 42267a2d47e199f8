import {
  ByteBudget,
  type BufferEntry,
  type BufferOptions,
  type DeadLetter,
  definePipeline,
  json,
  type KinesisRecord,
  type Pipeline,
} from "../../src/index.js";
import { FaultGate } from "./gate.js";
import { type FailWith, keyedEmitter, objectEmitter, ObjectStore } from "./memory-emitters.js";
import { MemoryLease } from "./memory-lease.js";
import { MemoryShard, type MemoryShardOptions } from "./memory-shard.js";
import { type RunningShard, type RunOptions, runShard } from "./run-shard.js";
import { VirtualClock } from "./virtual-clock.js";

/** The model of the records that `recordsOf` makes when it is not told otherwise. */
export interface Numbered {
  readonly n: number;
}

/** Everything around the engine of one shard, in memory and under one virtual clock; faults are aimed through `gate`. */
export interface World<Output> {
  readonly clock: VirtualClock;
  readonly gate: FaultGate;
  readonly shard: MemoryShard;
  readonly lease: MemoryLease;
  readonly budget: ByteBudget;
  readonly objects: ObjectStore<Output>;
  readonly rows: Map<string, BufferEntry<Output>>;
  readonly letters: ObjectStore<DeadLetter>;
  /** Emitter with a plan over `objects`. */
  readonly planned: (failWith?: FailWith<Output>) => ReturnType<typeof objectEmitter<Output>>;
  /** Emitter without a plan over `rows`. */
  readonly keyed: (failWith?: FailWith<Output>) => ReturnType<typeof keyedEmitter<Output>>;
  /** Dead letters with a plan over `letters`. */
  readonly deadLetters: () => ReturnType<typeof objectEmitter<DeadLetter>>;
}

export function createWorld<Output = Numbered>(
  records: readonly KinesisRecord[] = [],
  options: Partial<MemoryShardOptions> & { readonly maxReadAheadBytes?: number } = {},
): World<Output> {
  const clock = new VirtualClock();
  const gate = new FaultGate();
  const shard = new MemoryShard({ clock, gate: gate.pass, ...options });
  shard.append(...records);
  const objects = new ObjectStore<Output>();
  const rows = new Map<string, BufferEntry<Output>>();
  const letters = new ObjectStore<DeadLetter>();
  return {
    clock,
    gate,
    shard,
    lease: new MemoryLease(gate.pass),
    budget: new ByteBudget(options.maxReadAheadBytes ?? 64 * 1024 * 1024),
    objects,
    rows,
    letters,
    planned: (failWith) =>
      objectEmitter(objects, { gate: gate.pass, ...(failWith === undefined ? {} : { failWith }) }),
    keyed: (failWith) =>
      keyedEmitter(rows, { gate: gate.pass, ...(failWith === undefined ? {} : { failWith }) }),
    deadLetters: () =>
      objectEmitter(letters, { gate: gate.pass, operation: "dead-letter-emit", prefix: "dead-letters" }),
  };
}

/** The numbers that stand in a store's objects, object by object. */
export function numbersIn(store: ObjectStore<Numbered>): number[][] {
  return store.sorted.map((object) => object.entries.map((entry) => entry.output.n));
}

/** 0, 1, 2, ... `count` - 1, or from `from` on. */
export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** The names of what the engine asked the lease row to write. */
export function writesOf(lease: MemoryLease): string[] {
  return lease.writes.map((write) => write.type);
}

/** A pipeline into a world's objects, ten records to a batch unless said otherwise. */
export const pipelineOver = (world: World<Numbered>, buffer: BufferOptions = { maxRecords: 10 }) =>
  definePipeline({ transformer: json<Numbered>(), buffer, emitter: world.planned() });

/** Starts the engine over a world's shard, as the next owner of its lease. */
export function runIn<Model, Output, Plan, DeadLetterPlan, Anything>(
  world: World<Anything>,
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  options: Partial<RunOptions> = {},
): RunningShard {
  const { clock, budget, shard: source } = world;
  return runShard(pipeline, { clock, budget, source, checkpointer: world.lease.take(), ...options });
}
