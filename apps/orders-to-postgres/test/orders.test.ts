import { describe, expect, it } from "vitest";
import { checkTables, isRight } from "../src/check.js";
import { isTaken, type Order, ordersOf } from "../src/orders.js";
import { run } from "../src/run.js";

describe("the check of the tables", () => {
  const orders = [...ordersOf(1_000, 1)];
  const taken = orders.filter(isTaken);
  const refused = orders.filter((order) => !isTaken(order)).map(({ id }) => id);
  const [first, ...rest] = taken as [Order, ...Order[]];

  it("is right when each order stands there once, in any order", () => {
    const check = checkTables(orders, taken.toReversed(), refused);
    expect(check).toEqual({ put: 1_000, landed: 998, lost: 0, duplicated: 0, wrong: 0, deadLetters: 2 });
    expect(isRight(check)).toBe(true);
  });

  it("finds what is missing, there twice, changed, and in the wrong table", () => {
    expect(checkTables(orders, rest, refused)).toMatchObject({ lost: 1 });
    expect(checkTables(orders, taken, refused.slice(1))).toMatchObject({ lost: 1 });
    expect(checkTables(orders, [first, ...taken], refused)).toMatchObject({ duplicated: 1 });
    expect(checkTables(orders, taken, [...refused, ...refused])).toMatchObject({ duplicated: 2 });
    expect(checkTables(orders, [{ ...first, total: 0.01 }, ...rest], refused)).toMatchObject({ wrong: 1 });
    expect(checkTables(orders, rest, [...refused, first.id])).toMatchObject({ wrong: 1, lost: 0 });
    expect(checkTables(orders.slice(1), taken, refused)).toMatchObject({ wrong: 1 });
  });
});

it("the whole way: every order lands once, and what the table refuses is a dead letter once", async () => {
  const result = await run({ records: 3_000, shards: 2, seed: 7 });
  expect(result).toMatchObject({
    put: 3_000,
    landed: 2_994,
    lost: 0,
    duplicated: 0,
    wrong: 0,
    deadLetters: 6,
  });
});
