import { expect, test } from "vitest";
import { ProgressTally } from "../../src/progress-tally.js";

test("shards that nobody reads are a state of its own, and nothing is ready while there are any", () => {
  const tally = new ProgressTally(
    { now: () => 0, monotonicNow: () => 0 },
    { application: "a", stream: "s", ownerId: "o", maxReadAheadBytes: 1, failoverTimeMs: 10_000 },
  );
  expect(tally.snapshot()).toMatchObject({ isReady: true, unattendedShards: 0 });
  tally.count({ type: "leases-unattended", shardIds: ["a", "b"], longestMs: 40_000 });
  expect(tally.snapshot()).toMatchObject({ isReady: false, unattendedShards: 2 });
  tally.count({ type: "leases-unattended", shardIds: [], longestMs: 0 });
  expect(tally.snapshot()).toMatchObject({ isReady: true, unattendedShards: 0 });
});
