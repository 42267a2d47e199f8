import { expect, it } from "vitest";
import type { WorkerEvent } from "../src/verdict/events.js";
import { goneOn } from "../src/verdict/gone-on.js";

const records = (t: number, w: string, count: number, shard = "s0"): WorkerEvent => ({
  t,
  w,
  type: "records",
  shard,
  records: Array.from({ length: count }, (_, index) => [`${w}${t}.${index}`, String(index), 0] as const),
});

it("what an old owner handles counts from the take on the table, whenever its heir begins, and until the next take", () => {
  const events = [
    records(5, "j1", 1),
    records(12, "j1", 2),
    records(14, "j1", 1, "s1"),
    records(30, "t1", 4),
    records(90, "j1", 3),
    // By now it is the owner again.
    records(120, "j1", 9),
    records(130, "t1", 1),
  ];
  const takes = [
    { shard: "s0", by: "t1", atMs: 10 },
    { shard: "s0", by: "j1", atMs: 100 },
  ];
  expect(goneOn(events, takes)).toEqual({ records: 6, longestMs: 80 });
  expect(goneOn(events, [])).toEqual({ records: 0, longestMs: 0 });
});
