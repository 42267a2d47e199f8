import type { ChildShard } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import { type LeaseCheckpoint, startPositionOf } from "@kinesis-connectors/leases";
import { cleanupVerdict, cleanupVerdictFrom } from "../../src/worker/shard-sync/cleanup.js";
import { fakeEngine } from "../support/fake-stream.js";
import { Fleet, type Member } from "../support/fleet.js";
import { leaseWith, newLease } from "../support/leases.js";
import { shardIdOf } from "../support/shards.js";

const S0 = shardIdOf(0);
const S1 = shardIdOf(1);
const S2 = shardIdOf(2);

function checkpointOf(fleet: Fleet, shardId: string): LeaseCheckpoint | undefined {
  return fleet.leases.rows.get(shardId)?.checkpoint;
}

/** The order in which the records of shards reached the destination. */
function orderOf(fleet: Fleet, ...shardIds: readonly string[]): readonly string[] {
  const owner = new Map(
    shardIds.flatMap((id) =>
      fleet.stream.recordsOf(id).map(({ sequenceNumber }) => [sequenceNumber, id] as const),
    ),
  );
  const order = fleet.destination.order.flatMap((record) => owner.get(record) ?? []);
  return order.filter((id, index) => order[index - 1] !== id);
}

/** A worker whose engine ends the shard at once with these children. */
function endingWith(fleet: Fleet, children: readonly ChildShard[], times = 1): Promise<Member> {
  let left = times;
  return fleet.started({
    runShard: async ({ shardId, stopSignal }) => {
      if (shardId === S0 && left-- > 0) return { type: "shard-end", childShards: children };
      await new Promise<void>((resolve) => {
        stopSignal.addEventListener("abort", () => resolve(), { once: true });
      });
      return { type: "stopped" };
    },
  });
}

