import { describe, expect, it } from "vitest";
import { holesOf, segmentsOf } from "../app/model/hash-keys.js";
import { History } from "../app/model/history.js";
import { isShown, rowsOf, sorted, windowOf } from "../app/model/rows.js";
import { kclModeOf, verdictOf } from "../app/model/verdict.js";
import { idOf, liveShard, NOW_MS, processOf, shardOf, snapshotOf, stateOf, workerOf } from "./states.js";

describe("the rows of a fleet", () => {
  it("have what the process tells, and the fresher of two figures", () => {
    const shards = [
      liveShard(0, { readThroughMs: NOW_MS - 1_000, bufferedRecords: 7, millisBehindLatest: 30 }),
    ];
    const [row] = rowsOf(stateOf([shardOf(0)], { processes: [processOf(snapshotOf({ shards }))] }));
    expect(row).toMatchObject({ deliveredAgoMs: 1_000, behindMs: 30, live: { bufferedRecords: 7 } });
  });

  it("of an owner that does not renew are marked before another takes them", () => {
    const workers = [workerOf("host-a:1", { isRenewing: false })];
    const [row] = rowsOf(stateOf([shardOf(0)], { workers }));
    expect(row).toMatchObject({ state: "abandoned", attention: expect.stringContaining("does not renew") });
  });

  it("want attention as `status --check` says: late ones, those without an owner, never paused ones", () => {
    const late = { readThroughMs: NOW_MS - 400_000 };
    const rows = rowsOf(
      stateOf([
        shardOf(0),
        shardOf(1, late),
        shardOf(2, { ...late, state: "paused", paused: { sinceMs: 0, by: null, isDone: true } }),
        shardOf(3, { state: "unowned", owner: null }),
        shardOf(4, { state: "ended" }),
      ]),
    );
    expect(rows.map(({ attention }) => attention !== null)).toEqual([false, true, false, true, false]);
    expect(rows.filter((row) => isShown(row, "attention")).map(({ shardId }) => shardId)).toEqual([
      idOf(1),
      idOf(3),
    ]);
    expect(rows.filter((row) => isShown(row, "ended"))).toHaveLength(1);
  });

  it("of a process without its lease table are its own shards", () => {
    const shards = [
      liveShard(0, { state: "waiting-for-parent" }),
      liveShard(1, { readThroughMs: NOW_MS - 9_000 }),
    ];
    const state = { ...stateOf([]), fleet: null, processes: [processOf(snapshotOf({ shards }))] };
    expect(rowsOf(state)).toMatchObject([
      { shardId: idOf(0), state: "waiting", owner: "host-a:1" },
      { shardId: idOf(1), state: "reading", deliveredAgoMs: 9_000 },
    ]);
  });

  it("are sorted by any figure, what is not known last, and equal ones by their ids", () => {
    const rows = rowsOf(
      stateOf([
        shardOf(0, { readThroughMs: null }),
        shardOf(1, { readThroughMs: NOW_MS - 5_000 }),
        shardOf(2, { readThroughMs: NOW_MS - 9_000 }),
        shardOf(3, { readThroughMs: NOW_MS - 5_000 }),
      ]),
    );
    const order = (isDescending: boolean) =>
      sorted(rows, { key: "delivered", isDescending }).map(({ shardId }) => Number(shardId.slice(-1)));
    expect(order(true)).toEqual([2, 1, 3, 0]);
    expect(order(false)).toEqual([1, 3, 2, 0]);
    expect(sorted(rows, { key: "shard", isDescending: true })[0]?.shardId).toBe(idOf(3));
  });

  it("are drawn as far as they are in sight, at either end of the table", () => {
    const at = (scrollTop: number, total = 1_000) =>
      windowOf(total, { scrollTop, height: 680, rowHeight: 34 });
    expect(at(0)).toEqual({ from: 0, to: 28 });
    expect(at(17_000)).toEqual({ from: 492, to: 528 });
    expect(at(1e9)).toEqual({ from: 992, to: 1_000 });
    expect(at(0, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe("the verdict", () => {
  const verdict = (...given: Parameters<typeof stateOf>) => {
    const state = stateOf(...given);
    return verdictOf(state, rowsOf(state));
  };

  it("says until when everything was delivered", () => {
    expect(verdict([shardOf(0), shardOf(1, { readThroughMs: NOW_MS - 12_000 })])).toEqual({
      mood: "ok",
      word: "ok",
      sentence: "everything delivered up to 12 s ago",
    });
  });

  it("tells a fleet without workers from one that is only seen for the first time", () => {
    const dead = [workerOf("host-a:1", { isRenewing: false })];
    expect(verdict([shardOf(0)], { workers: dead })).toMatchObject({ mood: "failing", word: "no worker" });
    expect(verdict([shardOf(0, { owner: null, state: "unowned" })], { workers: [] })).toMatchObject({
      word: "no worker",
    });
    const unknown = [workerOf("host-a:1", { isRenewing: null, renewedAgoMs: null })];
    expect(verdict([shardOf(0)], { workers: unknown })).toMatchObject({ mood: "ok" });
  });

  it("what an operator paused is no failure", () => {
    const paused = { state: "paused", paused: { sinceMs: 0, by: "ops", isDone: true } } as const;
    expect(verdict([shardOf(0, paused)])).toMatchObject({ mood: "paused", word: "all paused" });
    expect(verdict([shardOf(0, paused), shardOf(1)])).toMatchObject({
      mood: "ok",
      sentence: "everything delivered up to 4 s ago, 1 shard paused",
    });
  });

  it("is as bad as the process says, with its cure", () => {
    const reasons = [
      {
        rule: "emit-retrying",
        status: "failing",
        shardId: idOf(0),
        value: 1,
        limit: 0,
        cure: "the destination refuses",
      },
    ] as const;
    const snapshot = snapshotOf({ health: { status: "failing", reasons }, shards: [liveShard(0)] });
    expect(verdict([shardOf(0)], { processes: [processOf(snapshot)] })).toEqual({
      mood: "failing",
      word: "attention: 1",
      sentence: "the destination refuses",
    });
  });

  it("an empty table is no failure, one that cannot be read is unknown", () => {
    expect(verdict([])).toMatchObject({ mood: "unknown", word: "no shards" });
    const trouble = { kind: "no-rights", action: "dynamodb:Scan", message: "is denied" } as const;
    const state = { ...stateOf([]), fleet: null, trouble };
    expect(verdictOf(state, rowsOf(state))).toMatchObject({ mood: "unknown", sentence: "is denied" });
  });

  it("says what the mode of a KCL 3 fleet means", () => {
    expect(kclModeOf(null)).toBeUndefined();
    expect(kclModeOf("CLIENT_VERSION_3X_WITH_ROLLBACK")).toContain("a leader assigns");
    expect(kclModeOf("CLIENT_VERSION_UPGRADE_FROM_2X")).toContain("on its way");
  });
});

describe("the hash keys", () => {
  const HALF = 2n ** 127n;
  const range = (from: bigint, to: bigint) => ({
    hashKeyRange: { startingHashKey: String(from), endingHashKey: String(to - 1n) },
  });

  it("are covered by the open shards, without those whose parents still have theirs", () => {
    const rows = rowsOf(
      stateOf([
        shardOf(0, range(0n, HALF)),
        shardOf(1, range(HALF, HALF * 2n)),
        shardOf(2, { ...range(0n, HALF), state: "waiting" }),
        shardOf(3, { ...range(0n, HALF), state: "ended" }),
      ]),
    );
    expect(segmentsOf(rows).map(({ from, to, row }) => [from, to, row?.shardId])).toEqual([
      [0, 0.5, idOf(0)],
      [0.5, 1, idOf(1)],
    ]);
    expect(holesOf(segmentsOf(rows))).toBe(0);
  });

  it("show a hole, in the middle and at the end; and nothing where a row does not say its range", () => {
    const rows = rowsOf(
      stateOf([shardOf(0, range(0n, HALF / 2n)), shardOf(1, range(HALF, HALF + HALF / 2n))]),
    );
    expect(segmentsOf(rows).map(({ row }) => row?.shardId ?? "hole")).toEqual([
      idOf(0),
      "hole",
      idOf(1),
      "hole",
    ]);
    expect(holesOf(segmentsOf(rows))).toBeCloseTo(0.5);
    expect(segmentsOf(rowsOf(stateOf([shardOf(0)])))).toEqual([]);
  });
});

describe("the history", () => {
  const note = (history: History, atS: number, read: number, ownerId = "host-a:1"): void => {
    const totals = { ...snapshotOf().totals, recordsRead: read, recordsEmitted: read / 2 };
    const state = {
      ...stateOf([shardOf(0)], { processes: [processOf(snapshotOf({ totals, ownerId }))] }),
      nowMs: NOW_MS + atS * 1_000,
    };
    history.note(state, rowsOf(state));
  };

  it("tells rates between two looks, and none for a process that is new", () => {
    const history = new History();
    note(history, 0, 100);
    expect(history.last).toMatchObject({ readPerS: null });
    note(history, 2, 500);
    expect(history.last).toMatchObject({ readPerS: 200, emittedPerS: 100, deliveredS: 6 });
    // Started anew, it counts from the beginning: that is no rate below nothing.
    note(history, 4, 10, "host-a:2");
    expect(history.last).toMatchObject({ readPerS: null });
  });

  it("is bounded, and forgets shards that have gone", () => {
    const history = new History();
    for (let look = 0; look < 700; look += 1) note(history, look * 2, look);
    expect(history.samples).toHaveLength(300);
    expect(history.ofShard(idOf(0))).toHaveLength(40);
    const empty = stateOf([]);
    history.note(empty, []);
    expect(history.ofShard(idOf(0))).toEqual([]);
  });
});
