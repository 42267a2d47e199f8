import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import { KinesisCallError } from "../../src/kinesis/kinesis-api.js";
import { Fleet } from "../support/fleet.js";
import { leaseWith } from "../support/leases.js";
import { shardIdOf } from "../support/shards.js";

const F = 10_000;

describe("a worker", () => {
  test("makes the first leases of an empty table, takes them all and reads their shards", async () => {
    const fleet = new Fleet(4);
    for (let index = 0; index < 4; index += 1) fleet.stream.put(shardIdOf(index), 12);
    const member = await fleet.started();
    await fleet.time.advance(30_000);
    expect(member.heldShardIds()).toHaveLength(4);
    expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
    await fleet.stopAll();
    await member.worker.done;
    expect(member.events.map(({ type }) => type)).toContain("worker-start");
    expect(member.events.at(-1)?.type).toBe("worker-stop");
  });

  test("gives its leases back when it stops, and another takes them within its next look, not after the failover time", async () => {
    const fleet = new Fleet(4);
    const first = await fleet.started();
    const second = await fleet.started();
    await fleet.time.advance(60_000);
    expect(first.heldShardIds()).toHaveLength(2);
    await fleet.time.until(first.worker.stop());
    expect(first.heldShardIds()).toEqual([]);
    expect([...fleet.leases.rows.values()].filter(({ owner }) => owner === undefined)).toHaveLength(2);
    await fleet.time.advance(5_600);
    expect(second.heldShardIds()).toHaveLength(4);
    await fleet.stopAll();
  });

  test("three workers come to an even share, and keep it", async () => {
    const fleet = new Fleet(8);
    for (let index = 0; index < 3; index += 1) await fleet.started();
    await fleet.time.advance(120_000);
    const shares = fleet.members.map((member) => member.heldShardIds().length);
    expect(shares.toSorted((a, b) => a - b)).toEqual([2, 3, 3]);
    const taken = fleet.members.map((member) => member.eventsOf("lease-take").length);
    await fleet.time.advance(300_000);
    expect(fleet.members.map((member) => member.eventsOf("lease-take").length)).toEqual(taken);
    await fleet.stopAll();
  });

  test("1,000 shards on four workers that start one after the other are even within one lease after some minutes", async () => {
    const fleet = new Fleet(1_000);
    const options = {
      runShard: async ({ stopSignal }) => {
        await new Promise<void>((resolve) => {
          stopSignal.addEventListener("abort", () => resolve(), { once: true });
        });
        return { type: "stopped" };
      },
    } as const satisfies Parameters<Fleet["member"]>[0];
    for (let index = 0; index < 4; index += 1) await fleet.started(options);
    await fleet.time.advance(300_000);
    const shares = fleet.members.map((member) => member.heldShardIds().length);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(1_000);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    await fleet.stopAll();
  });

  test("a worker that dies loses its leases to the others after the failover time", async () => {
    const fleet = new Fleet(2);
    const first = await fleet.started();
    fleet.stream.put(shardIdOf(0), 3);
    first.clock.pause();
    const second = await fleet.started();
    await fleet.time.advance(F + 11_000);
    expect(second.heldShardIds()).toHaveLength(2);
    expect(fleet.destination.order).toEqual(["1", "2", "3"]);
    await fleet.time.until(second.worker.stop());
  });

  test("F26 K04 a process that was paused for five failover times notices when it goes on, before it writes", async () => {
    const fleet = new Fleet(1);
    const first = await fleet.started({ latencyMs: 20 });
    for (let round = 0; round < 20; round += 1) {
      fleet.stream.put(shardIdOf(0), 7);
      await fleet.time.advance(137);
    }
    first.clock.pause();
    const second = await fleet.started({ latencyMs: 20 });
    await fleet.time.advance(5 * F);
    expect(second.heldShardIds()).toHaveLength(1);
    const row = fleet.leases.rows.get(shardIdOf(0));
    first.clock.resume();
    await fleet.time.advance(500);
    expect(first.eventsOf("lease-lose")).toHaveLength(1);
    expect(fleet.leases.rows.get(shardIdOf(0))?.checkpoint).toEqual(row?.checkpoint);
    await fleet.time.advance(30_000);
    expect(fleet.destination.duplicates()).toEqual([]);
    expect(fleet.destination.order).toHaveLength(140);
    await fleet.stopAll();
  });

  test("F30 a blocked event loop is said by name, and the lease goes cleanly", async () => {
    const fleet = new Fleet(1);
    const first = await fleet.started();
    fleet.stream.put(shardIdOf(0), 50);
    await fleet.time.advance(1_000);
    first.clock.pause();
    const second = await fleet.started();
    await fleet.time.advance(25_000);
    first.clock.resume();
    await fleet.time.advance(20_000);
    expect(first.eventsOf("event-loop-blocked").length).toBeGreaterThan(0);
    expect(first.warnings.some((text) => text.startsWith("event-loop-blocked"))).toBe(true);
    expect(second.eventsOf("lease-take")).toHaveLength(1);
    expect(fleet.destination.duplicates()).toEqual([]);
    expect(fleet.destination.order).toHaveLength(50);
    await fleet.stopAll();
  });

  test("F29 a wall clock that jumps by hours neither takes nor loses a lease", async () => {
    const fleet = new Fleet(4);
    const first = await fleet.started();
    const second = await fleet.started();
    await fleet.time.advance(60_000);
    const moves = (): number =>
      [first, second].flatMap(({ events }) => events.filter(({ type }) => /^lease-(take|lose)$/.test(type)))
        .length;
    const before = [first.heldShardIds(), second.heldShardIds(), moves()];
    for (const shiftMs of [3_600_000, -7_200_000, 3_600_000, 1_000]) {
      first.clock.wallShiftMs += shiftMs;
      second.clock.wallShiftMs -= shiftMs;
      await fleet.time.advance(20_000);
    }
    expect([first.heldShardIds(), second.heldShardIds(), moves()]).toEqual(before);
    await fleet.stopAll();
  });

  test("F03 with the table down for two failover times it drops its leases, writes nothing, and goes on afterwards", async () => {
    const fleet = new Fleet(2);
    let isDown = false;
    const member = await fleet.started({ intercept: () => (isDown ? { type: "fail" } : undefined) });
    await fleet.time.advance(5_000);
    isDown = true;
    fleet.stream.put(shardIdOf(0), 20);
    await fleet.time.advance(2 * F);
    expect(member.heldShardIds()).toEqual([]);
    expect(fleet.destination.order).toEqual([]);
    isDown = false;
    await fleet.time.advance(15_000);
    expect(member.heldShardIds()).toHaveLength(2);
    expect(fleet.destination.order).toHaveLength(20);
    expect(fleet.destination.duplicates()).toEqual([]);
    await fleet.stopAll();
  });

  test.each(["open", "fleetMode", "list", "create"] as const)(
    "F03 F36 a table that does not answer %s during the start ends the start by name, with the cure, and nothing runs",
    async (operation) => {
      const fleet = new Fleet(1);
      const member = fleet.member({
        intercept: (call) => (call.operation === operation ? { type: "fail" } : undefined),
      });
      const error = { code: "KC_LEASE_TABLE", message: expect.stringContaining("endpoint of DynamoDB") };
      await expect(fleet.time.until(member.worker.start())).rejects.toMatchObject(error);
      await expect(fleet.time.until(member.worker.done)).rejects.toMatchObject(error);
      expect(fleet.leases.rows.size).toBe(0);
    },
  );

  test("F03 F36 after the start an outage of any length, of any call, ends nothing: it is waited out and told", async () => {
    const fleet = new Fleet(2);
    let isDown = false;
    const failed = new Set<string>();
    const member = await fleet.started({
      intercept: (call) => {
        if (!isDown) return undefined;
        failed.add(call.operation);
        return { type: "fail" };
      },
      leases: { cleanupPeriodMs: 1_000, auditPeriodMs: 1_000, fleetModePeriodMs: 1_000 },
    });
    // A shard that ends during the outage needs its children's leases and its own last write.
    fleet.stream.put(shardIdOf(0), 3);
    await fleet.time.advance(5_000);
    isDown = true;
    fleet.stream.split(shardIdOf(0));
    await fleet.time.advance(30 * 60_000);
    expect([...failed]).toEqual(expect.arrayContaining(["update", "get", "list", "fleetMode"]));
    expect(member.eventsOf("lease-retry").length).toBeGreaterThan(10);
    expect(member.eventsOf("worker-stop")).toEqual([]);
    isDown = false;
    const resumed = member.eventsOf("lease-resume").length;
    fleet.stream.put(shardIdOf(1), 4);
    await fleet.time.advance(60_000);
    expect(fleet.destination.order).toHaveLength(7);
    expect(member.heldShardIds().length).toBeGreaterThanOrEqual(3);
    expect(resumed).toBe(0);
    expect(member.eventsOf("lease-resume")).toContainEqual({ type: "lease-resume", step: "take" });
    await fleet.stopAll();
    await member.worker.done;
  });

  test("F38 a stream that cannot be listed for many minutes ends nothing after the start, and the hole is mended afterwards", async () => {
    const fleet = new Fleet(2);
    const member = await fleet.started({ leases: { auditPeriodMs: 1_000 } });
    await fleet.time.advance(20_000);
    // Somebody deleted a row: its shard is found and leased again only by listing the stream.
    const outage = Array.from(
      { length: 500 },
      () => new KinesisCallError("ListShards", "transient", "no route to host"),
    );
    fleet.stream.failures.push(...outage);
    await fleet.time.until(member.worker.stop());
    fleet.leases.rows.delete(shardIdOf(1));
    const second = await fleet.started({ leases: { auditPeriodMs: 1_000 } });
    await fleet.time.advance(300_000);
    expect(fleet.stream.failures.length).toBeLessThan(450);
    expect(second.eventsOf("lease-retry").length).toBeGreaterThan(0);
    expect(second.eventsOf("worker-stop")).toEqual([]);
    fleet.stream.failures.length = 0;
    await fleet.time.advance(60_000);
    expect(second.heldShardIds()).toEqual([shardIdOf(0), shardIdOf(1)]);
    await fleet.stopAll();
  });

  test("F38 a stream that cannot be listed during the start ends the start by name", async () => {
    const fleet = new Fleet(1);
    for (let call = 0; call < 60; call += 1)
      fleet.stream.failures.push(new KinesisCallError("ListShards", "transient", "no route to host"));
    const member = fleet.member();
    await expect(fleet.time.until(member.worker.start())).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
  });

  test("K49 a lost lease is told at once, and other shards go on, while the engine of its shard is slow to end", async () => {
    const fleet = new Fleet(2);
    const renewed: string[] = [];
    let mayEnd: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      mayEnd = resolve;
    });
    const told: string[] = [];
    const member = await fleet.started({
      intercept: ({ change, leaseKey }) => {
        if (change?.type === "renew" && leaseKey !== undefined) renewed.push(leaseKey);
        return undefined;
      },
      runShard: async ({ shardId, stopSignal, abortSignal }) => {
        abortSignal.addEventListener("abort", () => told.push(shardId), { once: true });
        if (shardId === shardIdOf(0)) await slow;
        else
          await new Promise<void>((resolve) => {
            stopSignal.addEventListener("abort", () => resolve(), { once: true });
          });
        return { type: "stopped" };
      },
    });
    await fleet.time.advance(5_000);
    const row = fleet.leases.rows.get(shardIdOf(0));
    if (row === undefined) throw new Error("no row");
    fleet.leases.rows.set(shardIdOf(0), { ...row, owner: "thief:1", counter: row.counter + 1 });
    await fleet.time.advance(F);
    expect(told).toEqual([shardIdOf(0)]);
    expect(member.eventsOf("lease-lose")).toMatchObject([{ shardId: shardIdOf(0) }]);
    expect(member.heldShardIds()).toEqual([shardIdOf(1)]);
    renewed.length = 0;
    // Its thief does nothing with it, but a shard is not begun a second time while its first engine still runs here.
    await fleet.time.advance(3 * F);
    expect(renewed.length).toBeGreaterThan(5);
    expect(new Set(renewed)).toEqual(new Set([shardIdOf(1)]));
    expect(member.eventsOf("lease-take")).toHaveLength(2);
    mayEnd();
    await fleet.time.advance(2 * F);
    expect(member.eventsOf("lease-take").length).toBeGreaterThan(2);
    await fleet.stopAll();
  });

  test("F14 a shard that fails for good stops the worker by name, after the others have been given back", async () => {
    const fleet = new Fleet(3);
    const refused = new KinesisConnectorError("KC_READ_REFUSED", "no rights");
    const member = await fleet.started({
      runShard: async ({ shardId, stopSignal }) => {
        if (shardId === shardIdOf(1)) throw refused;
        await new Promise<void>((resolve) => {
          stopSignal.addEventListener("abort", () => resolve(), { once: true });
        });
        return { type: "stopped" };
      },
    });
    await expect(fleet.time.until(member.worker.done)).rejects.toBe(refused);
    expect(member.eventsOf("shard-fail")).toEqual([
      { type: "shard-fail", shardId: shardIdOf(1), error: refused },
    ]);
    expect([...fleet.leases.rows.values()].every(({ owner }) => owner === undefined)).toBe(true);
  });

  test("a shard that fails for good: the others have the deadline of a stop, and no longer", async () => {
    const fleet = new Fleet(2);
    const refused = new KinesisConnectorError("KC_READ_REFUSED", "no rights");
    const member = await fleet.started({
      stopDeadlineMs: 2_000,
      runShard: async ({ shardId, abortSignal }) => {
        if (shardId === shardIdOf(1)) throw refused;
        // Its destination takes nothing.
        await new Promise<never>((_, reject) => {
          abortSignal.addEventListener("abort", () => reject(abortSignal.reason as Error), { once: true });
        });
        return { type: "stopped" };
      },
    });
    const failedMs = async (): Promise<number> => {
      while (member.eventsOf("shard-fail").length === 0) await fleet.time.advance(100);
      return fleet.time.nowMs;
    };
    const sinceMs = await failedMs();
    // Asked again, with more time: it is under way already.
    void member.worker.stop(60_000);
    await expect(fleet.time.until(member.worker.done)).rejects.toBe(refused);
    expect(fleet.time.nowMs - sinceMs).toBeLessThan(3_000);
  });

  test("F74 a lease table that is deleted stops the worker by name", async () => {
    const fleet = new Fleet(1);
    const gone = new KinesisConnectorError("KC_LEASE_TABLE", "the table was deleted");
    let isGone = false;
    const member = await fleet.started({
      intercept: () => {
        if (isGone) throw gone;
        return undefined;
      },
    });
    isGone = true;
    await expect(fleet.time.until(member.worker.done)).rejects.toBe(gone);
  });
});

