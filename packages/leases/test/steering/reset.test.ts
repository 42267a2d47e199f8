import { describe, expect, test } from "vitest";
import type { Lease, ResetOptions, ResetTarget, TableFault } from "../../src/index.js";
import { at, execute, F, ofJava, owned, paused, pending, plan, SmallFleet } from "./fleet.js";

const HOUR_MS = 3_600_000;

describe("a reset of paused shards", () => {
  test.each<[string, ResetTarget, Partial<Lease>, number | undefined]>([
    [
      "the oldest record",
      { type: "horizon" },
      { checkpoint: "TRIM_HORIZON", readThroughMs: undefined },
      undefined,
    ],
    [
      "now",
      { type: "latest" },
      { checkpoint: "LATEST", startTimestampMs: Date.UTC(2026, 0, 1), readThroughMs: Date.UTC(2026, 0, 1) },
      -HOUR_MS,
    ],
    [
      "a time",
      { type: "time", at: new Date("2025-12-31T21:00:00Z") },
      {
        checkpoint: "AT_TIMESTAMP",
        startTimestampMs: Date.UTC(2025, 11, 31, 21),
        readThroughMs: Date.UTC(2025, 11, 31, 21),
      },
      2 * HOUR_MS,
    ],
    [
      "a position",
      { type: "position", position: at(40, 2) },
      { checkpoint: at(40, 2), readThroughMs: undefined },
      undefined,
    ],
  ])("to %s is one write, which frees the row and leaves it paused", async (_, to, expected, backMs) => {
    const fleet = new SmallFleet([paused()]);
    const planned = await plan(fleet, to, { shardIds: ["s0"] });
    expect(planned).toMatchObject({ isRefused: false, shards: [{ shardId: "s0", from: at(90), backMs }] });
    expect(fleet.row()).toEqual(paused());
    expect(await execute(fleet, planned)).toEqual({
      isComplete: true,
      shards: [{ shardId: "s0", state: "reset" }],
    });
    expect(fleet.row()).toEqual({ ...paused(), owner: undefined, counter: 8, ...expected });
  });

  test("goes on while the owner renews, which then loses the lease cleanly", async () => {
    const fleet = new SmallFleet([owned(), owned("s1")]);
    await fleet.table.describe("s0", { pausedMs: 1, pausedBy: "ops" });
    fleet.live("s0");
    await fleet.clock.advance(5_000);
    const planned = await plan(fleet, { type: "horizon" }, { shardIds: ["s0"] });
    await fleet.clock.advance(30_000);
    expect((await execute(fleet, planned)).isComplete).toBe(true);
    await fleet.clock.advance(5_000);
    expect(fleet.lost).toEqual(["s0: it was reset by an operator (meant)"]);
    expect(fleet.row()).toMatchObject({ owner: undefined, checkpoint: "TRIM_HORIZON" });
    expect(fleet.row("s1")).toEqual(owned("s1"));
  });

  test.each<[string, ResetTarget, Partial<Lease>]>([
    ["the oldest record", { type: "horizon" }, { checkpoint: "TRIM_HORIZON" }],
    ["a position", { type: "position", position: at(90) }, {}],
    [
      "a time",
      { type: "time", at: new Date("2025-12-31T21:00:00Z") },
      { checkpoint: "AT_TIMESTAMP", startTimestampMs: Date.UTC(2025, 11, 31, 21) },
    ],
  ])("to %s where it stands already leaves the row and its owner alone", async (_, to, stands) => {
    const fleet = new SmallFleet([paused("s0", stands)]);
    const planned = await plan(fleet, to, { shardIds: ["s0"] });
    expect(planned.shards).toMatchObject([{ isThere: true, refusal: undefined }]);
    expect((await execute(fleet, planned)).isComplete).toBe(true);
    expect(fleet.row()).toEqual(paused("s0", stands));
    // A row that has moved on meanwhile is refused as any other.
    fleet.leases.rows.set("s0", paused("s0", { ...stands, checkpoint: at(95) }));
    await expect(execute(fleet, planned)).rejects.toMatchObject({ code: "KC_STEERING_REFUSED" });
    const elsewhere = await plan(fleet, to, { shardIds: ["s0"] });
    expect(elsewhere.shards).toMatchObject([{ isThere: false }]);
  });

  test("warns of what is skipped, of ended shards, and of KCL workers that may take what is freed", async () => {
    const fleet = new SmallFleet([paused(), owned("s1", { checkpoint: "SHARD_END" }), ofJava("s2")]);
    const forward = await plan(fleet, { type: "position", position: at(91) }, { shardIds: ["s0"] });
    expect(forward.shards[0]?.skips).toBe(true);
    expect(forward.warnings).toEqual([
      expect.stringContaining("KCL workers share this application"),
      expect.stringContaining("s0 would go forward"),
    ]);
    fleet.leases.rows.set("s2", paused("s2"));
    const back = await plan(fleet, { type: "horizon" });
    expect(back.shards.map(({ shardId }) => shardId)).toEqual(["s0", "s2"]);
    expect(back.warnings).toEqual([expect.stringContaining("s1 have been read to their end")]);
  });
});

