import { describe, expect, it } from "vitest";
import { checkTable, isRight } from "../src/check.js";
import { type Order, orderVersions } from "../src/orders.js";
import { run } from "../src/run.js";

const lastVersions = (versions: readonly Order[]): Order[] => [
  ...new Map(versions.map((order) => [order.id, order])).values(),
];

describe("generated orders", () => {
  it("have versions that follow each other, and are the same for the same seed", () => {
    const versions = [...orderVersions(200, 7)];
    expect([...orderVersions(200, 7)]).toEqual(versions);
    const seen = new Map<string, number>();
    for (const { id, version } of versions) {
      expect(version).toBe((seen.get(id) ?? 0) + 1);
      seen.set(id, version);
    }
    expect(seen.size).toBe(200);
    expect(Math.max(...seen.values())).toBe(5);
  });
});

describe("the check of the table", () => {
  const versions = [...orderVersions(50, 1)];
  const last = lastVersions(versions);

  it("is right when each order stands there in its last version", () => {
    const check = checkTable(versions, last.toReversed());
    expect(check).toEqual({ orders: 50, items: 50, missing: 0, stale: 0, unexpected: 0 });
    expect(isRight(check)).toBe(true);
  });

  it("finds a missing order, an old version and one that nobody put", () => {
    const [first, second, ...rest] = last;
    if (first === undefined || second === undefined) throw new Error("too few orders");
    const items = [{ ...second, total: second.total + 1 }, { ...first, id: "order-x" }, ...rest];
    const check = checkTable(versions, items);
    expect(check).toEqual({ orders: 50, items: 50, missing: 1, stale: 1, unexpected: 1 });
    expect(isRight(check)).toBe(false);
  });
});

it("the whole way: every order lands in its last version, also when writes are throttled and replies lost", async () => {
  const result = await run({ orders: 300, shards: 2, seed: 3, faults: true });
  expect(result).toMatchObject({ orders: 300, items: 300, missing: 0, stale: 0, unexpected: 0 });
  expect(result.faults).toBeGreaterThan(0);
  expect(result.records).toBeGreaterThan(600);
});