describe("the end of a shard", () => {
  test("F17 a split in the middle of a batch: the parent is drained and ended, then both children are read", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 23);
    const member = await fleet.started();
    await fleet.time.advance(100);
    fleet.stream.split(S0);
    fleet.stream.put(S1, 9);
    fleet.stream.put(S2, 9);
    await fleet.time.advance(40_000);
    expect(checkpointOf(fleet, S0)).toBe("SHARD_END");
    expect(fleet.leases.rows.get(S0)?.childShardIds.toSorted()).toEqual([S1, S2]);
    expect(orderOf(fleet, S0, S1)).toEqual([S0, S1]);
    expect(orderOf(fleet, S0, S2)).toEqual([S0, S2]);
    expect(fleet.destination.order).toHaveLength(41);
    expect(fleet.destination.duplicates()).toEqual([]);
    expect(member.eventsOf("lease-end")).toHaveLength(1);
    await fleet.stopAll();
  });

  test("F18 the child of a merge waits for both parents", async () => {
    const fleet = new Fleet(2);
    fleet.stream.put(S0, 3);
    fleet.stream.put(S1, 60);
    const member = await fleet.started();
    await fleet.time.advance(100);
    fleet.stream.merge(S0, S1);
    fleet.stream.put(S2, 5);
    await fleet.time.advance(60_000);
    expect(orderOf(fleet, S1, S2)).toEqual([S1, S2]);
    expect(orderOf(fleet, S0, S2)).toEqual([S0, S2]);
    expect(member.eventsOf("parent-wait")).toHaveLength(1);
    expect(fleet.destination.order).toHaveLength(68);
    await fleet.stopAll();
  });

  test("a child that was leased before its parent ended is not read before", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 40);
    const [first] = fleet.stream.split(S0);
    if (first === undefined) throw new Error("no child");
    fleet.stream.put(S1, 3);
    await fleet.leases.connect().create(newLease(S0));
    await fleet.leases.connect().create(newLease(S1, { parentShardIds: [S0] }));
    await fleet.started();
    await fleet.time.advance(60_000);
    expect(orderOf(fleet, S0, S1)).toEqual([S0, S1]);
    await fleet.stopAll();
  });

  test("a parent whose row is gone does not block its child", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 3);
    await fleet.leases.connect().create(newLease(S0, { parentShardIds: ["trimmed-long-ago"] }));
    await fleet.started();
    await fleet.time.advance(5_000);
    expect(fleet.destination.order).toHaveLength(3);
    await fleet.stopAll();
  });

  test.each(["create", "commit"] as const)(
    "F19 K28 a crash at the end of a shard, before '%s': the next owner does it again, and the children start",
    async (point) => {
      const fleet = new Fleet(1);
      fleet.stream.put(S0, 5);
      fleet.stream.split(S0);
      const firstRow = newLease(S0);
      await fleet.leases.connect().create(firstRow);
      const first = fleet.member({
        intercept: ({ operation, change }) => {
          const isThere =
            point === "create"
              ? operation === "create"
              : change?.type === "commit" && change.checkpoint === "SHARD_END";
          if (!isThere) return undefined;
          first.clock.pause();
          return new Promise(() => undefined);
        },
      });
      await fleet.time.until(first.worker.start());
      await fleet.time.advance(20_000);
      expect(first.clock.isPaused).toBe(true);
      expect(checkpointOf(fleet, S0)).toMatchObject({ sequenceNumber: "5" });
      fleet.stream.put(S1, 2);
      fleet.stream.put(S2, 2);
      const second = await fleet.started();
      await fleet.time.advance(40_000);
      expect(checkpointOf(fleet, S0)).toBe("SHARD_END");
      expect(fleet.destination.order).toHaveLength(9);
      expect(fleet.destination.duplicates()).toEqual([]);
      await fleet.time.until(second.worker.stop());
    },
  );

  test("F04 the answer to SHARD_END is lost: it is read back, and the shard is not read again", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 5);
    fleet.stream.split(S0);
    await fleet.leases.connect().create(newLease(S0));
    let times = 0;
    const member = await fleet.started({
      intercept: ({ change }) => {
        if (change?.type !== "commit" || change.checkpoint !== "SHARD_END") return undefined;
        times += 1;
        return { type: "lose-reply" };
      },
    });
    await fleet.time.advance(20_000);
    expect(times).toBe(1);
    expect(member.eventsOf("lease-lose")).toEqual([]);
    expect(member.eventsOf("lease-end")).toHaveLength(1);
    await fleet.stopAll();
  });

  test("F23 K35 a child that was checkpointed goes on from there when its lease moves", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 5);
    fleet.stream.split(S0);
    fleet.stream.put(S1, 50);
    await fleet.leases.connect().create(newLease(S0));
    const first = await fleet.started();
    await fleet.time.advance(8_000);
    await fleet.time.until(first.worker.stop());
    const placed = fleet.destination.order.length;
    expect(placed).toBeGreaterThan(5);
    await fleet.started();
    await fleet.time.advance(60_000);
    expect(fleet.destination.duplicates()).toEqual([]);
    expect(fleet.destination.order).toHaveLength(55);
    await fleet.stopAll();
  });

  test("K26 an end whose children name other parents does not finish the shard", async () => {
    const fleet = new Fleet(1);
    const stranger = { shardId: "shardId-x", parentShardIds: [], startingHashKey: "0", endingHashKey: "9" };
    const member = await endingWith(fleet, [stranger]);
    await fleet.time.advance(30_000);
    expect(checkpointOf(fleet, S0)).toBe("TRIM_HORIZON");
    expect(fleet.leases.rows.has("shardId-x")).toBe(false);
    expect(member.warnings.some((text) => text.includes("children of other shards"))).toBe(true);
    expect(member.heldShardIds()).toEqual([S0]);
    await fleet.stopAll();
  });

  test("K27 a merge is put off while the other parent has no lease, and goes on once it has", async () => {
    const fleet = new Fleet(2);
    await fleet.leases.connect().create(newLease(S0));
    const children = fleet.stream.merge(S0, S1);
    await endingWith(fleet, children, 100);
    await fleet.time.advance(10_000);
    expect(fleet.leases.rows.has(S2)).toBe(false);
    expect(checkpointOf(fleet, S0)).toBe("TRIM_HORIZON");
    await fleet.leases.connect().create(newLease(S1));
    await fleet.time.advance(30_000);
    expect(fleet.leases.rows.get(S2)?.parentShardIds.toSorted()).toEqual([S0, S1]);
    expect(checkpointOf(fleet, S0)).toBe("SHARD_END");
    await fleet.stopAll();
  });

  test("K27 a merge is not put off for a parent that the stream does not keep any more", async () => {
    const fleet = new Fleet(2);
    await fleet.leases.connect().create(newLease(S0));
    const children = fleet.stream.merge(S0, S1);
    fleet.stream.trim(S1);
    await endingWith(fleet, children);
    await fleet.time.advance(5_000);
    expect(checkpointOf(fleet, S0)).toBe("SHARD_END");
    await fleet.stopAll();
  });

  test("K36 a shard that is gone from the stream ends without children", async () => {
    const fleet = new Fleet(2);
    await endingWith(fleet, []);
    await fleet.time.advance(5_000);
    expect(checkpointOf(fleet, S0)).toBe("SHARD_END");
    fleet.stream.trim(S0);
    await fleet.time.advance(120_000);
    expect(fleet.leases.rows.has(S0)).toBe(false);
    await fleet.stopAll();
  });

  test("K29 K37 a shard is not ended over a batch that was prepared and not committed", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 3);
    const member = await fleet.started({
      runShard: async ({ checkpointer }) => {
        const [first] = fleet.stream.recordsOf(S0);
        if (first === undefined) throw new Error("no record");
        const range = { first, last: first, recordCount: 1, filtered: 0, deadLettered: 0 };
        await checkpointer.prepare({ v: 1, batchId: "b", ...range });
        return { type: "shard-end", childShards: [] };
      },
    });
    await expect(fleet.time.until(member.worker.done)).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    expect(fleet.leases.rows.get(S0)).toMatchObject({
      checkpoint: "TRIM_HORIZON",
      pending: { checkpoint: { sequenceNumber: "1" } },
    });
  });
});

