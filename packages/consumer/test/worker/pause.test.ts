import { executeReset, pauseShards, planReset, resumeShards, waitForPause } from "@kinesis-connectors/leases";
import { describe, expect, test } from "vitest";
import { Fleet } from "../support/fleet.js";
import { shardIdOf } from "../support/shards.js";

const F = 10_000;
const by = "ops@host";
const S0 = shardIdOf(0);

function steering(fleet: Fleet) {
  return { table: fleet.leases.connect(), clock: fleet.time.process() };
}

async function pause(fleet: Fleet, shardIds?: readonly string[]): Promise<void> {
  await pauseShards({ ...steering(fleet), shardIds, by });
  const wait = await fleet.time.until(waitForPause({ ...steering(fleet), shardIds }));
  expect(wait).toMatchObject({ isDone: true });
}

function rowOf(fleet: Fleet, shardId = S0) {
  const row = fleet.leases.rows.get(shardId);
  if (row === undefined) throw new Error(`no row ${shardId}`);
  return row;
}

describe("a paused shard", () => {
  test("is finished up to what was read, then held and renewed, and not read", async () => {
    const fleet = new Fleet(2);
    const member = await fleet.started();
    fleet.stream.put(S0, 12);
    await fleet.time.advance(6_000);
    await pause(fleet, [S0]);
    expect(rowOf(fleet)).toMatchObject({ pending: undefined, pausedBy: by });
    const { counter, checkpoint } = rowOf(fleet);
    fleet.stream.put(S0, 5);
    fleet.stream.put(shardIdOf(1), 7);
    await fleet.time.advance(5 * F);
    expect(rowOf(fleet).checkpoint).toEqual(checkpoint);
    expect(rowOf(fleet).counter).toBeGreaterThan(counter + 10);
    expect(member.heldShardIds()).toEqual([S0, shardIdOf(1)]);
    expect(fleet.destination.order).toHaveLength(12 + 7);
    expect(member.eventsOf("shard-pause")).toEqual([
      { type: "shard-pause", shardId: S0, pausedBy: by, pausedMs: rowOf(fleet).pausedMs },
    ]);
    expect(member.eventsOf("shard-resume")).toEqual([]);
    await fleet.stopAll();
  });

  test("that is resumed goes on where it stood: nothing lost, nothing twice", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started();
    fleet.stream.put(S0, 12);
    await fleet.time.advance(6_000);
    await pause(fleet);
    fleet.stream.put(S0, 9);
    await fleet.time.advance(20_000);
    await resumeShards(steering(fleet));
    await fleet.time.advance(15_000);
    expect(rowOf(fleet)).not.toHaveProperty("pausedMs");
    expect(rowOf(fleet)).not.toHaveProperty("pauseDoneMs");
    expect(member.eventsOf("shard-resume")).toEqual([{ type: "shard-resume", shardId: S0 }]);
    expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
    await fleet.stopAll();
  });

  test("is held paused by whoever takes it after a kill of its owner, who says so anew", async () => {
    const fleet = new Fleet(1);
    const first = await fleet.started();
    fleet.stream.put(S0, 5);
    await fleet.time.advance(6_000);
    await pause(fleet);
    const doneMs = rowOf(fleet).pauseDoneMs ?? 0;
    first.clock.pause();
    const second = await fleet.started();
    fleet.stream.put(S0, 5);
    await fleet.time.advance(3 * F);
    expect(second.heldShardIds()).toEqual([S0]);
    expect(second.eventsOf("shard-pause")).toHaveLength(1);
    expect(rowOf(fleet).pauseDoneMs).toBeGreaterThan(doneMs + F);
    expect(fleet.destination.order).toHaveLength(5);
    await resumeShards(steering(fleet));
    await fleet.time.advance(15_000);
    expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
    await fleet.time.until(second.worker.stop());
  });

  test("of a killed owner keeps the batch that was prepared, and the heir finishes it when it is resumed", async () => {
    const fleet = new Fleet(1);
    let isPrepared = false;
    const first = await fleet.started({
      intercept: ({ change }) => {
        if (change?.type === "prepare") isPrepared = true;
        return change?.type === "commit" && isPrepared ? { type: "throttle" } : undefined;
      },
    });
    fleet.stream.put(S0, 5);
    await fleet.time.advance(3_000);
    first.clock.pause();
    expect(rowOf(fleet).pending).toBeDefined();
    await pauseShards({ ...steering(fleet), by });
    const second = await fleet.started();
    await fleet.time.advance(3 * F);
    expect(second.heldShardIds()).toEqual([S0]);
    const planned = await fleet.time.until(planReset({ ...steering(fleet), to: { type: "horizon" } }));
    expect(planned.shards[0]?.refusal?.code).toBe("pending-batch");
    await resumeShards(steering(fleet));
    await fleet.time.advance(15_000);
    expect(rowOf(fleet).pending).toBeUndefined();
    expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
    await fleet.time.until(second.worker.stop());
  });

  test("is given back by a graceful stop, and stays paused with the next owner", async () => {
    const fleet = new Fleet(1);
    const first = await fleet.started();
    await fleet.time.advance(6_000);
    await pause(fleet);
    fleet.stream.put(S0, 5);
    await fleet.time.until(first.worker.stop());
    await first.worker.done;
    expect(first.eventsOf("lease-evict")).toHaveLength(1);
    expect(first.eventsOf("shard-resume")).toEqual([]);
    expect(rowOf(fleet)).toMatchObject({ owner: undefined, pausedBy: by });
    const second = await fleet.started();
    await fleet.time.advance(F);
    expect(second.heldShardIds()).toEqual([S0]);
    expect(fleet.destination.order).toEqual([]);
    await fleet.stopAll();
  });

  test("moves with the balance, and is held paused on the other side", async () => {
    const fleet = new Fleet(4);
    const first = await fleet.started();
    await fleet.time.advance(6_000);
    await pause(fleet);
    const second = await fleet.started();
    await fleet.time.advance(60_000);
    expect([first.heldShardIds().length, second.heldShardIds().length]).toEqual([2, 2]);
    for (let index = 0; index < 4; index += 1) fleet.stream.put(shardIdOf(index), 3);
    await fleet.time.advance(20_000);
    expect(fleet.destination.order).toEqual([]);
    expect([...fleet.leases.rows.values()].every(({ pauseDoneMs }) => pauseDoneMs !== undefined)).toBe(true);
    await resumeShards(steering(fleet));
    await fleet.time.advance(15_000);
    expect(fleet.destination.order.toSorted()).toEqual(fleet.stream.allRecords().toSorted());
    await fleet.stopAll();
  });

  test("keeps its children waiting, who begin after it has been resumed and read to its end", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started();
    fleet.stream.put(S0, 5);
    await fleet.time.advance(6_000);
    await pause(fleet);
    fleet.stream.put(S0, 5);
    const children = fleet.stream.split(S0).map(({ shardId }) => shardId);
    for (const child of children) {
      fleet.stream.put(child, 5);
      await fleet.leases.connect().create({
        leaseKey: child,
        checkpoint: "TRIM_HORIZON",
        parentShardIds: [S0],
        hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
      });
    }
    await fleet.time.advance(30_000);
    expect(member.eventsOf("parent-wait")).toHaveLength(2);
    expect(fleet.destination.order).toHaveLength(5);
    await resumeShards(steering(fleet));
    await fleet.time.advance(30_000);
    expect(fleet.destination.order).toHaveLength(20);
    expect(fleet.destination.order.slice(0, 10)).toEqual(
      fleet.stream.recordsOf(S0).map(({ sequenceNumber }) => sequenceNumber),
    );
    await fleet.stopAll();
  });

  test("that waits for its parents says at once that its pause is done", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started();
    await fleet.time.advance(6_000);
    await pause(fleet);
    const child = "shardId-000000000009";
    await fleet.leases.connect().create({
      leaseKey: child,
      checkpoint: "TRIM_HORIZON",
      parentShardIds: [S0],
      hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
    });
    await fleet.time.advance(F);
    expect(member.eventsOf("parent-wait")).toHaveLength(1);
    await pause(fleet, [child]);
    expect(rowOf(fleet, child).pauseDoneMs).toBeDefined();
    await fleet.stopAll();
  });

  test("is watched for its retention as long as it is paused", async () => {
    const watched: string[] = [];
    const fleet = new Fleet(1);
    await fleet.started({
      watchPaused: ({ leaseKey, readThroughMs }) => {
        watched.push(`watch ${leaseKey} ${String(readThroughMs)}`);
        return () => void watched.push("end");
      },
    });
    await fleet.time.advance(6_000);
    fleet.leases.rows.set(S0, { ...rowOf(fleet), readThroughMs: 77 });
    await fleet.time.advance(4_000);
    await pause(fleet);
    expect(watched).toHaveLength(1);
    await resumeShards(steering(fleet));
    await fleet.time.advance(F);
    expect(watched).toEqual([expect.stringContaining(`watch ${S0}`), "end"]);
    await fleet.stopAll();
  });

  test("is held as well in a fleet whose leases a KCL 3.x leader assigns, at the slower looks there", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started({ leases: { fleetModePeriodMs: 1_000 } });
    await fleet.time.advance(6_000);
    fleet.leases.fleetMode = "CLIENT_VERSION_3X";
    await fleet.time.advance(30_000);
    expect(member.eventsOf("fleet-mode")).toHaveLength(1);
    await pause(fleet);
    fleet.stream.put(S0, 5);
    await fleet.time.advance(60_000);
    expect(fleet.destination.order).toEqual([]);
    await resumeShards(steering(fleet));
    await fleet.time.advance(60_000);
    expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
    await fleet.stopAll();
  });

  test("whose pause is called off before its engine has stopped just goes on", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started();
    fleet.stream.put(S0, 12);
    await fleet.time.advance(3_000);
    await pauseShards({ ...steering(fleet), by });
    await fleet.time.advance(4_800);
    await resumeShards(steering(fleet));
    fleet.stream.put(S0, 12);
    await fleet.time.advance(20_000);
    expect(fleet.destination.order).toEqual(fleet.stream.allRecords());
    expect(member.heldShardIds()).toEqual([S0]);
    await fleet.stopAll();
  });

  test("says again that its pause is done, when it was paused anew before the owner saw that it was resumed", async () => {
    const fleet = new Fleet(1);
    await fleet.started();
    await fleet.time.advance(6_000);
    await pause(fleet);
    await resumeShards(steering(fleet));
    await pauseShards({ ...steering(fleet), by: "another" });
    expect(rowOf(fleet)).not.toHaveProperty("pauseDoneMs");
    const wait = await fleet.time.until(waitForPause(steering(fleet)));
    expect(wait.isDone).toBe(true);
    await fleet.stopAll();
  });

  test("is not read on the word of a look that is behind: the row itself is asked first", async () => {
    const fleet = new Fleet(1);
    let isBehind = false;
    const table = fleet.leases.connect();
    const member = await fleet.started();
    await fleet.time.advance(6_000);
    await pause(fleet);
    const before = rowOf(fleet);
    fleet.stream.put(S0, 5);
    // What a list shows that is behind: the row as it was before the pause.
    const { pausedMs: _since, pausedBy: _by, pauseDoneMs: _done, ...unpaused } = before;
    const get = fleet.leases.rows.get.bind(fleet.leases.rows);
    fleet.leases.rows.values = function* (this: Map<string, typeof before>) {
      for (const [key] of this)
        yield isBehind
          ? { ...unpaused, counter: get(key)?.counter ?? 0, owner: before.owner }
          : (get(key) as typeof before);
    } as never;
    isBehind = true;
    await fleet.time.advance(12_000);
    expect(fleet.destination.order).toEqual([]);
    expect(member.eventsOf("shard-resume")).toEqual([]);
    isBehind = false;
    expect((await table.get(S0))?.pausedBy).toBe(by);
    await fleet.stopAll();
  });
});

