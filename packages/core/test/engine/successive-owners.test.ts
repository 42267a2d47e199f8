import { describe, expect, it } from "vitest";
import {
  type BufferEntry,
  type DeadLetter,
  definePipeline,
  json,
  type KinesisRecord,
  KinesisConnectorError,
  type MaybePromise,
  sleep,
} from "../../src/index.js";
import type { Gate, Operation } from "../support/gate.js";
import { writerEmitter, writerLog } from "../support/writer-emitter.js";
import { type Fate, type History, keysOf, violationsIn } from "../support/history.js";
import { type FailWith, keyedEmitter, objectEmitter, ObjectStore } from "../support/memory-emitters.js";
import { MemoryLease } from "../support/memory-lease.js";
import { MemoryShard, recordsOf } from "../support/memory-shard.js";
import { type RunningShard, runShard } from "../support/run-shard.js";
import { SeededRandom } from "../support/seeded-random.js";
import { VirtualClock } from "../support/virtual-clock.js";
import type { Numbered } from "../support/world.js";

const SEEDS = 400;
const FAULTS: Readonly<Record<Operation, number>> = {
  next: 0.01,
  load: 0.02,
  prepare: 0.06,
  commit: 0.06,
  "is-written": 0.2,
  emit: 0.15,
  "dead-letter-emit": 0.15,
};
const fateOfNumber = (n: number): Fate => {
  if (n % 17 === 4 || n % 13 === 7) return "dead-letter";
  return n % 5 === 2 ? "filtered" : "kept";
};

/** How an owner of the shard comes to its end, unless it does so by itself. */
type End = "killed" | "lease lost" | "zombie" | "stopped";
const ENDS: readonly End[] = ["killed", "lease lost", "zombie", "stopped"];

