import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ListedShard } from "../../src/kinesis/kinesis-api.js";
import {
  coverExactly,
  firstHole,
  inconsistentShards,
  leasesForEmptyTable,
  leasesForMissingShards,
  MAX_HASH_KEY,
  shardsAtStart,
} from "../../src/worker/shard-sync/shard-sync.js";
import type { InitialPosition } from "@kinesis-connectors/leases";

const LATEST: InitialPosition = { type: "latest" };
const TRIM_HORIZON: InitialPosition = { type: "trim-horizon" };
const AT_TIMESTAMP: InitialPosition = { type: "at-timestamp", timestampMs: 1_000 };

/** A shard of a graph, by number; parents by number. Open unless told otherwise. */
function shard(id: number, parents: readonly number[], closed = false): ListedShard {
  const [parent, adjacent] = parents;
  return {
    shardId: `${id}`,
    parentShardId: parent === undefined ? undefined : `${parent}`,
    adjacentParentShardId: adjacent === undefined ? undefined : `${adjacent}`,
    startingHashKey: "0",
    endingHashKey: "1",
    startingSequenceNumber: `${100 + id}`,
    endingSequenceNumber: closed ? `${200 + id}` : undefined,
  };
}

// 0+1 -> 6, 2+3 -> 7, 6+7 -> 8 (open), 4 open, 5 -> 9 and 10 (open).
const GRAPH: readonly ListedShard[] = [
  shard(0, [], true),
  shard(1, [], true),
  shard(2, [], true),
  shard(3, [], true),
  shard(4, []),
  shard(5, [], true),
  shard(6, [0, 1], true),
  shard(7, [2, 3], true),
  shard(8, [6, 7]),
  shard(9, [5]),
  shard(10, [5]),
];

function missing(leased: readonly number[], initialPosition: InitialPosition, shards = GRAPH) {
  const leases = leasesForMissingShards(shards, new Set(leased.map(String)), { initialPosition, nowMs: 77 });
  return Object.fromEntries(leases.map(({ leaseKey, checkpoint }) => [leaseKey, checkpoint]));
}

describe("leases for shards without one", () => {
  test.each([
    { leased: [4, 5, 7], position: LATEST, expected: { 6: "LATEST" } },
    { leased: [4, 5, 7], position: TRIM_HORIZON, expected: { 0: "TRIM_HORIZON", 1: "TRIM_HORIZON" } },
    { leased: [4, 5, 7], position: AT_TIMESTAMP, expected: { 0: "AT_TIMESTAMP", 1: "AT_TIMESTAMP" } },
    { leased: [3, 4, 5], position: LATEST, expected: { 2: "LATEST", 6: "LATEST" } },
    // Nothing but a far ancestor is read: the open shards that do not descend from it begin as configured.
    {
      leased: [0],
      position: LATEST,
      expected: { 1: "LATEST", 7: "LATEST", 4: "LATEST", 9: "LATEST", 10: "LATEST" },
    },
    // Every open shard has a lease, or descends from shards that have: nothing to do.
    { leased: [4, 8, 9, 10], position: TRIM_HORIZON, expected: {} },
    { leased: [6, 7, 4, 5], position: LATEST, expected: {} },
    { leased: [0, 1, 2, 3, 4, 5], position: TRIM_HORIZON, expected: {} },
    // From the beginning: the roots of whatever nobody reads.
    {
      leased: [4],
      position: TRIM_HORIZON,
      expected: {
        0: "TRIM_HORIZON",
        1: "TRIM_HORIZON",
        2: "TRIM_HORIZON",
        3: "TRIM_HORIZON",
        5: "TRIM_HORIZON",
      },
    },
  ])("with leases of $leased at $position.type: $expected", ({ leased, position, expected }) => {
    expect(missing(leased, position)).toEqual(expected);
  });

  test("F22 shards of a big reshard that nobody leased are found", () => {
    expect(missing([], LATEST)).toEqual({ 4: "LATEST", 8: "LATEST", 9: "LATEST", 10: "LATEST" });
  });

  test("F24 a parent whose row was cleaned up gets no row again while its children have theirs", () => {
    expect(missing([4, 8, 9, 10], TRIM_HORIZON)).toEqual({});
    expect(missing([4, 8, 9, 10], AT_TIMESTAMP)).toEqual({});
  });

  test("a trimmed ancestor is no ancestor", () => {
    const kept = GRAPH.filter(({ shardId }) => !["0", "1", "2", "3", "6", "7"].includes(shardId));
    expect(missing([4, 5], TRIM_HORIZON, kept)).toEqual({ 8: "TRIM_HORIZON" });
  });

  test("K32 an open parent with a listed child makes the listing inconsistent", () => {
    expect(inconsistentShards([shard(0, []), shard(1, [0]), shard(2, [], true), shard(3, [2])])).toEqual([
      "0",
    ]);
    expect(inconsistentShards(GRAPH)).toEqual([]);
  });
});

