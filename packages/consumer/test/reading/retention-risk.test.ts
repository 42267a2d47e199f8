import { describe, expect, it } from "vitest";

import type { ReadEvent } from "../../src/reading/read-events.js";
import { RetentionWatch } from "../../src/reading/retention-watch.js";
import { breathe } from "./virtual-time.js";
import { type ReadingFixture, SHARD, startReading, STREAM } from "./support.js";

const HOUR_MS = 3_600_000;

type Risk = Extract<ReadEvent, { type: "retention-risk" }>;

function watching(fixture: ReadingFixture) {
  const risks: Risk[] = [];
  const failures: Error[] = [];
  const watch = new RetentionWatch({
    api: fixture.api,
    stream: STREAM,
    clock: fixture.time,
    retentionMs: 24 * HOUR_MS,
    observe: (event) => {
      if (event.type === "retention-risk") risks.push(event);
    },
    failed: (error) => failures.push(error),
  });
  return {
    watch,
    risks,
    failures,
    /** Lets time pass in steps of a quarter of an hour, each look with the time that it needs. */
    pass: async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += HOUR_MS / 4) {
        fixture.time.skip(HOUR_MS / 4);
        do await breathe();
        while (fixture.isBusy());
        await breathe();
      }
    },
    [Symbol.asyncDispose]: () => watch.stop(),
  };
}

describe("the retention that is left", () => {
  it("F08 is warned of once while a destination is down, before anything is lost, and once more after it recovered", async () => {
    await using fixture = await startReading();
    await using watched = watching(fixture);
    const { watch, risks, pass } = watched;
    const shard = watch.watch(SHARD, undefined);
    const arrivedMs = fixture.time.now();
    shard.read(arrivedMs);
    // The destination takes nothing from here on: no commit, no page.
    await pass(17 * HOUR_MS);
    expect(risks).toEqual([]);
    await pass(2 * HOUR_MS);
    expect(risks).toMatchObject([{ stream: STREAM, shardId: SHARD, retentionMs: 24 * HOUR_MS }]);
    expect(risks[0]?.ageMs).toBeGreaterThan(18 * HOUR_MS);
    expect((risks[0]?.ageMs ?? 0) + (risks[0]?.leftMs ?? 0)).toBe(24 * HOUR_MS);
    await pass(8 * HOUR_MS);
    expect(risks).toHaveLength(1);
    shard.committed(fixture.time.now());
    await pass(HOUR_MS);
    expect(risks).toHaveLength(1);
    await pass(18 * HOUR_MS);
    expect(risks).toHaveLength(2);
    expect(watched.failures).toEqual([]);
  });

  it("F08 is not warned of again while it flutters around the margin", async () => {
    await using fixture = await startReading();
    await using watched = watching(fixture);
    const { watch, risks, pass } = watched;
    const shard = watch.watch(SHARD, fixture.time.now() - 18.5 * HOUR_MS);
    await pass(HOUR_MS / 4);
    expect(risks).toHaveLength(1);
    for (let round = 0; round < 8; round += 1) {
      shard.committed(fixture.time.now() - (round % 2 === 0 ? 17.25 : 18.5) * HOUR_MS);
      await pass(HOUR_MS / 4);
    }
    expect(risks).toHaveLength(1);
  });

  it("F71 is that of today: shortened, it is at risk at once; raised, it is not", async () => {
    await using fixture = await startReading();
    const { call } = fixture.local.kinesis;
    call("IncreaseStreamRetentionPeriod", { StreamName: STREAM, RetentionPeriodHours: 96 });
    await using watched = watching(fixture);
    const { watch, risks, pass } = watched;
    watch.watch(SHARD, fixture.time.now());
    await pass(30 * HOUR_MS);
    expect(risks).toEqual([]);
    call("DecreaseStreamRetentionPeriod", { StreamName: STREAM, RetentionPeriodHours: 36 });
    await pass(HOUR_MS / 4);
    expect(risks).toMatchObject([{ retentionMs: 36 * HOUR_MS }]);
  });

  it("F08 is told with what was known last when the stream does not answer", async () => {
    await using fixture = await startReading();
    await using watched = watching(fixture);
    const { watch, risks, pass } = watched;
    watch.watch(SHARD, fixture.time.now());
    fixture.local.faults.add({
      operation: "DescribeStreamSummary",
      times: "always",
      effect: { kind: "error", status: 500, code: "InternalFailureException" },
    });
    await pass(19 * HOUR_MS);
    expect(risks).toMatchObject([{ retentionMs: 24 * HOUR_MS }]);
  });

  it("costs no call while reading keeps up, and nothing for a shard that is left", async () => {
    await using fixture = await startReading();
    await using watched = watching(fixture);
    const { watch, risks, pass } = watched;
    const shard = watch.watch(SHARD, undefined);
    for (let hour = 0; hour < 40; hour += 4) {
      shard.committed(fixture.time.now());
      await pass(4 * HOUR_MS);
    }
    expect(fixture.calls("DescribeStreamSummary")).toBe(0);
    shard.end();
    await pass(40 * HOUR_MS);
    expect(risks).toEqual([]);
  });
});
