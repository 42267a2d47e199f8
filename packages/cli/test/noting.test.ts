import { virtualClock } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";
import { noting } from "../src/replay/noting.js";

describe("the progress of a replay", () => {
  it("is said where it has changed, and not again while the replay waits", async () => {
    const clock = virtualClock();
    const lines: string[] = [];
    const totals = { recordsRead: 0, recordsEmitted: 0, shards: 2, shardsEnded: 0 };
    const stop = noting({ out: { note: (text) => lines.push(text) }, clock }, { progress: () => totals });
    await clock.advance(5_000);
    totals.recordsRead = 7;
    await clock.advance(240_000);
    totals.shardsEnded = 2;
    await clock.advance(5_000);
    stop();
    await clock.advance(60_000);
    expect(lines).toEqual([
      "0 records read, 0 written, 0 of 2 shards done",
      "7 records read, 0 written, 0 of 2 shards done",
      "7 records read, 0 written, 2 of 2 shards done",
    ]);
  });
});
