import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  batchesOf,
  definePipeline,
  type FailedEntry,
  forEachRecord,
  handedBatches,
  handler,
  hasCode,
  json,
  poisonRecord,
  sleep,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, numbers, runIn } from "../support/world.js";

const rejectionOf = (run: { readonly done: Promise<unknown> }): Promise<unknown> =>
  run.done.then(
    () => "nothing",
    (error: unknown) => error,
  );

describe("handler()", () => {
  it("is given batches in order, and what it returns comes again or becomes a dead letter", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const given: number[][] = [];
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 5 },
      emitter: handler<Numbered>(({ entries }, { attempt }) => {
        given.push(entries.map(({ output }) => output.n));
        return entries.flatMap((entry): FailedEntry<Numbered>[] => {
          const error = new Error("refused");
          if (entry.output.n === 7) return [{ entry, action: "dead-letter", error }];
          return entry.output.n === 2 && attempt < 3 ? [{ entry, action: "retry", error }] : [];
        });
      }),
      deadLetters: world.deadLetters(),
    });
    await world.clock.run(runIn(world, pipeline).done);
    expect(given).toEqual([[0, 1, 2, 3, 4], [2], [2], [5, 6, 7, 8, 9]]);
    expect(world.letters.entries.map(({ output }) => Buffer.from(output.data, "base64").toString())).toEqual([
      '{"n":7}',
    ]);
  });

  it("is given the whole batch again when it throws, and stops the shard over a mistake in code", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    let calls = 0;
    const emitter = handler<Numbered>(() => {
      calls += 1;
      if (calls < 3) throw new Error("the database is away");
    });
    await world.clock.run(runIn(world, definePipeline({ transformer: json<Numbered>(), emitter })).done);
    expect(calls).toBe(3);
    const broken = handler<Numbered>(() => {
      (undefined as unknown as { x: () => void }).x();
    });
    const again = createWorld(recordsOf(3));
    again.shard.close();
    const run = runIn(again, definePipeline({ transformer: json<Numbered>(), emitter: broken }));
    expect(hasCode(await again.clock.run(rejectionOf(run)), "KC_EMITTER_BROKEN")).toBe(true);
    expect(again.lease.progress.checkpoint).toBeUndefined();
  });
});

describe("forEachRecord()", () => {
  it.each([1, 3, 100])(
    "handles %d records at once, those of a key in order and none before one that failed",
    async (concurrency) => {
      const records = recordsOf(60).map((record, index) =>
        Object.assign(record, { partitionKey: `key-${index % 4}` }),
      );
      const world = createWorld(records);
      world.shard.close();
      const done: number[] = [];
      const tries = new Map<number, number>();
      let inFlight = 0;
      let most = 0;
      const pipeline = definePipeline({
        transformer: json<Numbered>(),
        buffer: { maxRecords: 20 },
        emitter: forEachRecord<Numbered>(
          async ({ n }) => {
            inFlight += 1;
            most = Math.max(most, inFlight);
            await sleep(world.clock, 1 + (n % 7));
            inFlight -= 1;
            tries.set(n, (tries.get(n) ?? 0) + 1);
            if (n % 10 === 3 && tries.get(n)! < 3) throw new Error("not now");
            if (n === 31) throw poisonRecord("never");
            done.push(n);
          },
          { concurrency },
        ),
        deadLetters: world.deadLetters(),
      });
      await world.clock.run(runIn(world, pipeline).done);
      expect(done.toSorted((a, b) => a - b)).toEqual(numbers(60).filter((n) => n !== 31));
      for (const key of [0, 1, 2, 3]) {
        const ofKey = done.filter((n) => n % 4 === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
      expect(most).toBe(Math.min(concurrency, 4));
      expect(world.letters.entries).toHaveLength(1);
      expect([...tries].filter(([, count]) => count > 1).every(([n]) => n % 10 === 3)).toBe(true);
    },
  );

  it("stops the shard over a mistake in code, and commits nothing behind it", async () => {
    const world = createWorld(recordsOf(3));
    world.shard.close();
    const emitter = forEachRecord<Numbered>((order) => {
      (order as unknown as { missing: () => void }).missing();
    });
    const run = runIn(world, definePipeline({ transformer: json<Numbered>(), emitter }));
    expect(hasCode(await world.clock.run(rejectionOf(run)), "KC_EMITTER_BROKEN")).toBe(true);
  });

  it("calls the function no more once the shard is lost", async () => {
    const world = createWorld(recordsOf(10));
    let calls = 0;
    const emitter = forEachRecord<Numbered>(async () => {
      calls += 1;
      await sleep(world.clock, 10);
    });
    const run = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), buffer: { maxAgeMs: 1 }, emitter }),
    );
    await world.clock.advance(25);
    run.abort(new Error("lost"));
    await world.clock.advance(1000);
    await expect(run.done).rejects.toThrow("lost");
    expect(calls).toBeLessThan(5);
  });
});