describe("a shard that is reset", () => {
  test("while it is paused begins at the new place once it is resumed; its owner loses it cleanly and takes it again", async () => {
    const fleet = new Fleet(1);
    const member = await fleet.started();
    fleet.stream.put(S0, 10);
    await fleet.time.advance(10_000);
    await pause(fleet);
    const planned = await fleet.time.until(
      planReset({ ...steering(fleet), shardIds: [S0], to: { type: "position", position: at(5) } }),
    );
    expect(planned.isRefused).toBe(false);
    expect(await fleet.time.until(executeReset(planned, steering(fleet)))).toMatchObject({
      isComplete: true,
    });
    await fleet.time.advance(2 * F);
    expect(member.eventsOf("lease-lose")).toHaveLength(1);
    expect(member.heldShardIds()).toEqual([S0]);
    expect(rowOf(fleet)).toMatchObject({ checkpoint: at(5), pausedBy: by });
    fleet.destination.objects.clear();
    await resumeShards(steering(fleet));
    await fleet.time.advance(15_000);
    expect(fleet.destination.order.slice(10)).toEqual(["6", "7", "8", "9", "10"]);
    expect(member.eventsOf("worker-stop")).toEqual([]);
    await fleet.stopAll();
  });

  test("by hand under its living owner is noticed, and begins at the place that was written", async () => {
    for (const raises of [0, 1]) {
      const fleet = new Fleet(1);
      const member = await fleet.started();
      fleet.stream.put(S0, 10);
      await fleet.time.advance(10_000);
      const row = rowOf(fleet);
      fleet.leases.rows.set(S0, { ...row, checkpoint: at(5), counter: row.counter + raises });
      await fleet.time.advance(2 * F);
      expect(member.eventsOf("lease-lose")).toEqual([
        { type: "lease-lose", shardId: S0, reason: "its row holds what this worker did not write" },
      ]);
      expect(fleet.destination.order).toHaveLength(10);
      expect(rowOf(fleet).checkpoint).toEqual(at(10));
      expect(fleet.destination.objects.size).toBe(2);
      await fleet.stopAll();
    }
  });
});

function at(sequenceNumber: number) {
  return { sequenceNumber: `${sequenceNumber}`, subSequenceNumber: 0 };
}
