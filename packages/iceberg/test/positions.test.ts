import { beforeEach, describe, expect, it } from "vitest";
import { contextOf, virtualClock } from "@kinesis-connectors/testkit";
import { positionIn, positionKey } from "../src/commits/position.js";
import { icebergFileEmitter } from "../src/index.js";
import { type Lake, startLake } from "./support/lake.js";
import { deliver, idsIn, ORDER_COLUMNS, orderEmitter, orders, upTo } from "./support/orders.js";

const HOUR_MS = 3_600_000;

let lake: Lake;
beforeEach(() => {
  lake = startLake();
});

function positions(): readonly string[] {
  return Object.keys(lake.catalog.metadata().properties ?? {}).filter((name) =>
    name.startsWith("kc.position."),
  );
}

describe("positions in the table's properties", () => {
  it("of finished shards do not pile up over 200 reshards, and none goes before its time", async () => {
    const clock = virtualClock();
    const made = await orderEmitter(lake, { retentionHours: 24 });
    const committedAt = new Map<string, number>();
    let most = 0;
    for (let nth = 0; nth < 200; nth += 1) {
      const shardId = `shardId-${String(nth).padStart(12, "0")}`;
      await deliver(made, orders(nth, nth + 1, { shardId, reason: "shard-end" }), { clock });
      committedAt.set(positionKey({ application: "archive", stream: "clicks", shardId }), clock.now());
      const kept = new Set(positions());
      const removed = [...committedAt].filter(([key]) => !kept.has(key));
      expect(removed.filter(([, at]) => clock.now() - at <= 48 * HOUR_MS)).toEqual([]);
      most = Math.max(most, kept.size);
      await clock.advance(HOUR_MS);
    }
    expect(most).toBeLessThanOrEqual(50);
    expect(await idsIn(lake)).toEqual(upTo(200));
  });

  it("of other applications and streams, and those written by hand, stay", async () => {
    const clock = virtualClock();
    const made = await orderEmitter(lake, { retentionHours: 24 });
    await deliver(made, orders(0, 1, { application: "other" }), { clock });
    await deliver(made, orders(1, 2, { stream: "clicks.other" }), { clock });
    await deliver(made, orders(2, 3, { shardId: "shardId-000000000001" }), { clock });
    const byHand = "kc.position.archive.clicks.shardId-000000000002";
    lake.catalog.set((metadata) => ({
      ...metadata,
      properties: { ...metadata.properties, [byHand]: "49600000000000.0" },
    }));
    await clock.advance(100 * HOUR_MS);
    await deliver(made, orders(3, 4), { clock });
    expect(positions().toSorted()).toEqual([
      "kc.position.archive.clicks%2Eother.shardId-000000000003",
      byHand,
      "kc.position.archive.clicks.shardId-000000000003",
      "kc.position.other.clicks.shardId-000000000003",
    ]);
  });

  it("have a key for each shard of each application, whatever is in their names", () => {
    const keys = [
      { application: "a.b", stream: "c", shardId: "s" },
      { application: "a", stream: "b.c", shardId: "s" },
      { application: "a", stream: "b", shardId: "c.s" },
    ].map(positionKey);
    expect(new Set(keys).size).toBe(3);
  });

  it("that say nothing stop the shard with the cure", () => {
    expect(() => positionIn({ key: "somewhere" }, "key")).toThrow(
      "the property key of the table is not <sequence number>.<sub-sequence number>: correct it, or remove it",
    );
  });
});

describe("a replay of a stream", () => {
  it("finds rows of it that another application added, by the positions in the table, in either of two stages", async () => {
    const { signal, logger } = contextOf(undefined);
    const made = await orderEmitter(lake);
    const files = icebergFileEmitter({
      catalog: lake.catalog,
      storage: lake.storage,
      table: "sales.orders",
      columns: ORDER_COLUMNS,
      to: {
        capabilities: { duplicates: "none", ordering: "none" },
        emit: () => Promise.resolve({ failed: [] }),
      },
    });
    const asked = async (application: string, stream = "clicks.eu") => {
      const again = { application, stream, keepsPositions: true };
      const [one, other] = [
        await made.wouldDouble?.(again, { signal, logger }),
        await files.wouldDouble?.(again, { signal, logger }),
      ];
      expect(other).toBe(one);
      return one;
    };
    expect(await asked("again")).toBeUndefined();
    await deliver(made, orders(0, 1, { application: "live.1", stream: "clicks.eu" }));
    const found = await asked("again");
    expect(found).toContain(
      'rows of stream "clicks.eu" in the table sales.orders that another application added',
    );
    expect(found).toContain("kc.position.live%2E1.clicks%2Eeu.shardId-");
    expect(await asked("live.1")).toBeUndefined();
    expect(await asked("again", "clicks")).toBeUndefined();
  });
});
