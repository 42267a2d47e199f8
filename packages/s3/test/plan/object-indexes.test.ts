import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { codeIndexes, readIndexes } from "../../src/plan/object-indexes.js";

describe("the objects of a batch's entries", () => {
  it("come back as they were coded, whatever they are", () => {
    const indexes = fc
      .array(fc.tuple(fc.nat(9999), fc.integer({ min: 1, max: 100 })), { maxLength: 50 })
      .map((runs) => runs.flatMap(([index, times]) => Array<number>(times).fill(index)));
    fc.assert(
      fc.property(indexes, (all) => {
        expect(readIndexes(codeIndexes(all), 10_000)).toEqual(all);
      }),
    );
  });

  it("are short where entries of an object follow each other", () => {
    expect(codeIndexes([])).toBe("");
    expect(codeIndexes([0, 0, 1, 0, 36])).toBe("0*2,1,0,10");
    expect(codeIndexes(Array<number>(1_000_000).fill(3))).toBe("3*lfls");
  });

  it.each(["x!", "0,", "0*", "5", "-1", "0 ,1"])(
    "refuse %j, which was not written for two objects",
    (text) => {
      expect(
        hasCode(
          thrownBy(() => readIndexes(text, 2)),
          "KC_REPLAY_DIFFERS",
        ),
      ).toBe(true);
    },
  );
});
