import { describe, expect, test } from "vitest";
import { compareCheckpoints, type LeaseCheckpoint, wasOurs } from "../src/index.js";
import { leaseWith } from "./support/leases.js";

describe("checkpoints", () => {
  test("F73 are ordered: AT_TIMESTAMP, TRIM_HORIZON, LATEST, numbers as integers, SHARD_END", () => {
    const at = (number: string, subSequenceNumber = 0) => ({ sequenceNumber: number, subSequenceNumber });
    const ordered: readonly LeaseCheckpoint[] = [
      "AT_TIMESTAMP",
      "TRIM_HORIZON",
      "LATEST",
      at("9"),
      at("10"),
      at("10", 1),
      at("99999999999999999999999999999999999999999999999999999999"),
      "SHARD_END",
    ];
    for (const [first, a] of ordered.entries())
      for (const [second, b] of ordered.entries())
        expect(Math.sign(compareCheckpoints(a, b))).toBe(Math.sign(first - second));
  });
});

describe("owners of a row", () => {
  test("a row is ours when nobody owned it, or its last owner marked it", () => {
    expect(wasOurs(leaseWith("s0"))).toBe(true);
    expect(wasOurs(leaseWith("s0", { owner: "a", protocolOwner: "a", counter: 1 }))).toBe(true);
    expect(wasOurs(leaseWith("s0", { owner: undefined, protocolOwner: "a", counter: 2 }))).toBe(true);
    expect(wasOurs(leaseWith("s0", { owner: "java", protocolOwner: "a", counter: 3 }))).toBe(false);
    expect(wasOurs(leaseWith("s0", { owner: "java", counter: 3 }))).toBe(false);
  });
});
