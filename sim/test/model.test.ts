import { describe, expect, test } from "vitest";
import { explore } from "../src/model/delivery-model.js";
import { type ModelOptions, PROTOCOL } from "../src/model/options.js";
import { exploreLoads } from "../src/model/redshift-model.js";

const NONE = { exhausted: true, lossDepth: undefined, duplicateDepth: undefined };

describe("the protocol, exhausted: neither loss nor duplicate in any state", () => {
  const cases: readonly (readonly [
    name: string,
    options: Partial<ModelOptions>,
    states: number,
    steps: number,
  ])[] = [
    ["2 workers, 3 records, overwriting", { ifNoneMatch: false }, 16_629, 75_764],
    ["2 workers, 3 records", {}, 16_629, 75_764],
    ["2 workers, 4 records", { records: 4, maxCounter: 11, ifNoneMatch: false }, 220_463, 1_155_284],
    ["3 workers, 3 records", { maxCounter: 8, workers: 3 }, 469_228, 3_049_887],
    ["two objects, the outcomes staged first", { records: 3, objects: "staged" }, 608_065, 4_009_258],
    [
      "two objects, the outcomes in the prepare, overwriting",
      { objects: "two", outcomesStored: true, ifNoneMatch: false },
      153_533,
      764_276,
    ],
    ["two objects, the outcomes in the prepare", { objects: "two", outcomesStored: true }, 153_533, 764_276],
    [
      "two objects, the outcomes in the prepare, 3 workers",
      { records: 2, objects: "two", outcomesStored: true, workers: 3 },
      521_281,
      3_349_440,
    ],
  ];
  test.each(cases)("%s", (_name, options, states, steps) => {
    const result = explore({ ...PROTOCOL, ...options });
    expect(result).toMatchObject({ ...NONE, states, steps });
    expect(result.done).toBeGreaterThan(0);
  });

  test("a key that names only the start is safe as long as the range is prepared", () => {
    expect(explore({ ...PROTOCOL, key: "start", ifNoneMatch: false })).toMatchObject(NONE);
  });
});

describe("each broken variant is caught", () => {
  test.each<readonly [string, Partial<ModelOptions>, { lossDepth?: number; duplicateDepth?: number }]>([
    ["no prepare", { prepare: false, maxCounter: 5, ifNoneMatch: false }, { duplicateDepth: 8 }],
    [
      "no prepare, the key holds only the start, overwriting",
      { prepare: false, key: "start", maxCounter: 5, ifNoneMatch: false },
      { lossDepth: 9, duplicateDepth: 12 },
    ],
    [
      "no prepare, the key holds only the start",
      { prepare: false, key: "start", maxCounter: 5 },
      { lossDepth: 9, duplicateDepth: 12 },
    ],
    [
      "the next owner discards what was prepared",
      { heirDiscards: true, maxCounter: 6, ifNoneMatch: false },
      { duplicateDepth: 8 },
    ],
    [
      "lease writes without condition",
      { conditional: false, maxCounter: 6, ifNoneMatch: false },
      { duplicateDepth: 8 },
    ],
    [
      "outcomes computed again, overwriting",
      { records: 2, objects: "two", maxCounter: 6, ifNoneMatch: false },
      { lossDepth: 9, duplicateDepth: 8 },
    ],
    [
      "outcomes computed again",
      { records: 2, objects: "two", maxCounter: 6 },
      { lossDepth: 9, duplicateDepth: 8 },
    ],
  ])("%s", (_name, options, depths) => {
    const { lossDepth, duplicateDepth } = explore({ ...PROTOCOL, ...options });
    expect({ lossDepth, duplicateDepth }).toEqual({
      lossDepth: undefined,
      duplicateDepth: undefined,
      ...depths,
    });
  });
});

describe("two loaders of one batch into Redshift", () => {
  test("load it once when the ledger is locked before it is read", () => {
    const result = exploreLoads(["lock", "read", "copy", "commit"]);
    expect(result.duplicateLoad).toBe(false);
    expect(result.final).toBeGreaterThan(0);
  });

  test.each<readonly [string, Parameters<typeof exploreLoads>[0]]>([
    ["without the lock", ["read", "copy", "commit"]],
    ["with the lock after the read", ["read", "lock", "copy", "commit"]],
  ])("load it twice %s", (_name, steps) => {
    expect(exploreLoads(steps).duplicateLoad).toBe(true);
  });
});
