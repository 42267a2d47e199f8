import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readOutcomes,
  type RecordOutcome,
  OutcomeLog,
  storedOutcomes,
} from "../../src/engine/filling/outcomes.js";
import { SeededRandom } from "../support/seeded-random.js";

const outcome: fc.Arbitrary<RecordOutcome> = fc.oneof(
  { arbitrary: fc.constantFrom<RecordOutcome>("dropped", "dead-letter", 1), weight: 5 },
  { arbitrary: fc.integer({ min: 1, max: 1000 }), weight: 1 },
);
const coded = (outcomes: readonly RecordOutcome[]): string => {
  const log = new OutcomeLog();
  for (const one of outcomes) log.add(one);
  return log.toString();
};

describe("outcomes", () => {
  it("come back as they were encoded, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, fc.integer({ min: 1, max: 30 })), { maxLength: 30 }), (runs) => {
        const outcomes = runs.flatMap(([one, times]) => Array<RecordOutcome>(times).fill(one));
        expect([...readOutcomes(coded(outcomes))]).toEqual(outcomes);
      }),
    );
  });

  it("are short where the records are alike", () => {
    expect(coded([])).toBe("");
    expect(coded([1, 1, 1, "dropped", "dropped", "dead-letter", 4, 4, 1])).toBe("3k2d1x2k4;1k");
    expect(coded(Array<RecordOutcome>(1_000_000).fill(1))).toBe("1000000k");
  });

  it("can be asked for in between without being changed", () => {
    const log = new OutcomeLog();
    log.add("dropped");
    expect(log.toString()).toBe("1d");
    log.add("dropped");
    expect(log.toString()).toBe("2d");
  });

  it("are stored in a few kilobytes, however the records were dropped", () => {
    const random = new SeededRandom(1);
    const outcomes = Array.from({ length: 40_000 }, (): RecordOutcome =>
      random.chance(0.5) ? 1 : "dropped",
    );
    const stored = storedOutcomes(coded(outcomes));
    expect(stored.length).toBeLessThan(16 * 1024);
    expect([...readOutcomes(stored)]).toEqual(outcomes);
    expect(storedOutcomes("12k")).toBe("12k");
  });

  it.each(["x", "z", "zzzz", "3", "3k2", "3q", "3k;", "3k-1;", " 3k", "3kk"])(
    "refuse %j, which was not written by them",
    (text) => {
      expect(() => Array.from(readOutcomes(text))).toThrow(
        expect.objectContaining({ code: "KC_REPLAY_DIFFERS" }),
      );
    },
  );
});