describe("rows of finished shards", () => {
  const ended = leaseWith("p", { checkpoint: "SHARD_END", childShardIds: ["a", "b"] });
  const position = { sequenceNumber: "5", subSequenceNumber: 0 };
  const table = (a: LeaseCheckpoint | undefined, b: LeaseCheckpoint, ...more: readonly string[]) =>
    new Map(
      [
        ended,
        ...(a === undefined ? [] : [leaseWith("a", { checkpoint: a })]),
        leaseWith("b", { checkpoint: b }),
        ...more.map((key) => leaseWith(key)),
      ].map((lease) => [lease.leaseKey, lease]),
    );

  test("K30 stay until every child has begun, has a lease, and no parent row is left", () => {
    expect(cleanupVerdict(ended, table(position, position))).toBe("delete");
    expect(cleanupVerdict(ended, table("LATEST", "SHARD_END"))).toBe("delete");
    expect(cleanupVerdict(ended, table("TRIM_HORIZON", position))).toBe("keep");
    expect(cleanupVerdict(ended, table(position, "AT_TIMESTAMP"))).toBe("keep");
    expect(cleanupVerdict(ended, table(undefined, position))).toBe("ask-stream");
    expect(cleanupVerdict({ ...ended, parentShardIds: ["g"] }, table(position, position, "g"))).toBe("keep");
    expect(cleanupVerdict({ ...ended, parentShardIds: ["g"] }, table(position, position))).toBe("delete");
    expect(cleanupVerdict({ ...ended, childShardIds: [] }, table(position, position))).toBe("ask-stream");
    expect(cleanupVerdict(leaseWith("p"), new Map())).toBe("keep");
  });

  test("are garbage once the stream does not list the shard; else the stream names the children", () => {
    const fleet = new Fleet(1);
    fleet.stream.split(S0);
    const lease = leaseWith(S0, { checkpoint: "SHARD_END" });
    expect(cleanupVerdictFrom(lease, fleet.stream.shards)).toEqual({
      verdict: "keep",
      childShardIds: [S1, S2],
    });
    fleet.stream.trim(S0);
    expect(cleanupVerdictFrom(lease, fleet.stream.shards).verdict).toBe("delete");
  });

  test("are deleted once the children are being read, and the shard is not read again", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 5);
    const member = await fleet.started();
    await fleet.time.advance(1_000);
    fleet.stream.split(S0);
    await fleet.time.advance(200_000);
    expect(fleet.leases.rows.has(S0)).toBe(true);
    fleet.stream.put(S1, 1);
    fleet.stream.put(S2, 1);
    await fleet.time.advance(100_000);
    expect([...fleet.leases.rows.keys()].toSorted()).toEqual([S1, S2]);
    expect(member.eventsOf("lease-delete")).toHaveLength(1);
    await fleet.time.advance(600_000);
    expect([...fleet.leases.rows.keys()].toSorted()).toEqual([S1, S2]);
    expect(fleet.destination.duplicates()).toEqual([]);
    await fleet.stopAll();
  });

  test("a finished row outlives its worker: the next one keeps it, and deletes it when its time has come", async () => {
    const fleet = new Fleet(1);
    fleet.stream.put(S0, 5);
    const first = await fleet.started();
    await fleet.time.advance(1_000);
    fleet.stream.split(S0);
    await fleet.time.advance(10_000);
    await fleet.time.until(first.worker.stop());
    const second = await fleet.started();
    await fleet.time.advance(30_000);
    expect(second.heldShardIds()).toEqual([S0, S1, S2]);
    fleet.stream.put(S1, 1);
    fleet.stream.put(S2, 1);
    await fleet.time.advance(100_000);
    expect(fleet.leases.rows.has(S0)).toBe(false);
    expect(fleet.destination.order).toHaveLength(7);
    await fleet.stopAll();
  });
});

