import { describe, expect, it } from "vitest";
import { DeliveryCheck } from "../src/check.js";

const written = (shardId: string, lines: readonly string[]) =>
  lines.map((line, index) => ({ data: Buffer.from(line), shardId, sequenceNumber: String(1000 + index) }));
const landed = (lines: readonly string[]) => lines.map((line) => Buffer.from(line));

describe("the comparison at the end of the demo", () => {
  it("finds nothing when every line landed once, in order", () => {
    const check = new DeliveryCheck();
    check.expect(written("s0", ["a", "b", "a"]));
    check.expect(written("s1", ["c"]));
    const found = check.compare(
      new Map([
        ["s0", landed(["a", "b", "a"])],
        ["s1", landed(["c"])],
      ]),
    );
    expect(found).toEqual({ delivered: 4, lost: 0, duplicated: 0, outOfOrder: 0 });
  });

  it("counts a line that is missing, also in a shard that has no objects at all", () => {
    const check = new DeliveryCheck();
    check.expect(written("s0", ["a", "b"]));
    check.expect(written("s1", ["c"]));
    expect(check.compare(new Map([["s0", landed(["a"])]]))).toMatchObject({ lost: 2, duplicated: 0 });
  });

  it("counts a line that landed once more than it was put", () => {
    const check = new DeliveryCheck();
    check.expect(written("s0", ["a", "b"]));
    expect(check.compare(new Map([["s0", landed(["a", "b", "a"])]]))).toMatchObject({
      lost: 0,
      duplicated: 1,
    });
  });

  it("does not take a line in another shard's objects for the one that is missing", () => {
    const check = new DeliveryCheck();
    check.expect(written("s0", ["a"]));
    expect(check.compare(new Map([["s1", landed(["a"])]]))).toMatchObject({ lost: 1, duplicated: 1 });
  });

  it("counts lines that passed earlier ones", () => {
    const check = new DeliveryCheck();
    check.expect(written("s0", ["a", "b", "c"]));
    expect(check.compare(new Map([["s0", landed(["c", "a", "b"])]]))).toMatchObject({
      lost: 0,
      outOfOrder: 2,
    });
  });

  it("orders by sequence number and not by the order in which answers came back", () => {
    const check = new DeliveryCheck();
    check.expect([
      { data: Buffer.from("later"), shardId: "s0", sequenceNumber: "1000" },
      { data: Buffer.from("earlier"), shardId: "s0", sequenceNumber: "999" },
    ]);
    expect(check.compare(new Map([["s0", landed(["earlier", "later"])]]))).toMatchObject({ outOfOrder: 0 });
  });
});
