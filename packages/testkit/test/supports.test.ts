import { type Emitter, KinesisConnectorError } from "@kinesis-connectors/core";
import {
  batchOf,
  batchOfEntries,
  contextOf,
  deliver,
  deliverStubbornly,
  entryOf,
  failureFrom,
  keepingLogger,
  planOf,
  thrownBy,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

/** Plans the ids of a batch, and fails as often as it is told before it emits. */
function failing(failures: Error[]): Emitter<number, { readonly total: number; readonly gone?: undefined }> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: ({ entries }) => ({ total: entries.length, gone: undefined }),
    emit: (batch, { plan }) => {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      const refused = batch.entries.slice(plan.total - 1);
      return Promise.resolve({
        failed: refused.map((entry) => ({ entry, action: "dead-letter", error: new Error("the last one") })),
      });
    },
  };
}

describe("a batch for tests", () => {
  it("has an id that follows from its range and owner, and from nothing else", () => {
    const one = batchOf(["a", "b"]);
    expect(batchOf(["c", "d"], { reason: "age", gap: true }).batchId).toBe(one.batchId);
    const others = [
      batchOf(["a"]),
      batchOf(["a", "b"], { shardId: "shardId-000000000004" }),
      batchOf(["a", "b"], { stream: "orders" }),
      batchOfEntries(one.entries, { last: { sequenceNumber: "7", subSequenceNumber: 1 } }),
    ];
    expect(new Set([one, ...others].map(({ batchId }) => batchId)).size).toBe(5);
    expect(one.batchId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("spans its entries and counts their records and bytes", () => {
    const shared = entryOf(1, "two", { partitionKey: "mine" });
    const batch = batchOfEntries<unknown>([
      entryOf(0, new Uint8Array(7)),
      shared,
      { ...shared, output: "three" },
    ]);
    expect(batch).toMatchObject({ recordCount: 2, bytes: 7 + 5 + 5 });
    expect(batch.last.sequenceNumber).toBe(shared.record.sequenceNumber);
    expect(shared.record.partitionKey).toBe("mine");
  });

  it("takes outputs that JSON cannot write", () => {
    const outputs = [undefined, 1n, { nested: 2n }, () => 1];
    expect(batchOf<unknown>(outputs).entries.map(({ output }) => output)).toEqual(outputs);
  });
});

describe("emitting in tests", () => {
  it("hands over the plan as it comes back from JSON", () => {
    expect(Object.keys(planOf(failing([]), batchOf([1])))).toEqual(["total"]);
  });

  it("hands over the plan and returns what failed", async () => {
    const batch = batchOf([1, 2, 3]);
    const { failed } = await deliver(failing([]), batch);
    expect(failed.map(({ entry }) => entry)).toEqual([batch.entries[2]]);
  });

  it("tries again after errors that pass, counts the tries and gives up at the last one", async () => {
    const passing = (): Error[] => [new Error("one"), new Error("two")];
    expect((await deliverStubbornly(failing(passing()), batchOf([1]), 3)).attempts).toBe(3);
    const given = await failureFrom(deliverStubbornly(failing(passing()), batchOf([1]), 2));
    expect(given.message).toBe("two");
  });

  it("does not try again after an error that stops the shard", async () => {
    const refused = new KinesisConnectorError("KC_EMIT_REFUSED", "no rights");
    const failures = [refused, new Error("never met")];
    expect(await failureFrom(deliverStubbornly(failing(failures), batchOf([1]), 9))).toBe(refused);
    expect(failures).toHaveLength(1);
  });

  it("has the same randomness in each context", () => {
    expect(contextOf(undefined).random.uuid()).toBe(contextOf(undefined).random.uuid());
  });
});

describe("catching what goes wrong", () => {
  it("returns the error, and fails where there is none", async () => {
    const error = new Error("wrong");
    const raise = (): never => {
      throw error;
    };
    expect(await failureFrom(Promise.reject(error))).toBe(error);
    expect(thrownBy(raise)).toBe(error);
    await expect(failureFrom(Promise.resolve())).rejects.toThrow("expected a rejection");
    expect(() => thrownBy(() => 1)).toThrow("expected an error");
  });

  it("keeps what is logged, with its fields", () => {
    const logger = keepingLogger();
    logger.warn({ records: 3 }, "slow");
    logger.debug({}, "quiet");
    expect(logger.lines).toEqual(['slow {"records":3}', "quiet {}"]);
  });
});
