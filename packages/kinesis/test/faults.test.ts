import { contextOf, deliver, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode, silentLogger } from "@kinesis-connectors/core";
import {
  batchOf,
  emitUntilWritten,
  type Given,
  type LocalTarget,
  remainderOf,
  startTarget,
  TARGET,
} from "./support.js";

const MiB = 1024 * 1024;
const numbered = (count: number, keyOf: (index: number) => string): Given<string>[] =>
  Array.from({ length: count }, (_, index) => ({ output: `${index}`, partitionKey: keyOf(index) }));
const ownKeys = (count: number): Given<string>[] => numbered(count, (index) => `key-${index}`);
/** What landed of one key, in order. */
const ofKey = (target: LocalTarget, key: string): string[] =>
  target
    .landed()
    .filter(({ partitionKey }) => partitionKey === key)
    .map(({ text }) => text);

describe("PutRecords that fails in parts", () => {
  it("F57 one of 500 is throttled: only that one goes again, and nothing lands twice", async () => {
    await using target = await startTarget();
    target.fault({ kind: "partial-failure", indexes: [123] });
    const emitter = target.emitter<string>();
    const batch = batchOf(ownKeys(500));
    const first = await deliver(emitter, batch);
    expect(first.failed).toHaveLength(1);
    expect(first.failed[0]).toMatchObject({ action: "retry" });
    expect(first.failed[0]?.entry).toBe(batch.entries[123]);
    expect(first.failed[0]?.error.name).toBe("ProvisionedThroughputExceededException");
    expect(target.texts()).toHaveLength(499);

    expect(await deliver(emitter, remainderOf(batch, first))).toEqual({ failed: [] });
    expect(target.requests()).toEqual([500, 1]);
    expect(target.texts().toSorted()).toEqual(batch.entries.map(({ output }) => output).toSorted());
  });

  it("F57 the order of a key is kept: what follows a throttled record of its key waits behind it", async () => {
    await using target = await startTarget();
    // The third request carries the third record of the one key.
    target.fault({ kind: "partial-failure", indexes: [0] }, { nth: 3 });
    const emitter = target.emitter<string>();
    const batch = batchOf(numbered(6, () => "one"));
    const first = await deliver(emitter, batch);
    expect(ofKey(target, "one")).toEqual(["0", "1"]);
    expect(first.failed.map(({ entry }) => entry.output)).toEqual(["2", "3", "4", "5"]);
    await deliver(emitter, remainderOf(batch, first));
    expect(ofKey(target, "one")).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("F59 a record that fails with another code is tried again alone; the delivered ones are not sent again", async () => {
    await using target = await startTarget();
    target.fault({ kind: "partial-failure", indexes: [2, 5], code: "InternalFailure" });
    const batch = batchOf(ownKeys(10));
    expect(await emitUntilWritten(target.emitter<string>(), batch)).toEqual([]);
    expect(target.requests()).toEqual([10, 2]);
    expect(target.texts()).toHaveLength(10);
  });

  it("F59 a request that fails after others were written has only its own records sent again", async () => {
    await using target = await startTarget();
    target.fault({ kind: "error", status: 500, code: "InternalFailureException" }, { nth: 2 });
    const batch = batchOf(ownKeys(1200));
    const emitter = target.emitter<string>();
    const first = await deliver(emitter, batch);
    expect(first.failed).toHaveLength(700);
    expect(await emitUntilWritten(emitter, remainderOf(batch, first))).toEqual([]);
    expect(target.texts()).toHaveLength(1200);
  });

  it("F61 a hot key that is throttled stops no other key", async () => {
    await using target = await startTarget();
    // The first record of the batch is of the hot key, and the first request begins with it.
    target.fault({ kind: "partial-failure", indexes: [0] });
    const keyOf = (index: number): string => (index % 10 === 0 ? "hot" : `key-${index}`);
    const batch = batchOf(numbered(2000, keyOf));
    const emitter = target.emitter<string>();
    const first = await deliver(emitter, batch);
    expect(new Set(first.failed.map(({ entry }) => entry.record.partitionKey))).toEqual(new Set(["hot"]));
    expect(first.failed).toHaveLength(200);
    expect(target.texts()).toHaveLength(1800);
    await emitUntilWritten(emitter, remainderOf(batch, first));
    expect(ofKey(target, "hot")).toEqual(Array.from({ length: 200 }, (_, index) => `${index * 10}`));
  });

  it("F61 a shard over its rate stops no other shard", async () => {
    await using target = await startTarget({ limits: { writeRecordsPerSecond: 5 } });
    const batch = batchOf(ownKeys(40));
    const { failed } = await deliver(target.emitter<string>(), batch);
    const shards = new Set(target.landed().map(({ shardId }) => shardId));
    expect(shards.size).toBe(2);
    expect(failed.every(({ action }) => action === "retry")).toBe(true);
    expect(failed.length + target.texts().length).toBe(40);
    expect(failed.length).toBeGreaterThan(0);
  });

  it.each([1, 2, 3, 4, 5])(
    "keeps the order of each key in the target under random refusals and lost replies (seed %i)",
    async (seed) => {
      await using target = await startTarget({ seed, shardCount: 3 });
      target.fault({ kind: "partial-failure", share: 0.3 }, { times: "always", probability: 0.5 });
      target.fault({ kind: "reply-lost" }, { times: 3, probability: 0.1 });
      const keyOf = (index: number): string => `key-${(index * seed * 7) % 13}`;
      const batch = batchOf(numbered(300, keyOf));
      expect(await emitUntilWritten(target.emitter<string>(), batch)).toEqual([]);
      for (const key of new Set(batch.entries.map(({ record }) => record.partitionKey))) {
        const expected = batch.entries.filter(({ record }) => record.partitionKey === key);
        // A lost reply may leave a record twice; its first arrival counts.
        expect([...new Set(ofKey(target, key))]).toEqual(expected.map(({ output }) => output));
      }
    },
  );
});

describe("records and batches over the limits", () => {
  it("F58 a batch over the limits is split; one record over them is a dead letter", async () => {
    await using target = await startTarget();
    const sizes = [1 * MiB, 1 * MiB - 5, 700_000, 1 * MiB + 1, ...Array.from({ length: 8 }, () => MiB - 5)];
    const batch = batchOf<Uint8Array>(
      sizes.map((size, index) => ({ output: new Uint8Array(size), partitionKey: `key${index % 10}x` })),
    );
    const { failed } = await deliver(target.emitter<Uint8Array>(), batch);
    expect(failed.map(({ entry, action }) => [batch.entries.indexOf(entry), action])).toEqual([
      [0, "dead-letter"],
      [3, "dead-letter"],
    ]);
    expect(failed[0]?.error).toMatchObject({ code: "KC_RECORD_POISON" });
    expect(failed[0]?.error.message).toContain(`${MiB + 5} bytes`);
    expect(target.stored()).toHaveLength(10);
    expect(target.requests().length).toBeGreaterThan(1);
  });

  it("F58 streams of larger records get them, in requests of up to 10 MiB", async () => {
    await using target = await startTarget();
    const arn = `arn:aws:kinesis:eu-central-1:000000000000:stream/${TARGET}`;
    target.aws.kinesis.call("UpdateMaxRecordSize", { StreamARN: arn, MaxRecordSizeInKiB: 10_240 });
    const large = [4, 4, 4, 9].map((size, index): Given<Uint8Array> => ({
      output: new Uint8Array(size * MiB),
      partitionKey: `k${index}`,
    }));
    const emitter = target.emitter<Uint8Array>({ maxRecordBytes: 10 * MiB, streamArn: arn });
    expect(await deliver(emitter, batchOf(large))).toEqual({ failed: [] });
    expect(target.requests()).toEqual([2, 1, 1]);
  });

  it("F58 an option that allows more than the stream does stops the shard and names the option", async () => {
    await using target = await startTarget();
    const emitter = target.emitter<Uint8Array>({ maxRecordBytes: 2 * MiB });
    const error = await failureFrom(deliver(emitter, batchOf([{ output: new Uint8Array(2 * MiB - 10) }])));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain("maxRecordBytes");
  });
});

describe("a request that fails as a whole", () => {
  it("rejects when nothing is written, so that the engine repeats it without counting it against the records", async () => {
    await using target = await startTarget();
    target.fault({ kind: "error", status: 400, code: "ProvisionedThroughputExceededException" });
    const error = await failureFrom(deliver(target.emitter<string>(), batchOf(ownKeys(3))));
    expect(error.name).toBe("ProvisionedThroughputExceededException");
    expect(target.texts()).toEqual([]);
  });

  it.each([
    ["ResourceNotFoundException", "create the stream"],
    ["AccessDeniedException", "kinesis:PutRecords"],
    ["KMSDisabledException", "KMS key"],
    ["UnrecognizedClientException", "check the credentials"],
  ])("%s stops the shard and says what to do", async (code, cure) => {
    await using target = await startTarget();
    target.fault({ kind: "error", status: 400, code });
    const error = await failureFrom(deliver(target.emitter<string>(), batchOf(ownKeys(3))));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain(cure);
    expect(error.message).toContain(TARGET);
  });

  it("expired credentials are fetched anew once, and then waited for: whoever provides them may be away", async () => {
    await using target = await startTarget();
    let fetched = 0;
    const credentials = () => {
      fetched += 1;
      return Promise.resolve({ accessKeyId: "local", secretAccessKey: "local" });
    };
    const emitter = target.emitter<string>({ credentials });
    target.fault({ kind: "error", status: 400, code: "ExpiredTokenException" });
    expect(await deliver(emitter, batchOf(ownKeys(3)))).toEqual({ failed: [] });
    expect(fetched).toBe(2);
    target.fault({ kind: "error", status: 400, code: "ExpiredTokenException" }, { times: "always" });
    const error = await failureFrom(deliver(emitter, batchOf(ownKeys(3))));
    expect(error.name).toBe("ExpiredTokenException");
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(false);
  });

  it("an expired session that the caller gave as an object stops: nothing fetches another one", async () => {
    await using target = await startTarget();
    target.fault({ kind: "error", status: 400, code: "ExpiredTokenException" }, { times: "always" });
    const error = await failureFrom(deliver(target.emitter<string>(), batchOf(ownKeys(3))));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain("renew the session's credentials");
  });

  it("gives a request up when its time is over", async () => {
    await using target = await startTarget();
    target.fault({ kind: "delay", delayMs: 3_600_000 });
    // Long enough for the second request on a busy machine.
    const emitter = target.emitter<string>({ requestTimeoutMs: 2_000 });
    expect((await failureFrom(deliver(emitter, batchOf(ownKeys(3))))).name).toBe("TimeoutError");
    expect(await deliver(emitter, batchOf(ownKeys(3)))).toEqual({ failed: [] });
  });

  it("an abort after some requests rejects with its reason", async () => {
    await using target = await startTarget();
    const aborting = new AbortController();
    const reason = new Error("lease lost");
    const fired = target.fault({ kind: "delay", delayMs: 3_600_000 }, { nth: 2 });
    const emission = target
      .emitter<string>()
      .emit(batchOf(ownKeys(600)), contextOf(undefined, { signal: aborting.signal }));
    const failure = failureFrom(emission);
    while (fired() === 0) await new Promise(setImmediate);
    aborting.abort(reason);
    expect(await failure).toBe(reason);
  });
});

describe("the look at the target before the first shard", () => {
  const context = { signal: new AbortController().signal, logger: silentLogger };

  it("names a missing stream and the cure", async () => {
    await using target = await startTarget();
    const error = await failureFrom(
      Promise.resolve(target.emitter({ stream: "no-such-stream" }).open?.(context)),
    );
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain('"no-such-stream"');
  });

  it("says so when nobody answers", async () => {
    await using target = await startTarget();
    const emitter = target.emitter({ endpoint: "http://127.0.0.1:1" });
    expect((await failureFrom(Promise.resolve(emitter.open?.(context)))).message).toContain(
      "cannot be reached",
    );
  });

  it("goes on where looking is not allowed, because putting may be", async () => {
    await using target = await startTarget();
    target.aws.faults.add({
      operation: "DescribeStreamSummary",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    const emitter = target.emitter<string>();
    await emitter.open?.(context);
    expect(await deliver(emitter, batchOf(ownKeys(1)))).toEqual({ failed: [] });
    expect(target.aws.faults.unfired()).toEqual([]);
  });
});
