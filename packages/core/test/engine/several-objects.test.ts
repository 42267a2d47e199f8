import { describe, expect, it } from "vitest";
import { definePipeline, json, type Pipeline, type PlanSpill } from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { partitionedEmitter, type PartitionedPlan } from "../support/several-objects.js";
import { createWorld, type Numbered, numbers, runIn, type World, writesOf } from "../support/world.js";

/** Some hundred partitions of such names make a plan of more than 32 KiB. */
const LONG_NAME = "partition-with-a-long-name-of-a-few-words-as-they-are-met-in-buckets-";

/** Puts each number anywhere, another place each time it is asked. */
function fickle(partitions: number, name = "p"): (output: Numbered) => string {
  let asked = 0;
  return () => `${name}${(asked++ * 7) % partitions}`;
}

/** Plans in a map, under numbers. */
function memorySpill(): PlanSpill<PartitionedPlan> & { readonly plans: Map<string, PartitionedPlan> } {
  const plans = new Map<string, PartitionedPlan>();
  return {
    plans,
    store: (_range, { plan }) => {
      const name = String(plans.size);
      plans.set(name, plan);
      return Promise.resolve({ keys: [], indexes: [], spilledAs: name });
    },
    load: (_range, { plan }) => {
      if (plan.spilledAs === undefined) return Promise.resolve(plan);
      const found = plans.get(plan.spilledAs);
      return found === undefined ? Promise.reject(new Error("no such plan")) : Promise.resolve(found);
    },
  };
}

type Emitter = ReturnType<typeof partitionedEmitter<Numbered>>;

function pipelineOf(
  emitter: Emitter,
  filter: (model: Numbered) => boolean = () => true,
): Pipeline<Numbered, Numbered, PartitionedPlan> {
  return definePipeline<Numbered, Numbered, PartitionedPlan>({
    transformer: json<Numbered>(),
    filter,
    emitter,
  });
}

/** Lets the destination fail after `writes` objects, once; the shard's owner dies of it. */
function dieAfter(world: World<Numbered>, writes: number): void {
  let left = writes;
  world.objects.onPut = () => {
    left -= 1;
    if (left < 0) throw new Error("killed");
  };
}

/** Everything that landed, sorted. */
function landed(world: World<Numbered>): number[] {
  return world.objects.entries.map(({ output }) => output.n).sort((one, other) => one - other);
}

async function crashAndInherit(
  emitterOf: (world: World<Numbered>) => Emitter,
  heirFilter: (model: Numbered) => boolean,
): Promise<World<Numbered>> {
  const world = createWorld(recordsOf(40));
  world.shard.close();
  dieAfter(world, 2);
  const first = runIn(
    world,
    pipelineOf(emitterOf(world), ({ n }) => n % 4 !== 0),
  );
  await world.clock.runUntil(() => first.eventsOf("emit-retry").length > 0);
  first.abort(new Error("killed"));
  await world.clock.run(first.done.catch(() => undefined));
  world.objects.onPut = () => undefined;
  await world.clock.run(runIn(world, pipelineOf(emitterOf(world), heirFilter)).done);
  expect(world.lease.violations).toEqual([]);
  return world;
}

