import type { ShardReader } from "@kinesis-connectors/core";
import { recordsOf, simulatedShard, virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";

const never = new AbortController().signal;

/** What the next pages hold, as text. */
async function pagesOf(reader: ShardReader, count: number): Promise<string[]> {
  const pages: string[] = [];
  for (let page = 0; page < count; page += 1) {
    const { records } = await reader.next(never);
    pages.push(records.map(({ data }) => new TextDecoder().decode(data)).join(""));
  }
  return pages;
}

describe("a simulated shard", () => {
  it("is read in pages, with empty ones between, until the page that tells its end", async () => {
    const shard = simulatedShard(recordsOf(["a", "b", "c"]), {
      clock: virtualClock(),
      pageRecords: 2,
      emptyPages: 1,
    });
    const child = {
      shardId: "shardId-000000000001",
      parentShardIds: [],
      startingHashKey: "0",
      endingHashKey: "9",
    };
    shard.close(child);
    const reader = shard.open({ type: "trim-horizon" });
    expect(await pagesOf(reader, 3)).toEqual(["", "ab", ""]);
    const last = await reader.next(never);
    expect(last.records).toHaveLength(1);
    expect(last.shardEnd).toEqual({ childShards: [child] });
  });

  it("closed and empty tells its end at once", async () => {
    const shard = simulatedShard([], { clock: virtualClock(), emptyPages: 3 });
    shard.close();
    const { records, shardEnd } = await shard.open({ type: "trim-horizon" }).next(never);
    expect([records, shardEnd]).toEqual([[], { childShards: [] }]);
  });

  it("is opened at each kind of place", async () => {
    const records = recordsOf(["a", "b", "c", "d"]);
    const shard = simulatedShard(records, { clock: virtualClock() });
    shard.close();
    const [, second, third] = records;
    if (second === undefined || third === undefined) throw new Error("there are four records");
    const from = async (start: Parameters<typeof shard.open>[0]) => (await pagesOf(shard.open(start), 1))[0];
    expect(await from({ type: "trim-horizon" })).toBe("abcd");
    expect(await from({ type: "latest" })).toBe("");
    expect(await from({ type: "at", position: second })).toBe("bcd");
    expect(await from({ type: "after", position: second })).toBe("cd");
    expect(await from({ type: "at-timestamp", timestampMs: third.arrivalTimeMs })).toBe("cd");
    expect(shard.opened.map(({ type }) => type)).toEqual([
      "trim-horizon",
      "latest",
      "at",
      "after",
      "at-timestamp",
    ]);
  });

  it("tells of a gap when what was asked for has been trimmed", async () => {
    const records = recordsOf(["a", "b", "c", "d"]);
    const shard = simulatedShard(records, { clock: virtualClock() });
    shard.close();
    shard.trim(3);
    const [first] = records;
    if (first === undefined) throw new Error("there are four records");
    const { gap, records: left } = await shard.open({ type: "after", position: first }).next(never);
    expect(gap?.expected).toBe(first);
    expect(left.map(({ sequenceNumber }) => sequenceNumber)).toEqual([records[3]?.sequenceNumber]);
    expect((await shard.open({ type: "trim-horizon" }).next(never)).gap).toBeUndefined();
  });

  it("open and idle gives an empty page after a while, and a full one as soon as something arrives", async () => {
    const clock = virtualClock();
    const shard = simulatedShard([], { clock, idleMs: 500 });
    const reader = shard.open({ type: "trim-horizon" });
    expect((await clock.run(reader.next(never))).records).toEqual([]);
    expect(clock.monotonicNow()).toBe(500);
    const page = reader.next(never);
    await clock.advance(10);
    shard.append(...recordsOf(["a"]));
    expect((await page).records).toHaveLength(1);
    expect(clock.pendingTimers()).toBe(0);
  });

  it("lets go of a reader whose signal is aborted, and counts the open ones", async () => {
    const clock = virtualClock();
    const shard = simulatedShard([], { clock });
    const reader = shard.open({ type: "latest" });
    expect(shard.openReaders()).toBe(1);
    const aborting = new AbortController();
    const page = reader.next(aborting.signal);
    aborting.abort(new Error("lease lost"));
    await expect(page).rejects.toThrow("lease lost");
    await reader.close();
    await reader.close();
    expect([shard.openReaders(), clock.pendingTimers()]).toEqual([0, 0]);
  });
});

describe("recordsOf", () => {
  it("gives rising sequence numbers across one more digit, the same for the same index", () => {
    const records = recordsOf(Array.from({ length: 20 }, () => "x"));
    const numbers = records.map(({ sequenceNumber }) => BigInt(sequenceNumber));
    expect(numbers).toEqual(numbers.toSorted((one, other) => Number(one - other)));
    expect(new Set(records.map(({ sequenceNumber }) => sequenceNumber.length))).toEqual(new Set([55, 56]));
    expect(recordsOf(["x"], 7)).toEqual(records.slice(7, 8));
  });

  it("takes text, bytes, and records with fields of their own", () => {
    const data = new Uint8Array([1, 2]);
    const [text, raw, own] = recordsOf(["é", data, { data, partitionKey: "mine", subSequenceNumber: 3 }]);
    expect(text?.data).toEqual(new Uint8Array([0xc3, 0xa9]));
    expect(raw?.data).toBe(data);
    expect(own).toMatchObject({ partitionKey: "mine", subSequenceNumber: 3 });
  });
});