describe("handlers", () => {
  const idle = (): Promise<void> => new Promise(() => undefined);

  it.each([
    ["handler()", handler<Numbered>(idle)],
    ["forEachRecord()", forEachRecord<Numbered>(idle)],
    ["forEachRecord() of several", forEachRecord<Numbered>(idle, { concurrency: 3 })],
  ])("%s that never look at their signal hold up no shard that was lost", async (_name, emitter) => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const run = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 4 }, emitter }),
    );
    await world.clock.advance(1000);
    run.abort(new Error("lost"));
    const late = world.clock.advance(60_000).then(() => "still there");
    expect(await Promise.race([rejectionOf(run), late])).toMatchObject({ message: "lost" });
  });

  it.each([1, 3])(
    "set aside what failed too often, and try what waited behind it, %d at once",
    async (concurrency) => {
      const records = recordsOf(6).map((record) => Object.assign(record, { partitionKey: "key" }));
      const world = createWorld(records);
      world.shard.close();
      const tried: number[] = [];
      const pipeline = definePipeline({
        transformer: json<Numbered>(),
        buffer: { maxRecords: 6 },
        emitter: forEachRecord<Numbered>(
          ({ n }) => {
            tried.push(n);
            if (n === 2 || n === 4) throw new Error("always");
          },
          { concurrency },
        ),
        deadLetters: world.deadLetters(),
        retry: { maxAttempts: 3 },
      });
      await world.clock.run(runIn(world, pipeline).done);
      expect(tried).toEqual([0, 1, 2, 2, 2, 3, 4, 4, 4, 5]);
      expect(
        world.letters.entries.map(({ output }) => Buffer.from(output.data, "base64").toString()),
      ).toEqual(['{"n":2}', '{"n":4}']);
    },
  );

  it("of several records at once begin no other record once one of them is at fault", async () => {
    const records = recordsOf(60).map((record, index) => Object.assign(record, { partitionKey: `${index}` }));
    const world = createWorld(records);
    world.shard.close();
    let calls = 0;
    const emitter = forEachRecord<Numbered>(
      async ({ n }) => {
        calls += 1;
        await Promise.resolve();
        if (n === 0) throw new TypeError("a mistake");
      },
      { concurrency: 4 },
    );
    const run = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 60 }, emitter }),
    );
    expect(hasCode(await world.clock.run(rejectionOf(run)), "KC_EMITTER_BROKEN")).toBe(true);
    expect(calls).toBeLessThan(12);
  });
});

