import { beforeEach, describe, expect, it } from "vitest";
import { batchOfEntries, contextOf, entryOf, planOf, virtualClock } from "@kinesis-connectors/testkit";
import { type Lake, startLake } from "./support/lake.js";
import { deliver, idsIn, order, orderEmitter, orders, upTo } from "./support/orders.js";

let lake: Lake;
beforeEach(() => {
  lake = startLake();
});

const KEY = "kc.position.archive.clicks.shardId-000000000003";

describe("an append", () => {
  it("adds rows and moves the position in one commit", async () => {
    const made = await orderEmitter(lake);
    expect(await deliver(made, orders(0, 3))).toEqual({ failed: [] });
    expect(await idsIn(lake)).toEqual(upTo(3));
    const { properties, snapshots } = lake.catalog.metadata();
    expect(properties?.[KEY]).toMatch(/^49600000000002\.0 \S+Z [0-9a-f]{16}-[0-9a-f]{16}$/);
    expect(snapshots?.at(-1)?.summary).toMatchObject({
      operation: "append",
      "added-records": "3",
      "total-records": "3",
      [KEY]: properties?.[KEY],
    });
    const [{ commit } = { commit: undefined }] = lake.catalog.commits;
    expect(commit?.updates.map(({ action }) => action)).toEqual([
      "add-snapshot",
      "set-snapshot-ref",
      "set-properties",
    ]);
    expect(commit?.requirements.map(({ type }) => type)).toEqual([
      "assert-table-uuid",
      "assert-ref-snapshot-id",
    ]);
  });

  it("leaves to main how long it keeps its snapshots, and other branches and tags as they are", async () => {
    const made = await orderEmitter(lake);
    await deliver(made, orders(0, 3));
    const first = lake.catalog.metadata()["current-snapshot-id"] ?? 0;
    const kept = { "min-snapshots-to-keep": 10, "max-snapshot-age-ms": 86_400_000 };
    const audit = { "snapshot-id": first, type: "tag", "max-ref-age-ms": 1_000 } as const;
    lake.catalog.set((metadata) => ({
      ...metadata,
      refs: { audit, main: { "snapshot-id": first, type: "branch", ...kept } },
    }));
    await deliver(await orderEmitter(lake), orders(3, 5));
    const { refs, "current-snapshot-id": second } = lake.catalog.metadata();
    expect(second).not.toBe(first);
    expect(refs).toEqual({ audit, main: { "snapshot-id": second, type: "branch", ...kept } });
  });

  it("of a batch that is there already adds nothing, also by another emitter", async () => {
    await deliver(await orderEmitter(lake), orders(0, 3));
    const heir = await orderEmitter(lake);
    const again = orders(0, 3);
    expect(await heir.isWritten?.(again, contextOf(planOf(heir, again)))).toBe(true);
    expect(await deliver(heir, again)).toEqual({ failed: [] });
    expect(await idsIn(lake)).toEqual(upTo(3));
    expect(lake.catalog.commits).toHaveLength(1);
  });

  it("of a batch that was cut in another way adds what lies past the position", async () => {
    const made = await orderEmitter(lake);
    await deliver(made, orders(0, 3));
    await deliver(made, orders(1, 6));
    expect(await idsIn(lake)).toEqual(upTo(6));
  });

  it("whose answer is lost is looked up and not repeated", async () => {
    const made = await orderEmitter(lake);
    lake.catalog.fates.push("lost");
    await deliver(made, orders(0, 3));
    expect(await idsIn(lake)).toEqual(upTo(3));
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["unknown"]);
  });

  it("that comes late is not applied beside its repetition", async () => {
    const made = await orderEmitter(lake);
    lake.catalog.fates.push("late");
    await deliver(made, orders(0, 3));
    lake.catalog.land();
    expect(await idsIn(lake)).toEqual(upTo(3));
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["unknown", "applied"]);
  });

  it("goes on after another writer's commit, which stays", async () => {
    const [one, other] = [await orderEmitter(lake), await orderEmitter(lake)];
    await deliver(one, orders(0, 3));
    await deliver(other, orders(3, 5));
    // It saw the table before that.
    await deliver(one, orders(5, 7));
    expect(await idsIn(lake)).toEqual(upTo(7));
    expect(lake.catalog.metadata().snapshots?.at(-1)?.summary?.["total-records"]).toBe("7");
  });

  it("of a zombie finds the position past its batch", async () => {
    const [zombie, heir] = [await orderEmitter(lake), await orderEmitter(lake)];
    await deliver(zombie, orders(0, 2));
    await deliver(heir, orders(2, 5));
    expect(await deliver(zombie, orders(2, 5))).toEqual({ failed: [] });
    expect(await idsIn(lake)).toEqual(upTo(5));
  });

  it("waits with others while a commit is under way, and goes with them", async () => {
    const made = await orderEmitter(lake);
    const underWay = lake.catalog.hold();
    const shards = Array.from({ length: 5 }, (_, nth) => `shardId-00000000000${nth}`);
    const all = Promise.all(
      shards.map((shardId, nth) => deliver(made, orders(nth * 10, nth * 10 + 2, { shardId }))),
    );
    await expect.poll(() => lake.objectNames().filter((name) => name.endsWith(".parquet")).length).toBe(5);
    underWay.release();
    await all;
    // The first may have gone alone.
    expect(lake.catalog.commits.length).toBeLessThanOrEqual(2);
    expect(await idsIn(lake)).toHaveLength(10);
    expect(
      Object.keys(lake.catalog.metadata().properties ?? {}).filter((name) => name.startsWith("kc.position.")),
    ).toHaveLength(5);
  });

  it("waits until the next commit is due, but for a stop", async () => {
    const clock = virtualClock();
    const made = await orderEmitter(lake, { commitEveryMs: 60_000 });
    await deliver(made, orders(0, 1), { clock });
    const waiting = deliver(made, orders(1, 2), { clock });
    await expect.poll(() => clock.pendingTimers()).toBe(1);
    await clock.advance(59_000);
    expect(lake.catalog.commits).toHaveLength(1);
    await clock.advance(1_000);
    await waiting;
    expect(lake.catalog.commits).toHaveLength(2);
    await deliver(made, orders(2, 3, { reason: "stop" }), { clock });
    expect(await idsIn(lake)).toEqual(upTo(3));
    expect(clock.pendingTimers()).toBe(0);
  });

  it("refuses rows that do not fit, and adds nothing of the batch", async () => {
    const made = await orderEmitter(lake);
    const bad = batchOfEntries([entryOf(0, order(0)), entryOf(1, { id: 1, total: "1.234" })]);
    const { failed } = await deliver(made, bad);
    expect(failed.map(({ entry, action }) => [entry.output.id, action])).toEqual([[1, "dead-letter"]]);
    expect(failed[0]?.error.message).toContain(
      "row.total takes decimals of 9 digits, 2 of them after the point",
    );
    expect(lake.catalog.commits).toEqual([]);
  });

  it("with other rows than the table has of the batch stops, and who starts again goes on", async () => {
    await deliver(await orderEmitter(lake), orders(0, 3));
    const heir = await orderEmitter(lake);
    const whole = orders(0, 3);
    const rest = { ...whole, entries: whole.entries.slice(1) };
    await expect(deliver(heir, rest)).rejects.toMatchObject({ code: "KC_PLACE_TAKEN" });
    expect(await heir.isWritten?.(rest, contextOf(planOf(heir, rest)))).toBe(true);
  });

  it("of a lost shard settles at once, and what is there stays whole", async () => {
    const made = await orderEmitter(lake, { commitEveryMs: 3_600_000 });
    await deliver(made, orders(0, 1));
    const lost = new AbortController();
    const waiting = deliver(made, orders(1, 3), { signal: lost.signal });
    const stopped = deliver(made, orders(3, 5, { shardId: "shardId-000000000004", reason: "stop" }));
    lost.abort(new Error("the lease is lost"));
    await expect(waiting).rejects.toThrow("the lease is lost");
    await stopped;
    expect(await idsIn(lake)).toEqual([0, 3, 4]);
  });

  it("survives that all snapshots but the last expire", async () => {
    const made = await orderEmitter(lake);
    await deliver(made, orders(0, 2));
    await deliver(made, orders(2, 4));
    lake.catalog.set((metadata) => ({ ...metadata, snapshots: metadata.snapshots?.slice(-1) ?? [] }));
    await deliver(await orderEmitter(lake), orders(0, 4));
    expect(await idsIn(lake)).toEqual(upTo(4));
  });
});
