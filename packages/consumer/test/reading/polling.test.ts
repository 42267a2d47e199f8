import { hasCode } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { breathe } from "./virtual-time.js";
import { readOn, startReading, STREAM, texts } from "./support.js";

describe("polling a shard", () => {
  it("reads everything that was put, in order, and reports that it is at the tip", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b", "c");
    const reader = fixture.open({ type: "trim-horizon" });
    const { pages, texts: seen } = await readOn(fixture, reader);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(pages.at(-1)?.millisBehindLatest).toBe(0);
    fixture.put("d");
    expect(texts((await fixture.next(reader)).records)).toEqual(["d"]);
  });

  it("asks again at once while there is more, and pauses at the tip", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b", "c");
    const reader = fixture.open({ type: "trim-horizon" }, { maxRecordsPerRead: 1, idlePollMs: 700 });
    const startMs = fixture.time.now();
    for (const expected of ["a", "b", "c"]) {
      expect(texts((await fixture.next(reader)).records)).toEqual([expected]);
    }
    expect(fixture.time.now()).toBe(startMs);
    // The third page was full, so the tip is only known after one more read.
    await fixture.next(reader);
    expect(fixture.time.now()).toBe(startMs);
    await fixture.next(reader);
    expect(fixture.time.now()).toBe(startMs + 700);
  });

  it("never reads more than five times within a second, however much there is", async () => {
    await using fixture = await startReading();
    fixture.put(...Array.from({ length: 23 }, (_, index) => `record ${index}`));
    const reader = fixture.open({ type: "trim-horizon" }, { maxRecordsPerRead: 1 });
    const times: number[] = [];
    for (let read = 0; read < 23; read += 1) {
      await fixture.next(reader);
      times.push(fixture.time.now());
    }
    for (let read = 5; read < times.length; read += 1) {
      expect((times[read] ?? 0) - (times[read - 5] ?? 0)).toBeGreaterThanOrEqual(1_000);
    }
  });

  it("K43 leaves nothing out when a read is aborted, and goes on in the next one", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    const reader = fixture.open({ type: "trim-horizon" });
    const aborting = new AbortController();
    const aborted = reader.next(aborting.signal);
    await breathe();
    aborting.abort();
    expect((await aborted).records).toEqual([]);
    const { texts: seen } = await readOn(fixture, reader);
    expect(seen).toEqual(["a", "b"]);
  });

  it("comes back at once from an idle pause that is aborted", async () => {
    await using fixture = await startReading();
    const reader = fixture.open({ type: "trim-horizon" }, { idlePollMs: 60_000 });
    await fixture.next(reader);
    const startMs = fixture.time.now();
    const aborting = new AbortController();
    const idle = reader.next(aborting.signal);
    await breathe();
    aborting.abort();
    expect((await idle).records).toEqual([]);
    expect(fixture.time.now()).toBe(startMs);
  });

  it("F73 begins after, and at, a place by its number and not by its text", async () => {
    await using fixture = await startReading();
    const [, second = ""] = fixture.put("a", "b", "c");
    const position = { sequenceNumber: second, subSequenceNumber: 0 };
    const after = await readOn(fixture, fixture.open({ type: "after", position }));
    expect(after.texts).toEqual(["c"]);
    const at = await readOn(fixture, fixture.open({ type: "at", position }));
    expect(at.texts).toEqual(["b", "c"]);
    expect([...after.pages, ...at.pages].map((page) => page.gap)).toEqual(
      [...after.pages, ...at.pages].map(() => undefined),
    );
  });

  it("begins at a moment", async () => {
    await using fixture = await startReading();
    fixture.put("before");
    fixture.time.skip(10_000);
    const timestampMs = fixture.time.now();
    fixture.put("then");
    const { texts: seen } = await readOn(fixture, fixture.open({ type: "at-timestamp", timestampMs }));
    expect(seen).toEqual(["then"]);
  });

  it("F72 a beginning at LATEST loses nothing when its iterator expires before the first record", async () => {
    await using fixture = await startReading();
    fixture.put("old");
    const reader = fixture.open({ type: "latest" });
    expect((await fixture.next(reader)).records).toEqual([]);
    fixture.put("new");
    fixture.time.skip(400_000);
    const { texts: seen } = await readOn(fixture, reader);
    expect(seen).toContain("new");
    expect(fixture.calls("GetShardIterator")).toBe(2);
  });

  it("F15 keeps reading over a thousand empty pages that are not at the tip", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    fixture.time.skip(5_000);
    fixture.local.faults.add({ operation: "GetRecords", times: 1_000, effect: { kind: "empty-page" } });
    const reader = fixture.open({ type: "trim-horizon" });
    const { pages, texts: seen } = await readOn(fixture, reader);
    expect(seen).toEqual(["a"]);
    expect(pages.length).toBeGreaterThan(1_000);
    expect(pages.every((page) => page.shardEnd === undefined)).toBe(true);
  });

  it("F16 K31 ListShards of more than a thousand shards: every page is read, the second with its token alone", async () => {
    await using fixture = await startReading({ shards: 1_203 });
    const ids = new Set<string>();
    let page = await fixture.api.listShards({ filter: { type: "at-trim-horizon" } });
    let pages = 1;
    for (;;) {
      for (const shard of page.shards) ids.add(shard.shardId);
      if (page.nextToken === undefined) break;
      page = await fixture.api.listShards({ nextToken: page.nextToken });
      pages += 1;
    }
    expect(ids.size).toBe(1_203);
    expect(pages).toBe(2);
  });

  it("F70 a stream deleted and created again under the same name stops the shard by name", async () => {
    await using fixture = await startReading();
    const [sequenceNumber = ""] = fixture.put("a");
    fixture.local.kinesis.call("DeleteStream", { StreamName: STREAM });
    fixture.time.skip(60_000);
    fixture.local.kinesis.createStream({ name: STREAM });
    fixture.put("b");
    const reader = fixture.open({ type: "after", position: { sequenceNumber, subSequenceNumber: 0 } });
    const error: unknown = await fixture.next(reader).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "KC_STREAM_MISSING")).toBe(true);
    expect(String(error)).toMatch(/deleted and created again.*option application/);
  });

  it("F70 a stream that is deleted while it is read stops the shard by name", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    const reader = fixture.open({ type: "trim-horizon" });
    await readOn(fixture, reader);
    fixture.local.kinesis.call("DeleteStream", { StreamName: STREAM });
    fixture.time.skip(60_000);
    await expect(fixture.next(reader)).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
  });
});
