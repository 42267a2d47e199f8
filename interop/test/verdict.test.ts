import { describe, expect, it } from "vitest";
import { countDeliveries, repeats } from "../src/verdict/deliveries.js";
import { parseEvents, type WorkerEvent } from "../src/verdict/events.js";
import { isRight, judge } from "../src/verdict/result.js";
import { table } from "../src/verdict/table.js";
import { slowestMs, takeovers } from "../src/verdict/takeovers.js";

const begin = (t: number, w: string, shard = "s0"): WorkerEvent => ({ t, w, type: "begin", shard });
const records = (t: number, w: string, ...payloads: readonly [string, number][]): WorkerEvent => ({
  t,
  w,
  type: "records",
  shard: "s0",
  records: payloads.map(([payload, sequence]) => [payload, String(sequence), 0] as const),
});
const run = { scenario: "mixed", version: "2.7.2", seconds: 61.4 };
const quiet = { departures: [], problems: [], figures: {} };

describe("records", () => {
  it("that nobody handled are lost, and those handled again are counted each time", () => {
    const events = [
      begin(0, "j1"),
      records(1, "j1", ["a", 1], ["b", 2]),
      begin(5, "t1"),
      records(6, "t1", ["b", 2], ["c", 3]),
      begin(7, "j2"),
      records(8, "j2", ["b", 2]),
    ];
    const counted = countDeliveries(events, new Set(["a", "b", "c", "d"]));
    expect(counted).toEqual({
      sent: 4,
      delivered: 3,
      lost: ["d"],
      duplicates: 2,
      lateRecords: 0,
      latestMs: 0,
      outOfOrder: 0,
    });
    expect(repeats(events)).toEqual({ "j1 -> t1": 1, "t1 -> j2": 1 });
  });

  it("of an owner that goes on after its heir has begun are late, by as long as the last of them", () => {
    const events = [
      begin(0, "j1"),
      records(1, "j1", ["a", 1]),
      begin(10, "t1"),
      records(12, "j1", ["b", 2]),
      records(25, "j1", ["c", 3], ["d", 4]),
      records(30, "t1", ["b", 2]),
    ];
    expect(countDeliveries(events, new Set())).toMatchObject({ lateRecords: 3, latestMs: 15 });
  });

  it("below the one before them in a batch are out of order, compared as numbers", () => {
    const events = [begin(0, "j1"), records(1, "j1", ["a", 9], ["b", 10], ["c", 8])];
    expect(countDeliveries(events, new Set())).toMatchObject({ outOfOrder: 1 });
  });
});

describe("a takeover", () => {
  it("lasts from the departure to the heir's beginning, for each shard that the departed had", () => {
    const events = [
      begin(0, "j1", "s0"),
      begin(0, "j1", "s1"),
      begin(0, "j1", "s2"),
      begin(50, "t1", "s2"),
      begin(400, "t1", "s1"),
      begin(900, "t1", "s0"),
    ];
    const found = takeovers(events, [{ worker: "j1", atMs: 100 }]);
    expect(found).toEqual([
      { shard: "s0", from: "j1", to: "t1", tookMs: 800 },
      { shard: "s1", from: "j1", to: "t1", tookMs: 300 },
    ]);
    expect(slowestMs(found)).toBe(800);
  });

  it("is none of a shard that was read to its end or lost before", () => {
    const events: WorkerEvent[] = [
      begin(0, "j1", "s0"),
      begin(0, "j1", "s1"),
      { t: 10, w: "j1", type: "ended", shard: "s0" },
      { t: 11, w: "j1", type: "lost", shard: "s1" },
    ];
    expect(takeovers(events, [{ worker: "j1", atMs: 100 }])).toEqual([]);
    expect(slowestMs([])).toBeUndefined();
  });

  it("that never came is told without a time", () => {
    const found = takeovers([begin(0, "j1")], [{ worker: "j1", atMs: 100 }]);
    expect(found).toEqual([{ shard: "s0", from: "j1", to: undefined, tookMs: undefined }]);
    expect(slowestMs(found)).toBeUndefined();
  });
});

describe("a result", () => {
  const right = judge(run, {
    ...quiet,
    events: [begin(0, "j1"), records(1, "j1", ["a", 1])],
    sent: new Set(["a"]),
  });

  it("is right when everything was handled and seen", () => {
    expect(isRight(right)).toBe(true);
  });

  it("is wrong for one record lost, for one expectation in vain, and for one worker that failed", () => {
    expect(isRight(judge(run, { ...quiet, events: [], sent: new Set(["a"]) }))).toBe(false);
    expect(isRight({ ...right, problems: ["not within 60 s"] })).toBe(false);
    const failed = judge(run, {
      ...quiet,
      events: [{ t: 0, w: "t1", type: "failed", error: "KC_EMIT_REFUSED" }],
      sent: new Set(),
    });
    expect(failed.problems).toEqual(["t1 failed: KC_EMIT_REFUSED"]);
    expect(isRight(failed)).toBe(false);
  });

  it("is a line of the table, with what went wrong below", () => {
    const wrong = {
      ...right,
      scenario: "native",
      lost: ["r1", "r2", "r3", "r4", "r5", "r6"],
      slowestTakeoverMs: 12_345,
      problems: ["t1 owns 8: not within 180 s"],
    };
    expect(table([right, wrong]).split("\n")).toEqual([
      "scenario  version  sent  lost  duplicates  slowest takeover  seconds",
      "--------  -------  ----  ----  ----------  ----------------  -------  ------",
      "mixed     2.7.2       1     0           0                 -       61  ok",
      "native    2.7.2       1     6           0            12.3 s       61  NOT OK",
      "native 2.7.2: t1 owns 8: not within 180 s",
      "native 2.7.2: lost r1, r2, r3, r4, r5 ...",
    ]);
  });
});

describe("events", () => {
  it("are read line by line, and what a kill cut off is left out", () => {
    const text =
      '{"t":1,"w":"j1","type":"start"}\n{"t":2,"w":"j1","type":"begin","shard":"s0"}\n{"t":3,"w":"j';
    expect(parseEvents(text).map(({ type }) => type)).toEqual(["start", "begin"]);
  });

  it("that cannot be read are an error, and none is missed in silence", () => {
    expect(() => parseEvents('{"t":1\n')).toThrow(SyntaxError);
  });
});
