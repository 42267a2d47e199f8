import { expect, test } from "vitest";
import { memoryLeases } from "../src/index.js";
import { newLease } from "./support/leases.js";

test("faults of the in-memory table: what is lost was applied, what failed was not, what is late comes later", async () => {
  const leases = memoryLeases();
  const plain = leases.connect();
  await plain.create(newLease("s0"));
  const counter = (): number | undefined => leases.rows.get("s0")?.counter;
  const take = async (type: "throttle" | "fail" | "lose-reply" | "repeat"): Promise<string> => {
    const seen = await plain.get("s0");
    if (seen === undefined) throw new Error("no row");
    return (await leases.connect(() => ({ type })).update(seen, { type: "take", owner: "a" })).type;
  };
  expect([await take("throttle"), counter()]).toEqual(["throttled", 0]);
  expect([await take("fail"), counter()]).toEqual(["unknown", 0]);
  expect([await take("lose-reply"), counter()]).toEqual(["unknown", 1]);
  expect([await take("repeat"), counter()]).toEqual(["refused", 2]);
});
