import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { sleep } from "@kinesis-connectors/core";
import { seededRandom } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";

import { sandboxOf, type SandboxInside } from "../src/testing/index.js";
import { bucketEmitter } from "./support/bucket.js";
import { clicksPipeline, compare, createWorld, type World } from "./support/world.js";

/** A worker of the same application, on the same rows, stream and bucket; it dies by being killed. */
async function startWorker(world: World, seed: number): Promise<{ connector: Connector; kill: () => void }> {
  let inside: SandboxInside | undefined;
  // Only for its clock, which stands still once it was killed.
  const sandbox = sandboxOf(world.clock, (given) => {
    inside = given;
    return () => Promise.reject(new Error("it is a worker"));
  });
  if (inside === undefined) throw new Error("no sandbox");
  const { clock, running } = inside;
  const random = seededRandom(seed);
  const leaving = async <Result>(call: () => Result): Promise<Result> => {
    await running();
    await sleep(clock, 5 + random.next() * 50);
    await running();
    const result = call();
    await sleep(clock, random.next() * 20);
    await running();
    return result;
  };
  const starting = startConnector({
    application: "clicks",
    stream: "clicks",
    pipeline: clicksPipeline(world.bucket, leaving, random),
    kinesisApi: world.stream.api(),
    leaseTable: world.leases.connect(),
    leases: { failoverTimeMs: 3_000, bootstrapJitterMs: 0 },
    clock,
    random,
  });
  return { connector: await world.clock.run(starting), kill: () => sandbox.kill() };
}

/** Lets the worker read all that there is. */
async function settle(world: World, worker: Awaited<ReturnType<typeof startWorker>>): Promise<void> {
  await world.clock.advance(60_000);
  await world.clock.run(worker.connector.stop());
}

describe("an application moves", () => {
  test("from a function to workers and back, each dying in the middle of its work", async () => {
    let inherited = 0;
    for (let seed = 1; seed <= 5; seed += 1) {
      const world = createWorld({
        seed,
        source: { batchSize: 40, faults: { killed: 0.5, frozen: 0.2, withinMs: 150, thawMs: 5_000 } },
        refusals: 0.1,
      });
      for (let round = 0; round < 3; round += 1) {
        world.putSome(60);
        // What is killed in the middle leaves a prepared batch in the row now and then.
        await world.run(300 + seed * 60);
        for (const row of world.leases.rows.values()) if (row.pending !== undefined) inherited += 1;
        world.putSome(40);
        const dying = await startWorker(world, seed * 10 + round);
        await world.clock.advance(300 + seed * 40);
        dying.kill();
      }
      world.bucket.refuses = () => false;
      await settle(world, await startWorker(world, seed));
      expect({ seed, ...compare(world) }).toEqual({ seed, lost: [], duplicated: [] });
      for (const row of world.leases.rows.values()) expect(row.pending).toBeUndefined();
    }
    expect(inherited).toBeGreaterThan(3);
  });

  test("from a function that prepared a batch and died to a worker, which finishes exactly that batch", async () => {
    const world = createWorld({
      shardCount: 1,
      source: { batchSize: 1_000, timeoutMs: 3_000 },
      pipelineOf: (leaving) => {
        const pipeline = clicksPipeline(world.bucket, leaving, { next: () => 0.999, uuid: () => "" });
        return {
          ...pipeline,
          emitter: {
            ...pipeline.emitter,
            // The write arrives, and its answer never does.
            emit: async (batch, context) => {
              await bucketEmitter(world.bucket, leaving).emit(batch, context);
              return await new Promise(() => undefined);
            },
          },
        };
      },
    });
    world.putSome(25);
    // The invocation is given up, and killed.
    await world.run(100);
    const [shardId = ""] = world.stream.openShardIds;
    expect(world.leases.rows.get(shardId)?.pending).toBeDefined();
    expect(world.bucket.objects.size).toBe(1);
    const worker = await startWorker(world, 3);
    await settle(world, worker);
    expect(compare(world)).toEqual({ lost: [], duplicated: [] });
  });

  test("from a worker that prepared a batch and died to a function, which reads what its event does not hold from the stream", async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const world = createWorld({ seed, shardCount: 1, source: { batchSize: 3 } });
      world.putSome(30);
      const worker = await startWorker(world, seed);
      const [shardId = ""] = world.stream.openShardIds;
      // In the middle of its first batches.
      await world.clock.run(
        (async () => {
          while (world.leases.rows.get(shardId)?.pending === undefined) await sleep(world.clock, 5);
        })(),
      );
      worker.kill();
      expect(world.leases.rows.get(shardId)?.pending).toBeDefined();
      await world.run();
      expect({ seed, ...compare(world) }).toEqual({ seed, lost: [], duplicated: [] });
      expect(world.leases.rows.get(shardId)?.pending).toBeUndefined();
    }
  });

  test("to a function from workers that have read the shard to its end: nothing comes again", async () => {
    const world = createWorld({ shardCount: 1 });
    world.putSome(40);
    const worker = await startWorker(world, 1);
    await world.clock.advance(5_000);
    world.stream.split(world.stream.openShardIds[0] ?? "");
    world.putSome(40);
    await settle(world, worker);
    const objects = world.bucket.objects.size;
    await world.run();
    expect(world.bucket.objects.size).toBe(objects);
    expect(world.warnings.filter((line) => line.includes("deleted and made again"))).toHaveLength(1);
    expect(compare(world)).toEqual({ lost: [], duplicated: [] });
  });
});