describe("starting and stopping", () => {
  test("F45 K17 a stop before the start is harmless, and nothing starts afterwards", async () => {
    const fleet = new Fleet(1);
    const member = fleet.member();
    await fleet.time.until(member.worker.stop());
    await member.worker.done;
    await fleet.time.until(member.worker.start());
    await fleet.time.advance(60_000);
    expect(fleet.leases.rows.size).toBe(0);
  });

  test("F45 K49 a stop during the start ends it, and leaves no lease held", async () => {
    const fleet = new Fleet(2);
    const member = fleet.member({ latencyMs: 200 });
    const starting = member.worker.start();
    await fleet.time.advance(150);
    await fleet.time.until(member.worker.stop());
    await fleet.time.until(starting);
    await fleet.time.advance(60_000);
    expect([...fleet.leases.rows.values()].filter(({ owner }) => owner !== undefined)).toEqual([]);
  });

  test("F45 K18 K49 a second stop waits for the first; a take that is under way is given back", async () => {
    const fleet = new Fleet(3);
    const member = fleet.member({ latencyMs: 400 });
    await fleet.time.until(member.worker.start());
    await fleet.time.advance(700);
    await fleet.time.until(Promise.all([member.worker.stop(), member.worker.stop()]));
    await member.worker.done;
    expect([...fleet.leases.rows.values()].filter(({ owner }) => owner !== undefined)).toEqual([]);
    expect(member.eventsOf("worker-stop")).toHaveLength(1);
  });

  test("F42 what does not stop within the deadline is aborted by name and left prepared for the next owner", async () => {
    const fleet = new Fleet(1);
    const stuck = fleet.member({
      runShard: async ({ checkpointer, abortSignal }) => {
        const [first, last] = [
          fleet.stream.recordsOf(shardIdOf(0))[0],
          fleet.stream.recordsOf(shardIdOf(0))[2],
        ];
        if (first === undefined || last === undefined) throw new Error("no records");
        await checkpointer.prepare({
          v: 1,
          batchId: "stuck",
          first,
          last,
          recordCount: 3,
          filtered: 0,
          deadLettered: 0,
        });
        await new Promise<never>((_, reject) => {
          abortSignal.addEventListener("abort", () => reject(abortSignal.reason as Error), { once: true });
        });
        return { type: "stopped" };
      },
    });
    fleet.stream.put(shardIdOf(0), 7);
    await fleet.time.until(stuck.worker.start());
    await fleet.time.advance(1_000);
    const begunMs = fleet.time.nowMs;
    await fleet.time.until(stuck.worker.stop(5_000));
    expect(fleet.time.nowMs - begunMs).toBeLessThan(6_000);
    await expect(stuck.worker.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
    expect(fleet.leases.rows.get(shardIdOf(0))).toMatchObject({
      owner: undefined,
      pending: { checkpoint: { sequenceNumber: "3" } },
    });
    await fleet.started();
    await fleet.time.advance(5_000);
    expect([...fleet.destination.objects]).toEqual([
      ["stuck", ["1", "2", "3"]],
      [`${shardIdOf(0)}:4-7`, ["4", "5", "6", "7"]],
    ]);
    await fleet.stopAll();
  });

  test("a stop that meets an engine which never settles ends all the same, without giving that lease back", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started({ runShard: () => new Promise(() => undefined) });
    await fleet.time.until(member.worker.stop(1_000));
    await expect(member.worker.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
    expect(fleet.leases.rows.get(shardIdOf(0))?.owner).toBe(member.worker.ownerId);
  });

  test("a stream that cannot be listed fails the start, and nothing runs", async () => {
    const fleet = new Fleet(1);
    fleet.stream.failures.push(new KinesisCallError("ListShards", "not-found", "no such stream"));
    const member = fleet.member();
    await expect(fleet.time.until(member.worker.start())).rejects.toMatchObject({
      code: "KC_STREAM_MISSING",
    });
    await expect(fleet.time.until(member.worker.done)).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
    expect(fleet.leases.rows.size).toBe(0);
  });
});

describe("first leases", () => {
  test("K21 K34 of many workers that start on an empty table few list the stream, and every shard has one lease", async () => {
    const fleet = new Fleet(5);
    const starting = Array.from({ length: 20 }, () => fleet.member({ latencyMs: 50 }).worker.start());
    await fleet.time.until(Promise.all(starting));
    expect(fleet.leases.rows.size).toBe(5);
    expect(fleet.stream.requests.length).toBeLessThan(10);
    await fleet.stopAll();
  });

  test("F16 K31 all pages of a long listing are read, and later pages are asked for by token alone", async () => {
    const fleet = new Fleet(25);
    fleet.stream.pageSize = 10;
    await fleet.started();
    expect(fleet.leases.rows.size).toBe(25);
    expect(fleet.stream.requests).toEqual([
      { filter: { type: "at-trim-horizon" } },
      { nextToken: "t10" },
      { nextToken: "t20" },
    ]);
    await fleet.stopAll();
  });

  test("a throttled listing, or a token that expired, is repeated", async () => {
    const fleet = new Fleet(4);
    fleet.stream.pageSize = 2;
    for (const kind of ["limit", "throttled", "in-use", "transient", "expired-token"] as const)
      fleet.stream.failures.push(new KinesisCallError("ListShards", kind, "for now"));
    await fleet.started();
    expect(fleet.leases.rows.size).toBe(4);
    await fleet.stopAll();
  });

  test("K33 a listing that does not cover all hash keys makes no leases at all", async () => {
    const fleet = new Fleet(4);
    fleet.stream.trim(shardIdOf(2));
    const member = fleet.member();
    await expect(fleet.time.until(member.worker.start())).rejects.toThrow("cover all hash keys");
    expect(fleet.leases.rows.size).toBe(0);
    expect(fleet.stream.requests).toHaveLength(3);
  });

  test("F72 with LATEST the start of every shard is in its row, and the next owner starts there", async () => {
    const fleet = new Fleet(1);
    const starts: object[] = [];
    const options = {
      initialPosition: { type: "latest" },
      runShard: async ({ initialPosition, stopSignal }) => {
        starts.push(initialPosition);
        await new Promise<void>((resolve) => {
          stopSignal.addEventListener("abort", () => resolve(), { once: true });
        });
        return { type: "stopped" };
      },
    } as const satisfies Parameters<Fleet["member"]>[0];
    const first = await fleet.started(options);
    const timestampMs = first.clock.now();
    await fleet.time.advance(5_000);
    await fleet.time.until(first.worker.stop());
    await fleet.time.advance(60_000);
    await fleet.started(options);
    await fleet.time.advance(1_000);
    expect(starts).toHaveLength(2);
    expect(starts[1]).toEqual(starts[0]);
    expect(starts[0]).toMatchObject({ type: "at-timestamp" });
    expect(fleet.leases.rows.get(shardIdOf(0))?.startTimestampMs).toBeLessThanOrEqual(timestampMs);
    await fleet.stopAll();
  });
});

describe("the leader", () => {
  test("F72 with LATEST, a shard whose first lease was never made begins where the application began", async () => {
    const fleet = new Fleet(2);
    await fleet.started({ initialPosition: { type: "latest" } });
    const begunMs = fleet.leases.rows.get(shardIdOf(0))?.startTimestampMs;
    fleet.leases.rows.delete(shardIdOf(1));
    await fleet.time.advance(120_000);
    expect(begunMs).toBeGreaterThan(0);
    expect(fleet.leases.rows.get(shardIdOf(1))).toMatchObject({
      checkpoint: "LATEST",
      startTimestampMs: begunMs,
    });
    await fleet.stopAll();
  });

  test("F22 a hole is repaired after it was seen three times", async () => {
    const fleet = new Fleet(4);
    const member = await fleet.started();
    await fleet.time.advance(30_000);
    fleet.leases.rows.delete(shardIdOf(2));
    await fleet.time.advance(600_000);
    expect(member.eventsOf("hole-found").map((event) => ("times" in event ? event.times : 0))).toEqual([
      1, 2, 3,
    ]);
    expect(member.eventsOf("shard-sync").at(-1)).toEqual({ type: "shard-sync", created: [shardIdOf(2)] });
    expect(member.heldShardIds()).toHaveLength(4);
    await fleet.stopAll();
  });

  test("K32 a hole is not repaired from a listing that was taken during a reshard", async () => {
    const fleet = new Fleet(4);
    await fleet.started();
    await fleet.time.advance(30_000);
    fleet.leases.rows.delete(shardIdOf(2));
    fleet.stream.split(shardIdOf(3));
    const parent = fleet.stream.shards.findIndex(({ shardId }) => shardId === shardIdOf(3));
    const closed = fleet.stream.shards[parent];
    if (closed === undefined) throw new Error("no shard");
    fleet.stream.shards[parent] = { ...closed, endingSequenceNumber: undefined };
    await fleet.time.advance(600_000);
    expect(fleet.leases.rows.has(shardIdOf(2))).toBe(false);
    fleet.stream.shards[parent] = closed;
    await fleet.time.advance(600_000);
    expect(fleet.leases.rows.has(shardIdOf(2))).toBe(true);
    await fleet.stopAll();
  });

  test("K16 K19 exactly one of several workers audits, and another one follows when it is gone", async () => {
    const fleet = new Fleet(6);
    for (let index = 0; index < 3; index += 1) await fleet.started();
    await fleet.time.advance(600_000);
    const leading = () =>
      fleet.members.filter((member) => {
        const last = member.eventsOf("leader-elect").at(-1);
        return last?.type === "leader-elect" && last.leader;
      });
    expect(leading()).toHaveLength(1);
    const [leader] = leading();
    await fleet.time.until(leader?.worker.stop() ?? Promise.resolve());
    await fleet.time.advance(600_000);
    expect(leading().filter((member) => member !== leader)).toHaveLength(1);
    await fleet.stopAll();
  });

  test("rows of early KCL versions get their hash key range", async () => {
    const fleet = new Fleet(2);
    await fleet.started();
    const row = fleet.leases.rows.get(shardIdOf(1));
    if (row === undefined) throw new Error("no row");
    fleet.leases.rows.set(shardIdOf(1), { ...row, hashKeyRange: undefined });
    await fleet.time.advance(300_000);
    expect(fleet.leases.rows.get(shardIdOf(1))?.hashKeyRange?.endingHashKey).toBe(`${(1n << 128n) - 1n}`);
    await fleet.stopAll();
  });
});

describe("with KCL workers on the same table", () => {
  test("an owner whose counter moves is left alone; one that stopped is followed, and it is said what that means", async () => {
    const fleet = new Fleet(1);
    const key = shardIdOf(0);
    fleet.leases.rows.set(key, leaseWith(key, { owner: "java", counter: 7, checkpoint: "TRIM_HORIZON" }));
    const member = await fleet.started();
    for (let beat = 8; beat < 20; beat += 1) {
      fleet.leases.rows.set(key, leaseWith(key, { owner: "java", counter: beat }));
      await fleet.time.advance(3_308);
    }
    expect(member.heldShardIds()).toEqual([]);
    await fleet.time.advance(F + 6_000);
    expect(member.heldShardIds()).toEqual([key]);
    expect(member.warnings.filter((text) => text.includes("exactly once only among"))).toHaveLength(1);
    await fleet.stopAll();
  });

  test("K09 a lease in a handoff counts as the old owner's; taken after it expired, the handoff is over", async () => {
    const fleet = new Fleet(1);
    const key = shardIdOf(0);
    fleet.leases.rows.set(key, leaseWith(key, { owner: "next", checkpointOwner: "old", counter: 3 }));
    const member = await fleet.started();
    await fleet.time.advance(5_000);
    expect(member.heldShardIds()).toEqual([]);
    await fleet.time.advance(F + 6_000);
    expect(fleet.leases.rows.get(key)).toMatchObject({
      owner: member.worker.ownerId,
      checkpointOwner: undefined,
    });
    await fleet.time.advance(30_000);
    expect(member.heldShardIds()).toEqual([key]);
    await fleet.stopAll();
  });

  test("a worker that takes no part in 3.x mode takes no more leases when the fleet switches to it, keeps what it holds, and says so", async () => {
    const fleet = new Fleet(2);
    const member = await fleet.started({ leases: { mode: "2x" } });
    await fleet.time.advance(1_000);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X_WITH_ROLLBACK";
    await fleet.time.advance(70_000);
    const extra = "shardId-extra";
    fleet.leases.rows.set(extra, leaseWith(extra));
    await fleet.time.advance(60_000);
    expect(member.heldShardIds()).toHaveLength(2);
    expect(member.eventsOf("fleet-mode")).toEqual([
      { type: "fleet-mode", mode: "CLIENT_VERSION_3X_WITH_ROLLBACK", taking: false, role: "passenger" },
    ]);
    expect(member.warnings.some((text) => text.includes("takes no more leases"))).toBe(true);
    fleet.leases.fleetMode = "CLIENT_VERSION_2X";
    await fleet.time.advance(90_000);
    expect(member.heldShardIds()).toHaveLength(3);
    await fleet.stopAll();
  });
});
