import { describe, expect, it } from "vitest";
import { isRight, totalsOf } from "../src/check.js";
import { ordersOf } from "../src/orders.js";
import { run } from "../src/run.js";

describe("the check of the table", () => {
  const orders = [...ordersOf(50, 1)];
  const put = totalsOf(orders);
  const [first, second, ...rest] = orders;
  if (first === undefined || second === undefined) throw new Error("too few orders");

  it("is right when each order stands there once, in any order", () => {
    expect(isRight({ put, landed: totalsOf(orders.toReversed()) })).toBe(true);
  });

  it("finds a missing order, one that is there twice, and one that was changed", () => {
    const landed = { ...totalsOf([first, ...rest]), ids: 49 };
    expect(isRight({ put, landed })).toBe(false);
    expect(isRight({ put, landed: { ...totalsOf([first, ...orders]), ids: 50 } })).toBe(false);
    expect(isRight({ put, landed: totalsOf([first, { ...second, product: "chairs" }, ...rest]) })).toBe(
      false,
    );
    // One twice in place of another.
    expect(isRight({ put, landed: { ...totalsOf([first, first, ...rest]), ids: 49 } })).toBe(false);
  });
});

it("the whole way: every order lands once, also when loads fail and replies are lost", async () => {
  const result = await run({ records: 3_000, shards: 2, seed: 7, faults: true });
  expect(result.landed).toEqual(result.put);
  expect(result.put.rows).toBe(3_000);
});
