import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRoutes, type Route, RouteLog, storedRoutes } from "../../src/engine/routes.js";
import { SeededRandom } from "../support/seeded-random.js";

const route: fc.Arbitrary<Route> = fc.oneof(
  { arbitrary: fc.constantFrom<Route>("dropped", "dead-letter", 1), weight: 5 },
  { arbitrary: fc.integer({ min: 1, max: 1000 }), weight: 1 },
);
const coded = (routes: readonly Route[]): string => {
  const log = new RouteLog();
  for (const one of routes) log.add(one);
  return log.toString();
};

describe("routes", () => {
  it("come back as they were gathered, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(route, fc.integer({ min: 1, max: 30 })), { maxLength: 30 }), (runs) => {
        const routes = runs.flatMap(([one, times]) => Array<Route>(times).fill(one));
        expect([...readRoutes(coded(routes))]).toEqual(routes);
      }),
    );
  });

  it("are short where the records are alike", () => {
    expect(coded([])).toBe("");
    expect(coded([1, 1, 1, "dropped", "dropped", "dead-letter", 4, 4, 1])).toBe("3k2d1x2k4;1k");
    expect(coded(Array<Route>(1_000_000).fill(1))).toBe("1000000k");
  });

  it("can be asked for in between without being changed", () => {
    const log = new RouteLog();
    log.add("dropped");
    expect(log.toString()).toBe("1d");
    log.add("dropped");
    expect(log.toString()).toBe("2d");
  });

  it("are stored in a few kilobytes, however the records were dropped", () => {
    const random = new SeededRandom(1);
    const routes = Array.from({ length: 40_000 }, (): Route => (random.chance(0.5) ? 1 : "dropped"));
    const stored = storedRoutes(coded(routes));
    expect(stored.length).toBeLessThan(16 * 1024);
    expect([...readRoutes(stored)]).toEqual(routes);
    expect(storedRoutes("12k")).toBe("12k");
  });

  it.each(["x", "z", "zzzz", "3", "3k2", "3q", "3k;", "3k-1;", " 3k", "3kk"])(
    "refuse %j, which was not written by them",
    (text) => {
      expect(() => Array.from(readRoutes(text))).toThrow(
        expect.objectContaining({ code: "KC_REPLAY_DIFFERS" }),
      );
    },
  );
});
