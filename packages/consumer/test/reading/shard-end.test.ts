import { describe, expect, it } from "vitest";

import type { KinesisApi } from "../../src/kinesis/kinesis-api.js";
import { isConsistent } from "../../src/reading/doubtful-end.js";
import { type ReadingFixture, readOn, SHARD, startReading, STREAM } from "./support.js";

const HALF = (2n ** 127n).toString();

function split(fixture: ReadingFixture): void {
  fixture.local.kinesis.call("SplitShard", {
    StreamName: STREAM,
    ShardToSplit: SHARD,
    NewStartingHashKey: HALF,
  });
  fixture.time.skip(1_000);
}

describe("the end of a shard", () => {
  it("K37 hands over the last records with or before the end, and names the children", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    split(fixture);
    const { pages, texts } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(texts).toEqual(["a", "b"]);
    const children = pages.at(-1)?.shardEnd?.childShards;
    expect(children?.map((child) => child.parentShardIds)).toEqual([[SHARD], [SHARD]]);
    expect(children?.map((child) => child.endingHashKey)[0]).toBe((2n ** 127n - 1n).toString());
  });

  it("K37 shows on an empty page as well, when the service says it late", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    split(fixture);
    fixture.local.faults.add({ operation: "GetRecords", effect: { kind: "shard-end-delayed" } });
    const { pages, texts } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(texts).toEqual(["a"]);
    expect(pages.at(-1)?.records).toEqual([]);
    expect(pages.at(-1)?.shardEnd?.childShards).toHaveLength(2);
  });

  it("F18 a merged shard names both parents to its child's readers", async () => {
    await using fixture = await startReading({ shards: 2 });
    const other = "shardId-000000000001";
    fixture.local.kinesis.call("MergeShards", {
      StreamName: STREAM,
      ShardToMerge: SHARD,
      AdjacentShardToMerge: other,
    });
    fixture.time.skip(1_000);
    const { pages } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(pages.at(-1)?.shardEnd?.childShards.map((child) => [...child.parentShardIds].sort())).toEqual([
      [SHARD, other],
    ]);
  });

  it("F20 a reader that starts exactly at the last record of a split shard goes on to the children", async () => {
    await using fixture = await startReading();
    const [, sequenceNumber = ""] = fixture.put("a", "b");
    split(fixture);
    const position = { sequenceNumber, subSequenceNumber: 0 };
    const { pages, texts } = await readOn(fixture, fixture.open({ type: "after", position }));
    expect(texts).toEqual([]);
    expect(pages.at(-1)?.shardEnd?.childShards).toHaveLength(2);
    expect(pages.every((page) => page.gap === undefined)).toBe(true);
  });

  for (const missing of ["children", "null-iterator"] as const) {
    it(`K26 an end without its ${missing} is not believed: nothing is left out and the real end is found`, async () => {
      await using fixture = await startReading();
      fixture.put("a", "b");
      split(fixture);
      fixture.local.faults.add({
        operation: "GetRecords",
        times: 3,
        effect: { kind: "shard-end-malformed", missing },
      });
      const { pages, texts } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
      expect(texts).toEqual(["a", "b"]);
      expect(pages.at(-1)?.shardEnd?.childShards).toHaveLength(2);
      expect(fixture.events.filter((event) => event.type === "shard-end-doubt")).toHaveLength(3);
    });
  }

  it("an end that never names the children is decided by the list of shards: nothing is left out, nobody waits for ever", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    split(fixture);
    fixture.local.faults.add({
      operation: "GetRecords",
      times: "always",
      effect: { kind: "shard-end-malformed", missing: "children" },
    });
    const { pages, texts } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(texts).toEqual(["a", "b"]);
    expect(pages.at(-1)?.shardEnd?.childShards).toEqual(
      ["shardId-000000000001", "shardId-000000000002"].map((shardId) =>
        expect.objectContaining({ shardId, parentShardIds: [SHARD] }),
      ),
    );
    expect(fixture.events.filter((event) => event.type === "shard-end-doubt")).toHaveLength(3);
    expect(fixture.calls("ListShards")).toBe(1);
  });

  it("an end that the list of shards knows nothing of is no end, however often it is told", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    let told = 0;
    const api: KinesisApi = {
      ...fixture.api,
      getRecords: async (...call) => {
        const answer = await fixture.api.getRecords(...call);
        return (told += 1) > 10 ? answer : { ...answer, nextIterator: undefined };
      },
    };
    const { pages, texts } = await readOn(fixture, fixture.open({ type: "trim-horizon" }, {}, { api }));
    expect(texts).toEqual(["a"]);
    expect(pages.every((page) => page.shardEnd === undefined)).toBe(true);
    expect(fixture.calls("ListShards")).toBe(3);
  });

  it("K26 a child without parents is not believed either", () => {
    const child = { shardId: "s", parentShardIds: ["p"], startingHashKey: "0", endingHashKey: "1" };
    expect(isConsistent({ nextIterator: undefined, childShards: [child] })).toBe(true);
    expect(
      isConsistent({ nextIterator: undefined, childShards: [child, { ...child, parentShardIds: [] }] }),
    ).toBe(false);
    expect(isConsistent({ nextIterator: "i", childShards: undefined })).toBe(true);
    expect(isConsistent({ nextIterator: "i", childShards: [child] })).toBe(false);
    expect(isConsistent({ nextIterator: undefined, childShards: undefined })).toBe(false);
  });

  it("a shard that has left the stream ends without children, while the stream is still there", async () => {
    await using fixture = await startReading();
    const [sequenceNumber = ""] = fixture.put("a");
    split(fixture);
    fixture.time.skip(26 * 3_600_000);
    const position = { sequenceNumber, subSequenceNumber: 0 };
    const reader = fixture.open({ type: "after", position }, {}, { readThroughMs: fixture.time.now() });
    const page = await fixture.next(reader);
    expect(page).toMatchObject({ records: [], shardEnd: { childShards: [] } });
    expect(page.gap).toBeUndefined();
  });
});