describe("leases of an empty table", () => {
  test("every listed shard gets one, open or closed, in the order of the stream", () => {
    const leases = leasesForEmptyTable(GRAPH.toReversed(), { initialPosition: TRIM_HORIZON, nowMs: 5 });
    expect(leases.map(({ leaseKey }) => leaseKey)).toEqual(GRAPH.map(({ shardId }) => shardId));
    expect(leases[6]).toMatchObject({ checkpoint: "TRIM_HORIZON", parentShardIds: ["0", "1"] });
  });

  test("F72 LATEST is made concrete: the row keeps the sentinel and gains the moment of its creation", () => {
    const [lease] = leasesForEmptyTable([shard(0, [])], { initialPosition: LATEST, nowMs: 1_234.5 });
    expect(lease).toMatchObject({ checkpoint: "LATEST", startTimestampMs: 1_234 });
  });

  test("F73 shards come in the order of their sequence numbers as integers: 9 before 10", () => {
    const at = (id: number, sequence: string) => ({ ...shard(id, []), startingSequenceNumber: sequence });
    const leases = leasesForEmptyTable([at(1, "10"), at(2, "9")], {
      initialPosition: TRIM_HORIZON,
      nowMs: 0,
    });
    expect(leases.map(({ leaseKey }) => leaseKey)).toEqual(["2", "1"]);
  });
});

describe("hash key space", () => {
  const range = (start: bigint, end: bigint) => ({ startingHashKey: `${start}`, endingHashKey: `${end}` });

  test("K33 a listing covers it when every key is in one shard", () => {
    expect(coverExactly([range(100n, MAX_HASH_KEY), range(0n, 99n)])).toBe(true);
    expect(coverExactly([range(0n, 99n), range(101n, MAX_HASH_KEY)])).toBe(false);
    expect(coverExactly([range(0n, 100n), range(100n, MAX_HASH_KEY)])).toBe(false);
    expect(coverExactly([range(0n, MAX_HASH_KEY - 1n)])).toBe(false);
    expect(coverExactly([])).toBe(false);
  });

  test("a listing of all shards, from a server that knows no filter, is brought down to those at the initial position", () => {
    const of = (id: number, parents: readonly number[], closed: boolean, start: bigint, end: bigint) => ({
      ...shard(id, parents, closed),
      ...range(start, end),
    });
    // 0 was split into 2 and 3; 1 is as it was.
    const all = [
      of(0, [], true, 0n, 99n),
      of(1, [], false, 100n, MAX_HASH_KEY),
      of(2, [0], false, 0n, 49n),
      of(3, [0], false, 50n, 99n),
    ];
    const ids = (shards: readonly ListedShard[]): string[] => shards.map(({ shardId }) => shardId);
    expect(ids(shardsAtStart(all, TRIM_HORIZON))).toEqual(["0", "1"]);
    expect(ids(shardsAtStart(all, AT_TIMESTAMP))).toEqual(["0", "1"]);
    expect(ids(shardsAtStart(all, LATEST))).toEqual(["1", "2", "3"]);
    // A parent that is not kept any more does not count, and what covers nothing is left as it is.
    expect(ids(shardsAtStart(all.slice(1), TRIM_HORIZON))).toEqual(["1", "2", "3"]);
    expect(ids(shardsAtStart(all.slice(0, 1), TRIM_HORIZON))).toEqual(["0"]);
  });

  test("the first hole is found, and overlaps of parents and children are none", () => {
    expect(firstHole([])).toEqual(range(0n, MAX_HASH_KEY));
    expect(firstHole([range(0n, 9n), range(20n, MAX_HASH_KEY)])).toEqual(range(10n, 19n));
    expect(firstHole([range(0n, MAX_HASH_KEY), range(5n, 9n)])).toBeUndefined();
    expect(firstHole([range(0n, 50n), range(10n, 20n), range(51n, MAX_HASH_KEY)])).toBeUndefined();
    expect(firstHole([range(0n, 50n)])).toEqual(range(51n, MAX_HASH_KEY));
  });

  test("cutting the space anywhere leaves no hole; taking a piece out leaves exactly that piece", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 1n, max: MAX_HASH_KEY - 1n }), { minLength: 2, maxLength: 20 }),
        fc.nat(),
        (cuts, pick) => {
          const points = [0n, ...cuts.toSorted((a, b) => (a < b ? -1 : 1)), MAX_HASH_KEY + 1n];
          const pieces = points.slice(1).map((end, index) => range(points[index] ?? 0n, end - 1n));
          expect(coverExactly(pieces)).toBe(true);
          expect(firstHole(pieces)).toBeUndefined();
          const taken = pick % pieces.length;
          expect(firstHole(pieces.filter((_, index) => index !== taken))).toEqual(pieces[taken]);
        },
      ),
    );
  });
});