describe("a reset is refused", () => {
  test.each<[string, Lease, string, RegExp]>([
    ["of a shard that is read", owned(), "not-paused", /owned by w:1 and not paused/],
    [
      "before the pause is done",
      paused("s0", { pauseDoneMs: undefined }),
      "pause-under-way",
      /has not said yet/,
    ],
    [
      "over a prepared batch",
      paused("s0", { pending }),
      "pending-batch",
      /may be at the destination already/,
    ],
    ["of a KCL worker's shard", ofJava(), "foreign-owner", /java-1/],
    ["of a shard that has ended", paused("s0", { checkpoint: "SHARD_END" }), "ended", /final/],
  ])("%s, with the cure, and nothing is written", async (_, row, code, reason) => {
    const fleet = new SmallFleet([row]);
    fleet.live("s0", { obeys: false });
    const planned = await plan(fleet, { type: "horizon" }, { shardIds: ["s0"] });
    expect(planned.isRefused).toBe(true);
    expect(planned.shards[0]?.refusal).toMatchObject({
      code,
      reason: expect.stringMatching(reason),
      cure: expect.stringMatching(/./),
    });
    await expect(execute(fleet, planned)).rejects.toMatchObject({ code: "KC_STEERING_REFUSED" });
    expect(fleet.row()).toMatchObject({ checkpoint: row.checkpoint, owner: row.owner });
  });

  test("as a whole when one shard of several is", async () => {
    const fleet = new SmallFleet([paused("s0"), paused("s1", { pending })]);
    const planned = await plan(fleet, { type: "horizon" });
    expect(planned.shards.map(({ refusal }) => refusal?.code)).toEqual([undefined, "pending-batch"]);
    await expect(execute(fleet, planned)).rejects.toThrow(/nothing was changed: s1: a batch/);
    expect(fleet.row("s0")).toEqual(paused("s0"));
  });

  test("unless the batch is to be discarded, of which the plan says what that means", async () => {
    const fleet = new SmallFleet([paused("s0", { pending })]);
    const planned = await plan(fleet, { type: "horizon" }, { discardPending: true });
    expect(planned.warnings).toEqual([expect.stringContaining("a prepared batch of s0 is forgotten")]);
    expect((await execute(fleet, planned)).isComplete).toBe(true);
    expect(fleet.row()).toMatchObject({ pending: undefined, checkpoint: "TRIM_HORIZON" });
  });

  test.each<[string, (fleet: SmallFleet) => void, RegExp]>([
    ["it was resumed", (fleet) => fleet.leases.rows.set("s0", owned("s0", { counter: 9 })), /not paused/],
    [
      "it goes on elsewhere",
      (fleet) => fleet.leases.rows.set("s0", paused("s0", { checkpoint: at(99) })),
      /it stands at 99\.0/,
    ],
    ["a batch was prepared", (fleet) => fleet.leases.rows.set("s0", paused("s0", { pending })), /a batch/],
    [
      "a KCL worker took it",
      (fleet) => fleet.leases.rows.set("s0", { ...paused(), owner: "java-1" }),
      /java-1/,
    ],
    ["its row is gone", (fleet) => fleet.leases.rows.delete("s0"), /no row of it/],
  ])("when, since the plan, %s", async (_, change, message) => {
    const fleet = new SmallFleet([paused(), paused("s1")]);
    const planned = await plan(fleet, { type: "horizon" });
    change(fleet);
    const before = fleet.leases.rows.get("s0");
    await expect(execute(fleet, planned)).rejects.toMatchObject({
      code: "KC_STEERING_REFUSED",
      message: expect.stringMatching(message),
    });
    expect(fleet.leases.rows.get("s0")).toEqual(before);
    expect(fleet.row("s1")).toEqual(paused("s1"));
  });

  test.each<[Partial<ResetOptions>, RegExp]>([
    [{ shardIds: ["s9"] }, /"s9"/],
    [
      { to: { type: "time", at: new Date("2026-01-01T00:00:01Z") } },
      /2026-01-01T00:00:01.000Z, which is in the future/,
    ],
    [
      { to: { type: "time", at: new Date("2025-12-30T00:00:00Z") }, retentionMs: 24 * HOUR_MS },
      /keeps its records since 2025-12-31/,
    ],
    [{ to: { type: "time", at: new Date("yesterday") } }, /to\.at must be a Date/],
    [{ to: { type: "time", at: "2025-12-30" as never } }, /to\.at must be a Date/],
    [{ to: { type: "position", position: at(4) } }, /name that one shard/],
    [{ to: { type: "position", position: at(4) }, shardIds: ["s0", "s1"] }, /name that one shard/],
    [
      {
        to: { type: "position", position: { sequenceNumber: "0x12", subSequenceNumber: 0 } },
        shardIds: ["s0"],
      },
      /decimal digits/,
    ],
    [
      {
        to: { type: "position", position: { sequenceNumber: "12", subSequenceNumber: -1 } },
        shardIds: ["s0"],
      },
      /subSequenceNumber/,
    ],
    [{ to: { type: "position", position: undefined as never }, shardIds: ["s0"] }, /to\.position/],
    [{ to: { type: "middle" } as never }, /to\.type must be/],
    [{ failoverTimeMs: 1 }, /failoverTimeMs/],
  ])("for a target that cannot be: %o", async (more, message) => {
    const fleet = new SmallFleet([paused(), paused("s1")]);
    await expect(plan(fleet, { type: "horizon" }, more)).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

describe("a reset of shards that nobody renews", () => {
  test("takes the failover time and two seconds to be sure", async () => {
    const fleet = new SmallFleet([owned(), owned("s1", { owner: undefined })]);
    const startedMs = fleet.clock.monotonicNow();
    const planned = await plan(fleet, { type: "horizon" });
    expect(fleet.clock.monotonicNow() - startedMs).toBeGreaterThanOrEqual(F + 2_000);
    expect(planned.shards.map(({ isSilent, refusal }) => [isSilent, refusal])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    expect((await execute(fleet, planned)).isComplete).toBe(true);
  });

  test("is refused early where the owners turn out to live", async () => {
    const fleet = new SmallFleet([owned()]);
    fleet.live();
    const startedMs = fleet.clock.monotonicNow();
    expect((await plan(fleet, { type: "horizon" })).shards[0]?.refusal?.code).toBe("not-paused");
    expect(fleet.clock.monotonicNow() - startedMs).toBeLessThan(F);
  });

  test("is refused where one wakes up at the last moment, or after the plan", async () => {
    const fleet = new SmallFleet([owned()]);
    const wake = (): void =>
      void fleet.leases.rows.set("s0", { ...fleet.row(), counter: fleet.row().counter + 1 });
    fleet.clock.setTimer(F + 1_999, wake);
    expect((await plan(fleet, { type: "horizon" })).isRefused).toBe(true);
    const planned = await plan(fleet, { type: "horizon" });
    expect(planned.isRefused).toBe(false);
    wake();
    await expect(execute(fleet, planned)).rejects.toThrow(/somebody has taken or renewed it/);
    expect(fleet.row().checkpoint).toEqual(at(90));
  });
});

describe("a reset over a table that fails", () => {
  const faults: Readonly<Record<string, (fleet: SmallFleet) => TableFault>> = {
    "does not take the write": () => ({ type: "throttle" }),
    "loses the write": () => ({ type: "fail" }),
    "loses the answer": () => ({ type: "lose-reply" }),
    "carries the write out twice": () => ({ type: "repeat" }),
    "carries the write out late": ({ clock }) => ({
      type: "late",
      when: new Promise((resolve) => {
        clock.setTimer(20, resolve);
      }),
    }),
  };

  test.each(Object.entries(faults))("that %s is done once all the same", async (_, faultOf) => {
    for (const row of [paused(), paused("s0", { owner: undefined })]) {
      const fleet = new SmallFleet([row]);
      const planned = await plan(fleet, { type: "position", position: at(40) }, { shardIds: ["s0"] });
      let left = 1;
      fleet.intercept = ({ operation }) =>
        operation === "update" && left-- > 0 ? faultOf(fleet) : undefined;
      expect(await execute(fleet, planned)).toEqual({
        isComplete: true,
        shards: [{ shardId: "s0", state: "reset" }],
      });
      await fleet.clock.advance(1_000);
      expect(fleet.row()).toMatchObject({ checkpoint: at(40), counter: 8, owner: undefined });
    }
  });

  test("for good says which shards were reset, and that the others must be looked at", async () => {
    const fleet = new SmallFleet([paused("s0"), paused("s1")]);
    const planned = await plan(fleet, { type: "horizon" });
    fleet.intercept = ({ operation, leaseKey }) =>
      operation === "update" && leaseKey === "s1" ? { type: "fail" } : undefined;
    const result = await execute(fleet, planned);
    expect(result).toMatchObject({
      isComplete: false,
      shards: [
        { shardId: "s0", state: "reset" },
        {
          shardId: "s1",
          state: "failed",
          error: { code: "KC_LEASE_TABLE", message: expect.stringContaining("look at its row") },
        },
      ],
    });
  });

  test("and whose row was taken meanwhile leaves it to its new owner", async () => {
    const fleet = new SmallFleet([paused("s0", { owner: undefined })]);
    const planned = await plan(fleet, { type: "horizon" });
    fleet.intercept = async ({ operation }) => {
      if (operation !== "update") return undefined;
      fleet.intercept = () => undefined;
      await fleet.table.update(fleet.row(), { type: "take", owner: "w:2" });
      return undefined;
    };
    const result = await execute(fleet, planned);
    expect(result.shards).toMatchObject([{ state: "refused", refusal: { code: "pause-under-way" } }]);
    expect(fleet.row()).toMatchObject({ owner: "w:2", checkpoint: at(90) });
  });
});
