import { entryOf } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BufferEntry } from "@kinesis-connectors/core";
import { isolate } from "../src/loading/isolate.js";

const entriesOf = (count: number): BufferEntry<number>[] =>
  Array.from({ length: count }, (_, index) => entryOf(index, index));

describe("isolating what does not load", () => {
  it("finds exactly the bad entries by halving, wherever they stand", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.uniqueArray(fc.nat(199), { maxLength: 12 }),
        async (count, numbers) => {
          const bad = new Set(numbers.filter((number) => number < count));
          const failed = await isolate(entriesOf(count), (entries) =>
            Promise.resolve(
              entries.some(({ output }) => bad.has(output)) ? { unnamed: "no" } : { refused: [] },
            ),
          );
          expect(failed.map(({ entry }) => entry.output).toSorted((a, b) => a - b)).toEqual(
            [...bad].toSorted((a, b) => a - b),
          );
          expect(failed.every(({ action }) => action === "dead-letter")).toBe(true);
        },
      ),
      { numRuns: 300, seed: 64 },
    );
  });

  it("takes the named ones, and tries again without them", async () => {
    let tries = 0;
    const failed = await isolate(entriesOf(100), (entries) => {
      tries += 1;
      const named = entries.filter(({ output }) => output % 10 === tries);
      return Promise.resolve({ refused: tries > 2 ? [] : named.map((entry) => ({ entry, reason: "no" })) });
    });
    expect(failed).toHaveLength(20);
    expect(tries).toBe(3);
  });

  it("gives up blaming entries when none of them loads", async () => {
    let tries = 0;
    const failed = await isolate(entriesOf(1000), () => {
      tries += 1;
      return Promise.resolve({ unnamed: "the reason lies elsewhere" });
    });
    expect(failed).toEqual([]);
    expect(tries).toBeLessThan(60);
  });
});
