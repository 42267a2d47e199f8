import { describe, expect, it } from "vitest";
import { checkReadings } from "../src/readings/check-readings.js";

const reading = (number: number, celsius = 20) => ({ sensor: "a", number, celsius });

describe("the comparison of readings", () => {
  it("counts what is lost, what came twice, and what should not be there", () => {
    const put = [reading(1), reading(2), reading(3), reading(4, 5)];
    const landed = [reading(3), reading(1), reading(1), reading(4, 5)];
    expect(checkReadings(put, landed)).toEqual({
      put: 4,
      kept: 3,
      landed: 4,
      lost: 1,
      duplicated: 1,
      wrong: 1,
      outOfOrder: 1,
    });
  });
});