describe("handedBatches()", () => {
  const pipelineIn = (maxRecords: number) => {
    const pipeline = definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords },
      emitter: handedBatches<Numbered>(),
    });
    return { pipeline, queue: batchesOf(pipeline.emitter)! };
  };

  it("hands out one batch at a time, reads no further than the next one, and moves the checkpoint at commit alone", async () => {
    const world = createWorld(recordsOf(100), { pageRecords: 10 });
    const { pipeline, queue } = pipelineIn(5);
    const run = runIn(world, pipeline);
    await world.clock.advance(60_000);
    const first = (await queue.next())!;
    expect(first.entries.map(({ output }) => output.n)).toEqual([0, 1, 2, 3, 4]);
    await world.clock.advance(60_000);
    // One in hand, one full behind it, and a page that was read ahead.
    expect(world.gate.count("next")).toBeLessThan(5);
    expect(world.lease.progress.checkpoint).toBeUndefined();
    await first.commit();
    expect(world.lease.progress.checkpoint?.sequenceNumber).toBe(first.entries.at(-1)?.record.sequenceNumber);
    const second = await world.clock.run(queue.next());
    expect(second?.entries.map(({ output }) => output.n)).toEqual([5, 6, 7, 8, 9]);
    await expect(first.commit()).rejects.toThrow("before");
    run.abort(new Error("lost"));
    await expect(run.done).rejects.toThrow("lost");
    await expect(second?.commit()).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(second?.signal.aborted).toBe(true);
  });

  it("hands out again what failed, whole or in part, before the checkpoint moves", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const { pipeline, queue } = pipelineIn(4);
    const run = runIn(world, pipeline);
    const first = await world.clock.run(queue.next());
    first!.fail(new Error("not now"));
    const again = await world.clock.run(queue.next());
    expect([again?.attempt, again?.entries.length]).toEqual([2, 4]);
    await again!.commit([{ entry: again!.entries[1]!, action: "retry", error: new Error("this one") }]);
    const rest = await world.clock.run(queue.next());
    expect(rest?.entries.map(({ output }) => output.n)).toEqual([1]);
    expect(world.lease.progress.checkpoint).toBeUndefined();
    await rest!.commit();
    await world.clock.run(run.done);
  });

  it("keeps nothing of a batch that is done: its shard's signal, which lives on, is not asked about it any more", async () => {
    const world = createWorld(recordsOf(60));
    world.shard.close();
    const { pipeline, queue } = pipelineIn(2);
    const run = runIn(world, pipeline);
    const first = (await world.clock.run(queue.next()))!;
    const before = getEventListeners(first.signal, "abort").length;
    let last = first;
    for (let n = 0; n < 20; n += 1) {
      if (n % 3 === 0) last.fail(new Error("not now"));
      else if (n % 3 === 1)
        await last.commit([{ entry: last.entries[0]!, action: "retry", error: new Error("this one") }]);
      else await last.commit();
      last = (await world.clock.run(queue.next()))!;
    }
    expect(getEventListeners(last.signal, "abort").length).toBe(before);
    run.abort(new Error("enough"));
    await expect(run.done).rejects.toThrow("enough");
  });

  it("tells whoever waits for the checkpoint when the shard stops before it moves", async () => {
    const world = createWorld(recordsOf(4));
    world.shard.close();
    const pipeline = definePipeline({
      transformer: json<Numbered>().to((model) => {
        if (model.n === 1) throw new Error("bad");
        return model;
      }),
      buffer: { maxRecords: 4 },
      emitter: handedBatches<Numbered>(),
      deadLetters: {
        capabilities: { duplicates: "possible", ordering: "none" },
        emit: ({ entries }) =>
          Promise.resolve({
            failed: entries.map((entry) => ({ entry, action: "dead-letter", error: new Error("no") })),
          }),
      },
    });
    const run = runIn(world, pipeline);
    const batch = (await world.clock.run(batchesOf(pipeline.emitter)!.next()))!;
    const commit = batch.commit().then(
      () => "committed",
      (error: unknown) => (hasCode(error, "KC_EMIT_FAILED") ? "told" : error),
    );
    expect(hasCode(await world.clock.run(rejectionOf(run)), "KC_EMIT_FAILED")).toBe(true);
    expect(
      await Promise.race([commit, world.clock.run(sleep(world.clock, 60_000)).then(() => "waiting")]),
    ).toBe("told");
  });

  it("hands a batch that was put back to whoever waits, and ends with its emitter", async () => {
    const world = createWorld(recordsOf(2));
    world.shard.close();
    const { pipeline, queue } = pipelineIn(2);
    const run = runIn(world, pipeline);
    const first = (await world.clock.run(queue.next()))!;
    const waiting = queue.next();
    queue.putBack(first);
    expect(await waiting).toBe(first);
    await first.commit();
    queue.putBack(first);
    await world.clock.run(run.done);
    const last = queue.next();
    await pipeline.emitter.close?.();
    expect(await last).toBeUndefined();
    expect(await queue.next()).toBeUndefined();
  });
});