/** One shard, several owners after one another, each with its own faults; the last one has none and reads to the end of the shard. */
class Schedule {
  readonly #random: SeededRandom;
  readonly #clock = new VirtualClock();
  readonly #lease = new MemoryLease();
  readonly #objects = new ObjectStore<Numbered>();
  readonly #letters = new ObjectStore<DeadLetter>();
  readonly #rows = new Map<string, BufferEntry<Numbered>>();
  readonly #shard: MemoryShard;
  readonly #isPlanned: boolean;
  readonly #writer = writerLog();
  readonly #zombies: RunningShard[] = [];
  readonly problems: string[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#isPlanned = this.#random.chance(0.7);
    this.#shard = new MemoryShard({ clock: this.#clock, pageRecords: 1 + this.#random.below(15) });
    for (const store of [this.#objects, this.#letters]) {
      store.onPut = (key) => {
        if (!this.#lease.prepared.some((batch) => keysOf(batch).includes(key)))
          this.problems.push(`I4: ${key} is put before it is prepared`);
      };
    }
  }

  async run(): Promise<History<Numbered>> {
    this.#append();
    for (let owners = 1 + this.#random.below(7); owners > 0; owners -= 1) {
      if (this.#random.chance(0.5)) this.#append();
      await this.#faultyOwner(ENDS[this.#random.below(ENDS.length)] ?? "killed");
    }
    this.#shard.close();
    const last = this.#start(() => undefined);
    await this.#clock.run(last.done);
    this.#requireNothingHeld(last);
    // Whatever owners of long ago still have under way arrives now.
    await this.#clock.advance(3_600_000);
    for (const zombie of this.#zombies) zombie.abort(new Error("the test is over"));
    await this.#clock.advance(3_600_000);
    for (const zombie of this.#zombies) this.#requireNothingHeld(zombie);
    return {
      records: this.#shard.records,
      fateOf: (record) => fateOfNumber(numberOf(record)),
      lease: this.#lease,
      letters: this.#letters,
      ...(this.#isPlanned ? { objects: this.#objects } : { rows: this.#rows }),
    };
  }

  async #faultyOwner(end: End): Promise<void> {
    const owner = { isKilled: false };
    const run = this.#start(this.#faultyGate(owner));
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    run.done.then(settle, settle);
    await this.#live(this.#random.below(50), () => isSettled);
    if (end === "stopped") {
      run.stop();
      await this.#live(this.#random.below(50), () => isSettled);
      run.abort(new KinesisConnectorError("KC_STOP_DEADLINE", "the stop took too long"));
    } else if (end === "lease lost") {
      run.abort(new KinesisConnectorError("KC_LEASE_LOST", "the shard belongs to another worker"));
    }
    if (end === "killed") owner.isKilled = true;
    else this.#zombies.push(run);
  }

  /** Some timers go off, and after each a number of microtasks pass: so an end may come between any two awaits. */
  async #live(ticks: number, isSettled: () => boolean): Promise<void> {
    for (let left = ticks; left > 0 && !isSettled(); left -= 1) {
      if (this.#random.chance(0.7)) await this.#clock.settle();
      this.#clock.tick(10_000);
      for (let microtasks = this.#random.below(25); microtasks > 0; microtasks -= 1) await Promise.resolve();
    }
  }

  #faultyGate(owner: { readonly isKilled: boolean }): Gate {
    const random = this.#random;
    return async (operation, phase) => {
      if (random.chance(0.4)) await sleep(this.#clock, random.below(3000));
      // A process that is gone applies nothing more and hears of nothing more.
      if (owner.isKilled) await new Promise<never>(() => undefined);
      if (random.chance(FAULTS[operation])) throw new Error(`${operation} failed ${phase}`);
    };
  }

  #start(gate: Gate): RunningShard {
    const random = this.#random;
    const fail: FailWith<Numbered> = ({ output }, attempt) => {
      if (output.n % 13 === 7) return "dead-letter";
      return attempt === 1 && output.n % 29 === 3 ? "retry" : undefined;
    };
    const transformConcurrency = random.chance(0.5) ? 1 : 2 + random.below(20);
    const waits = transformConcurrency === 1 ? 0.1 : 0.4;
    const wait = <Value>(value: Value): MaybePromise<Value> =>
      random.chance(waits) ? sleep(this.#clock, random.below(500)).then(() => value) : value;
    const parts = {
      transformer: json<Numbered>().to((model: Numbered) => wait(model)),
      filter: ({ n }: Numbered) => wait(fateOfNumber(n) !== "filtered"),
      buffer: { maxRecords: 1 + random.below(12), maxAgeMs: 1 + random.below(5000) },
      deadLetters: objectEmitter(this.#letters, {
        gate,
        operation: "dead-letter-emit",
        prefix: "dead-letters",
      }),
      // Ticks may jump ahead of work that is ready: no time-out may be real here.
      transformTimeoutMs: 1_000_000_000,
      transformConcurrency,
      retry: { baseDelayMs: 10, maxDelayMs: 500 },
    };
    const context = {
      clock: this.#clock,
      source: this.#shard.through(gate),
      checkpointer: this.#lease.take(gate),
      random,
    };
    const objects = objectEmitter(this.#objects, { gate, failWith: fail });
    return this.#isPlanned
      ? runShard(
          // One owner's emitter has a writer and the next one's has not: what is stored of a batch is the same.
          definePipeline({
            ...parts,
            emitter: random.chance(0.5) ? writerEmitter(objects, this.#writer, fail) : objects,
          }),
          context,
        )
      : runShard(
          definePipeline({ ...parts, emitter: keyedEmitter(this.#rows, { gate, failWith: fail }) }),
          context,
        );
  }

  #append(): void {
    const from = this.#shard.records.length;
    const isPoison = (index: number): boolean => index % 17 === 4;
    this.#shard.append(
      ...recordsOf(
        5 + this.#random.below(25),
        (index) => (isPoison(index) ? `${index}{` : `{"n":${index}}`),
        from,
      ),
    );
  }

  #requireNothingHeld({ budget }: RunningShard): void {
    if (budget.usedBytes !== 0)
      this.problems.push(`${budget.usedBytes} bytes of the budget are never given back`);
  }
}

function numberOf(record: KinesisRecord): number {
  return Number.parseInt(new TextDecoder().decode(record.data).replace('{"n":', ""), 10);
}

describe("successive owners of a shard", () => {
  it(`F43 F04 F25 deliver every record once and in order, over ${SEEDS} seeded schedules of crashes, zombies and lost replies`, async () => {
    let replayed = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const schedule = new Schedule(seed);
      const history = await schedule.run();
      expect([...violationsIn(history), ...schedule.problems], `seed ${seed}`).toEqual([]);
      replayed += replaysIn(history);
    }
    // Else the schedules would prove nothing about next owners.
    expect(replayed).toBeGreaterThan(SEEDS / 4);
  });
});

/** Batches that were committed by another owner than the one who prepared them. */
function replaysIn({ lease: { writes } }: History<Numbered>): number {
  return writes.filter((write, index) => {
    const before = writes[index - 1];
    return write.type === "commit" && before?.type === "prepare" && before.owner !== write.owner;
  }).length;
}