describe("where a shard begins", () => {
  test("sentinels mean what the row says, and what was configured only where the row says nothing", () => {
    const latest = { type: "latest" } as const;
    const start = (
      checkpoint: LeaseCheckpoint,
      startTimestampMs?: number,
      configured: Parameters<typeof startPositionOf>[1] = latest,
    ) => startPositionOf(leaseWith("s0", { checkpoint, startTimestampMs }), configured);
    expect(start("TRIM_HORIZON")).toEqual({ type: "trim-horizon" });
    expect(start("LATEST")).toEqual({ type: "latest" });
    expect(start("LATEST", 5)).toEqual({ type: "at-timestamp", timestampMs: 5 });
    expect(start("AT_TIMESTAMP", 5)).toEqual({ type: "at-timestamp", timestampMs: 5 });
    const configured = { type: "at-timestamp", timestampMs: 7 } as const;
    expect(start("AT_TIMESTAMP", undefined, configured)).toEqual(configured);
  });

  test("K38 AT_TIMESTAMP without any timestamp is an error that names the option", () => {
    const lease = leaseWith("s0", { checkpoint: "AT_TIMESTAMP" });
    expect(() => startPositionOf(lease, { type: "latest" })).toThrow("initialPosition must be a time");
  });
});

test("the engine of these tests notices a key that holds other records", async () => {
  const fleet = new Fleet(1);
  fleet.stream.put(S0, 2);
  fleet.destination.put(`${S0}:1-2`, ["1"]);
  const clock = fleet.time.process();
  const member = await fleet.started({
    runShard: fakeEngine(fleet.stream, fleet.destination, clock, { idleMs: 10, emitMs: () => 1 }),
  });
  await expect(fleet.time.until(member.worker.done)).rejects.toThrow("holds other records");
});

test("F24 a row that is made again after its deletion is ended without reading the shard a second time", async () => {
  const fleet = new Fleet(1);
  fleet.stream.put(S0, 5);
  const prepared: string[] = [];
  await fleet.started({
    leases: { cleanupPeriodMs: 1_000 },
    intercept: ({ leaseKey, change }) => {
      if (change?.type === "prepare" && leaseKey !== undefined) prepared.push(leaseKey);
      return undefined;
    },
  });
  await fleet.time.advance(5_000);
  fleet.stream.split(S0);
  fleet.stream.put(S1, 3);
  fleet.stream.put(S2, 3);
  await fleet.time.advance(60_000);
  expect(fleet.leases.rows.has(S0)).toBe(false);
  prepared.length = 0;
  // A worker that listed the shards before the split goes on only now.
  await fleet.leases.connect().create(newLease(S0));
  await fleet.time.advance(60_000);
  expect(prepared).toEqual([]);
  expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
  expect(fleet.leases.rows.get(S0)?.checkpoint ?? "SHARD_END").toBe("SHARD_END");
  await fleet.stopAll();
});
