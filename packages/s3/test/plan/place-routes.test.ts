import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { codeRoutes, readRoutes } from "../../src/plan/place-routes.js";

describe("the places of a batch's entries", () => {
  it("come back as they were coded, whatever they are", () => {
    const places = fc
      .array(fc.tuple(fc.nat(9999), fc.integer({ min: 1, max: 100 })), { maxLength: 50 })
      .map((runs) => runs.flatMap(([place, times]) => Array<number>(times).fill(place)));
    fc.assert(
      fc.property(places, (all) => {
        expect(readRoutes(codeRoutes(all), 10_000)).toEqual(all);
      }),
    );
  });

  it("are short where entries of a place follow each other", () => {
    expect(codeRoutes([])).toBe("");
    expect(codeRoutes([0, 0, 1, 0, 36])).toBe("0*2,1,0,10");
    expect(codeRoutes(Array<number>(1_000_000).fill(3))).toBe("3*lfls");
  });

  it.each(["x!", "0,", "0*", "5", "-1", "0 ,1"])(
    "refuse %j, which was not written for two places",
    (text) => {
      expect(
        hasCode(
          thrownBy(() => readRoutes(text, 2)),
          "KC_REPLAY_DIFFERS",
        ),
      ).toBe(true);
    },
  );
});
