import { describe, expect, test } from "vitest";
import { pauseShards, resumeShards, waitForPause } from "../../src/index.js";
import { leaseWith } from "../support/leases.js";
import { at, F, ofJava, owned, SmallFleet } from "./fleet.js";

const by = "ops@host";

describe("pauseShards", () => {
  test("says in the rows since when and by whom, without touching counter or owner", async () => {
    const fleet = new SmallFleet([owned("s0"), owned("s1")]);
    const { table, clock } = fleet;
    const nowMs = clock.now();
    expect(await pauseShards({ table, clock, by })).toEqual([
      { shardId: "s0", pausedMs: nowMs, pausedBy: by, isNew: true },
      { shardId: "s1", pausedMs: nowMs, pausedBy: by, isNew: true },
    ]);
    expect(fleet.row("s1")).toEqual({ ...owned("s1"), pausedMs: nowMs, pausedBy: by });
  });

  test("leaves what is paused as it is, and forgets what an earlier pause left", async () => {
    const fleet = new SmallFleet([
      owned("s0", { pausedMs: 5, pausedBy: "first" }),
      owned("s1", { pauseDoneMs: 3 }),
    ]);
    const { table, clock } = fleet;
    const paused = await pauseShards({ table, clock, by });
    expect(paused[0]).toEqual({ shardId: "s0", pausedMs: 5, pausedBy: "first", isNew: false });
    expect(fleet.row("s0")).toMatchObject({ pausedMs: 5, pausedBy: "first" });
    expect(fleet.row("s1")).not.toHaveProperty("pauseDoneMs");
  });

  test("of the named shards pauses those alone; of all, those that go on", async () => {
    const fleet = new SmallFleet([owned("s0"), owned("s1"), owned("s2", { checkpoint: "SHARD_END" })]);
    const { table, clock } = fleet;
    await pauseShards({ table, clock, by, shardIds: ["s1"] });
    expect(fleet.row("s0").pausedMs).toBeUndefined();
    expect((await pauseShards({ table, clock, by })).map(({ shardId }) => shardId)).toEqual(["s0", "s1"]);
    await expect(pauseShards({ table, clock, by, shardIds: ["s2"] })).rejects.toMatchObject({
      code: "KC_STEERING_REFUSED",
      message: expect.stringContaining("s2: it has been read to its end"),
    });
  });

  test("finds the children of a shard that ends while all are paused", async () => {
    const fleet = new SmallFleet([owned("s0"), owned("s1")]);
    fleet.intercept = ({ operation, leaseKey }) => {
      if (operation === "describe" && leaseKey === "s1" && !fleet.leases.rows.has("s2")) {
        fleet.leases.rows.set("s1", owned("s1", { checkpoint: "SHARD_END" }));
        fleet.leases.rows.set("s2", leaseWith("s2", { parentShardIds: ["s1"] }));
      }
      return undefined;
    };
    await pauseShards({ table: fleet.table, clock: fleet.clock, by });
    expect(fleet.row("s2").pausedBy).toBe(by);
  });

  test.each([
    ["a KCL worker", ofJava("s1")],
    ["a KCL worker that took it from one of ours", ofJava("s1", { protocolOwner: "w:1" })],
  ])("refuses %s, by name and code, and pauses nothing", async (_, row) => {
    const fleet = new SmallFleet([owned("s0"), row]);
    const { table, clock } = fleet;
    await expect(pauseShards({ table, clock, by })).rejects.toMatchObject({
      code: "KC_STEERING_REFUSED",
      message: expect.stringMatching(
        /s1: it is owned by java-1, which writes no kcOwner.*stop the KCL workers/,
      ),
    });
    expect(fleet.row("s0").pausedMs).toBeUndefined();
    await pauseShards({ table, clock, by, shardIds: ["s0"] });
    expect(fleet.row("s0").pausedMs).toBeDefined();
  });

  test("refuses a shard on its way between KCL 3.x workers, until it has arrived", async () => {
    const { table, clock } = new SmallFleet([owned("s0", { checkpointOwner: "java-1" })]);
    await expect(pauseShards({ table, clock, by })).rejects.toThrow(
      /s0: it is on its way from java-1 to w:1.*wait/,
    );
  });

  test.each([
    [{ shardIds: ["s9"] }, /shardIds names "s9", and the lease table has no row of it: it has s0/],
    [{ shardIds: [] }, /shardIds must name at least one/],
    [{ by: "" }, /by must be a text/],
    [{ by: undefined as never }, /by/],
  ])("refuses %o", async (more, message) => {
    const { table, clock } = new SmallFleet([owned("s0")]);
    await expect(pauseShards({ table, clock, by, ...more })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

test("resumeShards takes the pause out of the rows, and says which were paused", async () => {
  const fleet = new SmallFleet([owned("s0", { pausedMs: 5, pausedBy: "x", pauseDoneMs: 6 }), owned("s1")]);
  const { table, clock } = fleet;
  expect(await resumeShards({ table, clock })).toEqual([{ shardId: "s0", pausedMs: 5, pausedBy: "x" }]);
  expect(fleet.row("s0")).toEqual(owned("s0"));
  expect(await resumeShards({ table, clock, shardIds: ["s1"] })).toEqual([]);
  await expect(resumeShards({ table, clock, shardIds: ["s9"] })).rejects.toMatchObject({
    code: "KC_OPTION_INVALID",
  });
});

describe("waitForPause", () => {
  test("waits until each living owner has stopped, and needs none where nobody owns", async () => {
    const fleet = new SmallFleet([owned("s0"), owned("s1", { owner: undefined })]);
    const { table, clock } = fleet;
    fleet.live("s0");
    await pauseShards({ table, clock, by });
    const wait = await clock.run(waitForPause({ table, clock }));
    expect(wait).toEqual({
      isDone: true,
      shards: [
        { shardId: "s0", state: "done", owner: "w:1" },
        { shardId: "s1", state: "done", owner: undefined },
      ],
    });
    expect(clock.monotonicNow()).toBeLessThan(5_000);
  });

  test("does not wait for an owner that does not renew any more", async () => {
    const fleet = new SmallFleet([owned("s0")]);
    const { table, clock } = fleet;
    await pauseShards({ table, clock, by });
    const wait = await clock.run(waitForPause({ table, clock, failoverTimeMs: F }));
    expect(wait.shards).toEqual([{ shardId: "s0", state: "silent", owner: "w:1" }]);
    expect(wait.isDone).toBe(true);
    expect(clock.monotonicNow()).toBeGreaterThanOrEqual(F + 2_000);
  });

  test("gives up at its time limit on an owner that lives and does not stop", async () => {
    const fleet = new SmallFleet([owned("s0")]);
    const { table, clock } = fleet;
    fleet.live("s0", { obeys: false });
    await pauseShards({ table, clock, by });
    const wait = await clock.run(waitForPause({ table, clock, timeoutMs: 30_000 }));
    expect(wait).toEqual({ isDone: false, shards: [{ shardId: "s0", state: "waiting", owner: "w:1" }] });
    expect(clock.monotonicNow()).toBe(30_000);
  });

  test("ends at once where a shard is not paused, or the caller has enough", async () => {
    const fleet = new SmallFleet([owned("s0", { pausedMs: 5 }), owned("s1")]);
    const { table, clock } = fleet;
    const wait = await clock.run(waitForPause({ table, clock }));
    expect(wait).toMatchObject({ isDone: false, shards: [{ state: "waiting" }, { state: "not-paused" }] });
    const enough = await clock.run(
      waitForPause({ table, clock, shardIds: ["s0"], signal: AbortSignal.abort() }),
    );
    expect(enough).toMatchObject({ isDone: false, shards: [{ shardId: "s0", state: "waiting" }] });
  });

  test("counts a shard as done that ends meanwhile, or whose row goes", async () => {
    const fleet = new SmallFleet([owned("s0", { pausedMs: 5 }), owned("s1", { pausedMs: 5 })]);
    const { table, clock } = fleet;
    clock.setTimer(1_500, () => {
      fleet.leases.rows.set("s0", owned("s0", { pausedMs: 5, checkpoint: "SHARD_END" }));
      fleet.leases.rows.delete("s1");
    });
    const wait = await clock.run(waitForPause({ table, clock, shardIds: ["s0", "s1"] }));
    expect(wait).toEqual({ isDone: true, shards: [{ shardId: "s0", state: "ended", owner: "w:1" }] });
    expect(fleet.row("s0").checkpoint).not.toEqual(at(90));
  });
});
