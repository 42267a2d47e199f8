import { describe, expect, it } from "vitest";

import { type ReadingFixture, readOn, startReading, STREAM } from "./support.js";

const HOUR_MS = 3_600_000;

/** Puts one record, lets it pass retention, and gives its place. */
function trimmedPosition(fixture: ReadingFixture, data = "old") {
  const [sequenceNumber = ""] = fixture.put(data);
  const position = { sequenceNumber, subSequenceNumber: 0 };
  fixture.time.skip(25 * HOUR_MS);
  return position;
}

describe("a checkpoint whose record is no longer there", () => {
  it("is no gap on a quiet stream that had been read through within retention", async () => {
    await using fixture = await startReading();
    const position = trimmedPosition(fixture);
    const readThroughMs = fixture.time.now() - HOUR_MS;
    const reader = fixture.open({ type: "after", position }, {}, { readThroughMs });
    const { pages } = await readOn(fixture, reader, 2);
    fixture.put("new");
    const after = await readOn(fixture, reader);
    expect(after.texts).toEqual(["new"]);
    expect([...pages, ...after.pages].every((page) => page.gap === undefined)).toBe(true);
    // One look at the retention period is enough, not one with every empty page.
    expect(fixture.calls("DescribeStreamSummary")).toBe(1);
  });

  it("F71 is a gap when the shard was last read through longer ago than the stream keeps records", async () => {
    await using fixture = await startReading();
    const position = trimmedPosition(fixture);
    fixture.put("lost");
    fixture.time.skip(25 * HOUR_MS);
    fixture.put("kept");
    const readThroughMs = fixture.time.now() - 26 * HOUR_MS;
    const { pages, texts } = await readOn(
      fixture,
      fixture.open({ type: "after", position }, {}, { readThroughMs }),
    );
    expect(texts).toEqual(["kept"]);
    expect(pages[0]?.gap).toEqual({ expected: position });
    expect(pages.slice(1).every((page) => page.gap === undefined)).toBe(true);
  });

  it("F71 is a gap when nobody knows until when the shard was read, and nothing is left of it", async () => {
    await using fixture = await startReading();
    const position = trimmedPosition(fixture);
    const page = await fixture.next(fixture.open({ type: "after", position }));
    expect(page).toMatchObject({ records: [], gap: { expected: position } });
  });

  it("F71 counts with the retention period of today, which may have been shortened", async () => {
    await using fixture = await startReading();
    const { call } = fixture.local.kinesis;
    call("IncreaseStreamRetentionPeriod", { StreamName: STREAM, RetentionPeriodHours: 72 });
    const [sequenceNumber = ""] = fixture.put("old");
    fixture.time.skip(HOUR_MS);
    const readThroughMs = fixture.time.now();
    fixture.time.skip(40 * HOUR_MS);
    call("DecreaseStreamRetentionPeriod", { StreamName: STREAM, RetentionPeriodHours: 24 });
    const position = { sequenceNumber, subSequenceNumber: 0 };
    const page = await fixture.next(fixture.open({ type: "after", position }, {}, { readThroughMs }));
    expect(page.gap).toEqual({ expected: position });
  });

  it("F69 is a gap always when the record itself is to be read again", async () => {
    await using fixture = await startReading();
    const position = trimmedPosition(fixture);
    fixture.put("new");
    const reader = fixture.open({ type: "at", position }, {}, { readThroughMs: fixture.time.now() });
    const { pages, texts } = await readOn(fixture, reader);
    expect(texts).toEqual(["new"]);
    expect(pages[0]?.gap).toEqual({ expected: position });
  });

  it("F10 F71 is a gap when a stall lasted longer than the retention period", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    const reader = fixture.open({ type: "trim-horizon" });
    await readOn(fixture, reader);
    fixture.put("lost");
    fixture.time.skip(30 * HOUR_MS);
    fixture.put("b");
    const { pages, texts } = await readOn(fixture, reader);
    expect(texts).toEqual(["b"]);
    expect(pages[0]?.gap).toBeDefined();
  });

  it("F10 is no gap when the stall was shorter and nothing had come", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    const reader = fixture.open({ type: "trim-horizon" }, { idlePollMs: 20 * HOUR_MS });
    await readOn(fixture, reader);
    fixture.time.skip(HOUR_MS);
    await readOn(fixture, reader);
    fixture.put("b");
    const { pages, texts } = await readOn(fixture, reader);
    expect(texts).toEqual(["b"]);
    expect(pages.every((page) => page.gap === undefined)).toBe(true);
  });

  it("F71 is a gap when retention catches up with a reader in the middle of its reading", async () => {
    await using fixture = await startReading();
    const [sequenceNumber = ""] = fixture.put("a");
    fixture.put("lost");
    fixture.time.skip(HOUR_MS);
    fixture.put("kept");
    fixture.time.skip(23 * HOUR_MS - 60_000);
    const retentionMs = 24 * HOUR_MS;
    const reader = fixture.open({ type: "trim-horizon" }, { maxRecordsPerRead: 1 }, { retentionMs });
    await fixture.next(reader);
    // The iterator at hand is good for some minutes yet.
    fixture.time.skip(120_000);
    const { pages, texts } = await readOn(fixture, reader);
    expect(texts).toEqual(["kept"]);
    expect(pages[0]?.gap).toEqual({ expected: { sequenceNumber, subSequenceNumber: 0 } });
  });

  it("F15 F71 is a gap also when an empty answer came first and the iterator expired after it", async () => {
    await using fixture = await startReading();
    const position = trimmedPosition(fixture);
    fixture.put("lost");
    const readThroughMs = fixture.time.now() - HOUR_MS;
    fixture.time.skip(25 * HOUR_MS);
    fixture.put("kept");
    fixture.time.skip(60_000);
    fixture.local.faults.add({ operation: "GetRecords", times: 1, effect: { kind: "empty-page" } });
    const told: number[] = [];
    const onReadThrough = (throughMs: number): void => void told.push(throughMs);
    const reader = fixture.open({ type: "after", position }, {}, { readThroughMs, onReadThrough });
    expect((await fixture.next(reader)).records).toEqual([]);
    expect(told).toEqual([]);
    fixture.time.skip(6 * 60_000);
    const { pages, texts } = await readOn(fixture, reader);
    expect(texts).toEqual(["kept"]);
    expect(pages[0]?.gap).toEqual({ expected: position });
  });

  it("tells until when everything had been read", async () => {
    await using fixture = await startReading();
    const [sequenceNumber] = fixture.put("a");
    const told: (string | undefined)[] = [];
    let lastMs = 0;
    const onReadThrough = (throughMs: number, end: { sequenceNumber: string } | undefined): void => {
      told.push(end?.sequenceNumber);
      lastMs = throughMs;
    };
    fixture.time.skip(60_000);
    const reader = fixture.open({ type: "trim-horizon" }, {}, { onReadThrough });
    const sentMs = fixture.time.now();
    await fixture.next(reader);
    expect(told).toEqual([sequenceNumber]);
    expect(lastMs).toBeLessThanOrEqual(sentMs);
    expect(lastMs).toBeGreaterThanOrEqual(sentMs - 2_000);
  });
});
