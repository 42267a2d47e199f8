import { sleep } from "@kinesis-connectors/core";
import { virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";

import type { KinesisEvent, KinesisHandler } from "../src/index.js";
import { type DiscardedBatch, eventSource, type EventSourceOptions } from "../src/testing/index.js";
import { FakeStream, shardIdOf } from "./support/fake-stream.js";

const S0 = shardIdOf(0);

/** A function that is told what to do with the numbers it is handed, and the batches that it was handed. */
function setUp(
  options: Partial<EventSourceOptions>,
  handle: (numbers: readonly number[], call: number) => unknown,
) {
  const clock = virtualClock();
  const stream = new FakeStream(clock, 1);
  const batches: (readonly number[])[] = [];
  const discarded: DiscardedBatch[] = [];
  const handler: KinesisHandler = async (event) => {
    const numbers = numbersOf(event);
    batches.push(numbers);
    const answer = await handle(numbers, batches.length);
    if (typeof answer !== "number") return { batchItemFailures: [] };
    const { kinesis } = event.Records[answer] ?? {};
    return { batchItemFailures: [{ itemIdentifier: kinesis?.sequenceNumber ?? "" }] };
  };
  const source = eventSource({
    kinesis: stream.api(),
    handler,
    clock,
    onDiscard: (batch) => void discarded.push(batch),
    ...options,
  });
  const put = (count: number, key?: (number: number) => string): void => {
    for (let number = 1; number <= count; number += 1) stream.putRecord(S0, `${number}`, key?.(number));
  };
  return { clock, stream, source, batches, discarded, put, run: () => clock.run(source.run(), 1e10) };
}

function numbersOf(event: KinesisEvent): readonly number[] {
  return event.Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, "base64").toString()));
}

describe("an event source", () => {
  test("hands batches over in order, each until it is done", async () => {
    const { put, run, batches, source } = setUp({ batchSize: 3 }, (_, call) => {
      if (call === 2) throw new Error("once");
    });
    put(7);
    await run();
    expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [4, 5, 6], [7]]);
    expect(source.counts).toMatchObject({ invocations: 4, records: 10, failed: 1 });
  });

  test("goes on where an answer says", async () => {
    const { put, run, batches } = setUp({ batchSize: 5 }, (_, call) => (call === 1 ? 3 : undefined));
    put(6);
    await run();
    expect(batches).toEqual([[1, 2, 3, 4, 5], [4, 5], [6]]);
  });

  test("bisects what failed, and uses up no retries by that", async () => {
    const { put, run, batches, discarded, source } = setUp(
      { batchSize: 8, bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 },
      (numbers) => {
        if (numbers.includes(6)) throw new Error("poison");
      },
    );
    put(8);
    await run();
    expect(batches).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [5, 6],
      [5],
      [6],
      [6],
      [7, 8],
    ]);
    expect(discarded).toMatchObject([{ condition: "RetryAttemptsExhausted", batchSize: 1, shardId: S0 }]);
    expect(source.counts.bisected).toBe(3);
  });

  test("gives records up after their retries, and tells its destination which", async () => {
    const { put, run, batches, discarded, stream } = setUp(
      { batchSize: 2, maximumRetryAttempts: 2 },
      (numbers) => {
        if (numbers.includes(1)) throw new Error("poison");
      },
    );
    put(4);
    await run();
    expect(batches).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [3, 4],
    ]);
    const numbers = stream.put.map(({ position }) => position.slice(0, -2));
    expect(discarded).toEqual([
      {
        shardId: S0,
        condition: "RetryAttemptsExhausted",
        batchSize: 2,
        startSequenceNumber: numbers[0],
        endSequenceNumber: numbers[1],
      },
    ]);
  });

  test("gives records up that have grown too old", async () => {
    const { put, run, batches, discarded, clock } = setUp(
      { batchSize: 2, maximumRecordAgeInSeconds: 60 },
      () => undefined,
    );
    put(2);
    await clock.advance(61_000);
    put(1);
    await run();
    expect(batches).toEqual([[1]]);
    expect(discarded).toMatchObject([{ condition: "RecordAgeExceeded", batchSize: 2 }]);
  });

  test("cuts batches anew when it hands them over again", async () => {
    const cuts = new Set<number>();
    const { put, run } = setUp({ batchSize: 10, faults: { cutAnew: 1 }, seed: 5 }, (numbers, call) => {
      if (numbers[0] === 1) cuts.add(numbers.length);
      if (call < 8) throw new Error("again");
    });
    put(30);
    await run();
    expect(cuts.size).toBeGreaterThan(2);
  });

  test("gives an invocation up after its time, and one whose answer was lost", async () => {
    const { put, run, batches, source, clock } = setUp({ timeoutMs: 1_000 }, async (_, call) => {
      if (call === 1) await sleep(clock, 2_000);
    });
    put(1);
    await run();
    expect(batches).toEqual([[1], [1]]);
    expect(source.counts).toMatchObject({ timedOut: 1, failed: 1 });
    const lost = setUp({ faults: { replyLost: 0.5 }, seed: 3 }, () => undefined);
    lost.put(1);
    await lost.run();
    expect(lost.source.counts.repliesLost).toBeGreaterThan(0);
    expect(lost.batches).toHaveLength(lost.source.counts.repliesLost + 1);
  });

  test("hands several batches of a shard over at a time, each partition key in its order", async () => {
    let atOnce = 0;
    let most = 0;
    const order = new Map<number, number[]>();
    const { put, run, clock } = setUp({ batchSize: 4, parallelizationFactor: 3 }, async (numbers) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await sleep(clock, 10 * (numbers[0] ?? 0));
      for (const number of numbers) order.set(number % 5, [...(order.get(number % 5) ?? []), number]);
      atOnce -= 1;
    });
    put(40, (number) => `key-${number % 5}`);
    await run();
    expect(most).toBeGreaterThan(1);
    for (const numbers of order.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect([...order.values()].flat()).toHaveLength(40);
  });

  test("keeps parents before their children", async () => {
    const { stream, put, run, batches } = setUp({ batchSize: 10 }, () => undefined);
    put(2);
    for (const [index, child] of stream.split(S0).entries()) stream.putRecord(child, `${10 + index}`);
    await run();
    expect(batches[0]).toEqual([1, 2]);
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 10, 11]);
  });

  test("cuts a batch where the payload is full", async () => {
    const { stream, run, source, batches } = setUp({ batchSize: 10_000 }, () => undefined);
    for (let number = 1; number <= 6; number += 1) stream.putRecord(S0, `${number}`.padStart(1_000_000, "0"));
    await run();
    expect(batches).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(source.counts.invocations).toBe(2);
  });

  test("goes on in a second run where the first one ended", async () => {
    const { put, run, batches } = setUp({ batchSize: 2 }, () => undefined);
    put(3);
    await run();
    put(1);
    await run();
    expect(batches).toEqual([[1, 2], [3], [1]]);
  });

  test.each([
    [{ batchSize: 10_001 }, "batchSize"],
    [{ parallelizationFactor: 11 }, "parallelizationFactor"],
    [{ maximumRetryAttempts: -2 }, "maximumRetryAttempts"],
    [{ bisect: true }, "bisectBatchOnFunctionError"],
  ])("refuses %j", (given, message) => {
    expect(() => setUp(given as Partial<EventSourceOptions>, () => undefined)).toThrow(message);
  });
});
