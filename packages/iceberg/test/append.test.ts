import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Batch,
  type EmitContext,
  type Emitter,
  type EmitResult,
  systemRandom,
} from "@kinesis-connectors/core";
import {
  batchOfEntries,
  contextOf,
  deliver as deliverOnce,
  entryOf,
  planOf,
} from "@kinesis-connectors/testkit";
import { icebergEmitter, type IcebergEmitterOptions, type IcebergPlan } from "../src/index.js";
import { type Lake, startLake } from "./support/lake.js";

interface Order {
  readonly id: number;
  readonly total: string;
}

let lake: Lake;
beforeEach(async () => {
  lake = await startLake();
});
afterEach(() => lake[Symbol.asyncDispose]());

async function emitter(options: Partial<IcebergEmitterOptions> = {}) {
  const made = icebergEmitter<Order>({
    catalog: lake.catalog,
    storage: lake.storage,
    table: "sales.orders",
    columns: { id: { required: "int64" }, total: { decimal: [9, 2] } },
    createTable: true,
    ...options,
  });
  const { signal, logger } = contextOf(undefined);
  await made.open?.({ signal, logger });
  return made;
}

/** Ids of snapshots are random, and another batch must not have the same. */
function deliver(
  made: Emitter<Order, IcebergPlan>,
  of: Batch<Order>,
  changes: Partial<EmitContext<IcebergPlan>> = {},
): Promise<EmitResult<Order>> {
  return deliverOnce(made, of, { random: systemRandom, ...changes });
}

const order = (id: number): Order => ({ id, total: `${id}.50` });

/** Orders from one number up to, but without, another; the number is also their place in the shard. */
function batch(from: number, until: number, changes: Partial<Batch<Order>> = {}): Batch<Order> {
  const entries = Array.from({ length: until - from }, (_, nth) => entryOf(from + nth, order(from + nth)));
  return batchOfEntries(entries, changes);
}

async function ids(): Promise<readonly number[]> {
  return (await lake.rows()).map(({ id }) => Number(id)).toSorted((left, right) => left - right);
}

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, nth) => nth);

const KEY = "kc.position.archive.clicks.shardId-000000000003";

describe("an append", () => {
  it("adds rows and moves the position in one commit", async () => {
    const made = await emitter();
    expect(await deliver(made, batch(0, 3))).toEqual({ failed: [] });
    expect(await ids()).toEqual(upTo(3));
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

  it("of a batch that is there already adds nothing, also by another emitter", async () => {
    await deliver(await emitter(), batch(0, 3));
    const heir = await emitter();
    const again = batch(0, 3);
    expect(await heir.isWritten?.(again, contextOf(planOf(heir, again)))).toBe(true);
    expect(await deliver(heir, again)).toEqual({ failed: [] });
    expect(await ids()).toEqual(upTo(3));
    expect(lake.catalog.commits).toHaveLength(1);
  });

  it("of a batch that was cut in another way adds what lies past the position", async () => {
    const made = await emitter();
    await deliver(made, batch(0, 3));
    await deliver(made, batch(1, 6));
    expect(await ids()).toEqual(upTo(6));
  });

  it("whose answer is lost is looked up and not repeated", async () => {
    const made = await emitter();
    lake.catalog.fates.push("lost");
    await deliver(made, batch(0, 3));
    expect(await ids()).toEqual(upTo(3));
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["unknown"]);
  });

  it("that comes late is not applied beside its repetition", async () => {
    const made = await emitter();
    lake.catalog.fates.push("late");
    await deliver(made, batch(0, 3));
    lake.catalog.land();
    expect(await ids()).toEqual(upTo(3));
    expect(lake.catalog.commits.map(({ answer }) => answer)).toEqual(["unknown", "applied"]);
  });

  it("goes on after another writer's commit, which stays", async () => {
    const [one, other] = [await emitter(), await emitter()];
    await deliver(one, batch(0, 3));
    await deliver(other, batch(3, 5));
    // It saw the table before that.
    await deliver(one, batch(5, 7));
    expect(await ids()).toEqual(upTo(7));
    expect(lake.catalog.metadata().snapshots?.at(-1)?.summary["total-records"]).toBe("7");
  });

  it("of a zombie finds the position past its batch", async () => {
    const [zombie, heir] = [await emitter(), await emitter()];
    await deliver(zombie, batch(0, 2));
    await deliver(heir, batch(2, 5));
    expect(await deliver(zombie, batch(2, 5))).toEqual({ failed: [] });
    expect(await ids()).toEqual(upTo(5));
  });

  it("waits with others for one commit", async () => {
    const made = await emitter();
    const shards = Array.from({ length: 5 }, (_, nth) => `shardId-00000000000${nth}`);
    await Promise.all(
      shards.map((shardId, nth) => deliver(made, batch(nth * 10, nth * 10 + 2, { shardId }))),
    );
    expect(lake.catalog.commits.length).toBeLessThan(5);
    expect(await ids()).toHaveLength(10);
    expect(
      Object.keys(lake.catalog.metadata().properties ?? {}).filter((name) => name.startsWith("kc.position.")),
    ).toHaveLength(5);
  });

  it("refuses rows that do not fit, and adds nothing of the batch", async () => {
    const made = await emitter();
    const bad = batchOfEntries([entryOf(0, order(0)), entryOf(1, { id: 1, total: "1.234" })]);
    const { failed } = await deliver(made, bad);
    expect(failed.map(({ entry, action }) => [entry.output.id, action])).toEqual([[1, "dead-letter"]]);
    expect(failed[0]?.error.message).toContain(
      "row.total takes decimals of 9 digits, 2 of them after the point",
    );
    expect(lake.catalog.commits).toEqual([]);
  });

  it("with other rows than the table has of the batch stops", async () => {
    await deliver(await emitter(), batch(0, 3));
    const heir = await emitter();
    const whole = batch(0, 3);
    const rest = { ...whole, entries: whole.entries.slice(1) };
    await expect(deliver(heir, rest)).rejects.toMatchObject({ code: "KC_PLACE_TAKEN" });
  });

  it("of a lost shard settles at once, and what is there stays whole", async () => {
    const made = await emitter({ commitEveryMs: 3_600_000 });
    await deliver(made, batch(0, 1));
    const lost = new AbortController();
    const waiting = deliver(made, batch(1, 3), { signal: lost.signal });
    const stopped = deliver(made, batch(3, 5, { shardId: "shardId-000000000004", reason: "stop" }));
    lost.abort(new Error("the lease is lost"));
    await expect(waiting).rejects.toThrow("the lease is lost");
    await stopped;
    expect(await ids()).toEqual([0, 3, 4]);
  });

  it("survives that all snapshots but the last expire", async () => {
    const made = await emitter();
    await deliver(made, batch(0, 2));
    await deliver(made, batch(2, 4));
    lake.catalog.set((metadata) => ({ ...metadata, snapshots: metadata.snapshots?.slice(-1) ?? [] }));
    await deliver(await emitter(), batch(0, 4));
    expect(await ids()).toEqual(upTo(4));
  });
});
