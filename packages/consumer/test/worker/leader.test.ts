import { describe, expect, test } from "vitest";
import { electedLeader, javaShuffled } from "../../src/worker/leader.js";
import { leaseWith } from "../support/leases.js";

// Orders that java.util.Collections.shuffle(list, new Random(1947)) gives for w0..w(n-1).
const VECTORS: Readonly<Record<number, string>> = {
  1: "w0",
  2: "w0,w1",
  3: "w2,w0,w1",
  4: "w3,w0,w1,w2",
  5: "w4,w0,w2,w1,w3",
  6: "w2,w3,w5,w4,w0,w1",
  7: "w2,w4,w3,w5,w0,w6,w1",
  8: "w2,w3,w0,w6,w4,w7,w1,w5",
  9: "w3,w8,w0,w5,w7,w1,w6,w2,w4",
  10: "w8,w5,w1,w6,w9,w4,w2,w0,w7,w3",
};

describe("the leader", () => {
  for (const [count, order] of Object.entries(VECTORS))
    test(`${count} owners are shuffled as Java does`, () => {
      const sorted = Array.from({ length: Number(count) }, (_, index) => `w${index}`);
      expect(javaShuffled(sorted).join(",")).toBe(order);
    });

  test("is chosen among owners of leases, whatever the order of the rows, each owner once", () => {
    const leases = ["w2", "w0", undefined, "w1", "w2", "w3"].map((owner, index) =>
      leaseWith(`s${index}`, { owner }),
    );
    expect(electedLeader(leases)).toBe("w3");
    expect(electedLeader(leases.toReversed())).toBe("w3");
  });

  test("is nobody while no lease has an owner", () => {
    expect(electedLeader([leaseWith("s0")])).toBeUndefined();
  });

  test("owners are sorted by UTF-16 code units, as Java sorts strings", () => {
    // U+FF5E sorts after U+1F600 by code units, because the latter begins with a surrogate.
    const leases = ["\uff5e", "\u{1f600}"].map((owner, index) => leaseWith(`s${index}`, { owner }));
    expect(electedLeader(leases)).toBe("\u{1f600}");
  });
});
