import { bytes, definePipeline, type Emitter, hasCode, json } from "@kinesis-connectors/core";
import { recordsOf, runPipeline } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

interface Order {
  readonly total: number;
}

/** Never called: a run replaces it. */
function elsewhere<Output>(sizeOf?: (output: Output) => number): Emitter<Output> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    ...(sizeOf === undefined ? {} : { sizeOf }),
    emit: () => Promise.reject(new Error("a run must not reach the destination")),
  };
}

const totals = (count: number): string[] =>
  Array.from({ length: count }, (_, total) => JSON.stringify({ total }));

describe("runPipeline", () => {
  it("transforms, filters, and commits the last record read", async () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => order.total * 2),
      filter: (order) => order.total % 2 === 1,
      emitter: elsewhere<number>(),
    });
    const records = recordsOf(totals(6));
    const run = await runPipeline(pipeline, records);
    expect(run.failure).toBeUndefined();
    expect(run.outputs).toEqual([2, 6, 10]);
    expect(run.deadLetters).toEqual([]);
    expect(run.checkpoints.at(-1)).toEqual({
      sequenceNumber: records.at(-1)?.sequenceNumber,
      subSequenceNumber: 0,
    });
    expect(run.events.at(-1)?.type).toBe("shard-end");
  });

  it("shows the batches that the buffer makes by records, by bytes as the emitter counts them, and by age", async () => {
    const transformer = json<Order>().to((order) => order.total);
    const batchesOf = async (
      buffer: { maxRecords?: number; maxBytes?: number; maxAgeMs?: number },
      pageMs = 0,
    ) => {
      const emitter = elsewhere<number>(() => 100);
      const pipeline = definePipeline({ transformer, buffer, emitter });
      return (await runPipeline(pipeline, recordsOf(totals(6)), { pageRecords: 1, pageMs })).batches;
    };
    expect(await batchesOf({ maxRecords: 4 })).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    expect(await batchesOf({ maxBytes: 200 })).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(await batchesOf({ maxAgeMs: 60_000 }, 40_000)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(await batchesOf({})).toEqual([[0, 1, 2, 3, 4, 5]]);
  });

  it("gives dead letters with the reason and the bytes of the record", async () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => order.total),
      emitter: elsewhere<number>(),
      deadLetters: elsewhere(),
    });
    const records = recordsOf(['{"total":1}', "not JSON", '{"total":3}']);
    const run = await runPipeline(pipeline, records);
    expect(run.outputs).toEqual([1, 3]);
    expect(run.deadLetters.map(({ sequenceNumber, data }) => [sequenceNumber, atob(data)])).toEqual([
      [records[1]?.sequenceNumber, "not JSON"],
    ]);
  });

  it("tells what stopped a pipeline without dead letters, and how far it came", async () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => order.total),
      emitter: elsewhere<number>(),
    });
    const records = recordsOf(['{"total":1}', "not JSON", '{"total":3}']);
    const run = await runPipeline(pipeline, records);
    expect(hasCode(run.failure, "KC_RECORD_POISON")).toBe(true);
    expect(run.outputs).toEqual([1]);
    expect(run.checkpoints.map(({ sequenceNumber }) => sequenceNumber)).toEqual([records[0]?.sequenceNumber]);
  });

  it("tries again what the destination does not take for now, and sets aside what it never takes", async () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => order.total),
      emitter: elsewhere<number>(),
      deadLetters: elsewhere(),
    });
    const run = await runPipeline(pipeline, recordsOf(totals(4)), {
      refuse: (total, attempt) => {
        if (total === 3) return "dead-letter";
        return total === 1 && attempt < 3 ? "retry" : undefined;
      },
    });
    expect(run.batches).toEqual([[0, 2], [1]]);
    expect(run.deadLetters.map(({ data }) => atob(data))).toEqual(['{"total":3}']);
    expect(run.events.filter(({ type }) => type === "emit-retry")).toHaveLength(2);
  });

  it("runs the time-out of a transformer that never settles without waiting for it", async () => {
    const pipeline = definePipeline({
      transformer: {
        toModel: ({ data }) => (data.length === 0 ? new Promise<never>(() => undefined) : data.length),
        fromModel: (length: number) => length,
      },
      transformTimeoutMs: 3_600_000,
      emitter: elsewhere<number>(),
      deadLetters: elsewhere(),
    });
    const run = await runPipeline(pipeline, recordsOf(["abc", "", "d"]));
    expect(run.outputs).toEqual([3, 1]);
    expect(run.deadLetters.map(({ errorCode }) => errorCode)).toEqual(["KC_TRANSFORM_TIMEOUT"]);
  });

  it("is the same run for the same seed", async () => {
    const pipeline = definePipeline({
      transformer: bytes().original(),
      emitter: elsewhere<Uint8Array>(),
      deadLetters: elsewhere(),
    });
    const run = async (seed: number) =>
      runPipeline(pipeline, recordsOf(["a", "b"]), {
        seed,
        refuse: (_, attempt) => (attempt < 4 ? "retry" : undefined),
      });
    expect((await run(7)).events).toEqual((await run(7)).events);
    expect((await run(7)).events).not.toEqual((await run(8)).events);
  });
});