describe("a batch of several objects", () => {
  it("is prepared with what became of each record, and a batch of one object is not", async () => {
    const world = createWorld(recordsOf(8));
    world.shard.close();
    const several = partitionedEmitter<Numbered>(world.objects, ({ n }) => `p${n % 2}`);
    await world.clock.run(
      runIn(
        world,
        pipelineOf(several, ({ n }) => n !== 3),
      ).done,
    );
    expect(world.lease.prepared.map(({ routes }) => routes)).toEqual(["3k1d4k"]);

    const other = createWorld(recordsOf(8));
    other.shard.close();
    const one = partitionedEmitter<Numbered>(other.objects, () => "p");
    await other.clock.run(runIn(other, pipelineOf(one)).done);
    expect(other.lease.prepared.map(({ routes }) => routes)).toEqual([undefined]);
  });

  it("lands once by a next owner whose partition function and filter say otherwise", async () => {
    const world = await crashAndInherit(
      ({ objects }) => partitionedEmitter<Numbered>(objects, fickle(5)),
      () => true,
    );
    expect(landed(world)).toEqual(numbers(40).filter((n) => n % 4 !== 0));
  });

  it("lands once when the next owner's filter drops more than the first owner's did", async () => {
    const world = await crashAndInherit(
      ({ objects }) => partitionedEmitter<Numbered>(objects, fickle(5)),
      ({ n }) => n % 2 === 1,
    );
    expect(landed(world)).toEqual(numbers(40).filter((n) => n % 4 !== 0));
  });

  it("keeps its objects when the next owner has to set entries aside", async () => {
    const world = createWorld(recordsOf(12));
    world.shard.close();
    const failWith = ({ output }: { readonly output: Numbered }) =>
      output.n % 5 === 2 ? ("dead-letter" as const) : undefined;
    const pipelineWith = (emitter: Emitter) =>
      definePipeline({ transformer: json<Numbered>(), emitter, deadLetters: world.deadLetters() });
    world.objects.onPut = () => {
      throw new Error("killed");
    };
    // The first owner refuses nothing and writes nothing; the next owner's destination is stricter.
    const first = runIn(world, pipelineWith(partitionedEmitter<Numbered>(world.objects, fickle(3))));
    await world.clock.runUntil(() => first.eventsOf("emit-retry").length > 0);
    first.abort(new Error("killed"));
    await world.clock.run(first.done.catch(() => undefined));
    const [prepared] = world.lease.prepared;
    const planned = prepared?.plan as PartitionedPlan;
    world.objects.onPut = () => undefined;
    const nextOwner = partitionedEmitter<Numbered>(world.objects, fickle(3), { failWith });
    await world.clock.run(runIn(world, pipelineWith(nextOwner)).done);
    expect(landed(world)).toEqual(numbers(12).filter((n) => n % 5 !== 2));
    expect(world.letters.entries).toHaveLength(2);
    for (const [key, { entries }] of world.objects.objects)
      for (const { output } of entries) expect(planned.keys[planned.indexes[output.n] ?? -1]).toBe(key);
  });
});

describe("a long plan", () => {
  it("is stored elsewhere before the batch is prepared with the short one", async () => {
    const world = createWorld(recordsOf(2000), { pageRecords: 500 });
    world.shard.close();
    const spill = memorySpill();
    const order: string[] = [];
    const emitter = partitionedEmitter<Numbered>(world.objects, ({ n }) => `${LONG_NAME}${n}`, {
      spill: {
        ...spill,
        store: (range, context) => {
          order.push(`store after ${writesOf(world.lease).join(",") || "nothing"}`);
          return spill.store(range, context);
        },
      },
    });
    const wide = { ...emitter, batching: { ...emitter.batching, maxPartitions: 5000 } };
    await world.clock.run(runIn(world, pipelineOf(wide)).done);
    expect(order).toEqual(["store after nothing"]);
    expect(world.lease.prepared.map(({ plan }) => plan)).toEqual([{ keys: [], indexes: [], spilledAs: "0" }]);
    expect(JSON.stringify(spill.plans.get("0")).length).toBeGreaterThan(32 * 1024);
    expect(landed(world)).toEqual(numbers(2000));
  });

  it("is stored again after a failed try, and the batch is not prepared before", async () => {
    const world = createWorld(recordsOf(500), { pageRecords: 500 });
    world.shard.close();
    const spill = memorySpill();
    let failures = 2;
    const emitter = partitionedEmitter<Numbered>(world.objects, ({ n }) => `${LONG_NAME}${n}`, {
      spill: {
        ...spill,
        store: (range, context) => {
          failures -= 1;
          if (failures >= 0) return Promise.reject(new Error("reset"));
          return spill.store(range, context);
        },
      },
    });
    const running = runIn(world, pipelineOf(emitter));
    await world.clock.run(running.done);
    expect(running.eventsOf("emit-retry").map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(landed(world)).toEqual(numbers(500));
  });

  it("is loaded by the next owner before anything else, and obeyed", async () => {
    const spill = memorySpill();
    const world = createWorld(recordsOf(480), { pageRecords: 500 });
    world.shard.close();
    const emitter = () => partitionedEmitter<Numbered>(world.objects, fickle(400, LONG_NAME), { spill });
    dieAfter(world, 100);
    const first = runIn(world, pipelineOf(emitter()));
    await world.clock.runUntil(() => first.eventsOf("emit-retry").length > 0);
    first.abort(new Error("killed"));
    await world.clock.run(first.done.catch(() => undefined));
    expect(spill.plans.size).toBe(1);
    world.objects.onPut = () => undefined;
    await world.clock.run(runIn(world, pipelineOf(emitter())).done);
    expect(landed(world)).toEqual(numbers(480));
    expect([...world.objects.objects.keys()].sort()).toEqual([...(spill.plans.get("0")?.keys ?? [])].sort());
  });
});
