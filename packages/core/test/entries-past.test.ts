import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BufferEntry,
  comparePositions,
  entriesPast,
  type KinesisRecord,
  type Position,
} from "../src/index.js";

/** Just where sequence numbers get one digit more, so that comparing them as texts goes wrong. */
const FIRST = 10n ** 55n - 2n;

const at = (sequence: number, subSequenceNumber = 0): Position => ({
  sequenceNumber: (FIRST + BigInt(sequence)).toString(),
  subSequenceNumber,
});

function recordAt(position: Position): KinesisRecord {
  return { ...position, data: new Uint8Array(), partitionKey: "key", arrivalTimeMs: 0 };
}

/** Entries at these positions; of equal ones those of one record. */
function entriesAt(positions: readonly Position[]): BufferEntry<string>[] {
  let record: KinesisRecord | undefined;
  return positions.map((position, index) => {
    if (record === undefined || comparePositions(record, position) !== 0) record = recordAt(position);
    return { output: `${index}`, record, bytes: 1 };
  });
}

const outputsPast = (position: Position | undefined, positions: readonly Position[]): string[] =>
  entriesPast(position, { entries: entriesAt(positions) }).map(({ output }) => output);

describe("entries past a position", () => {
  const plain = [at(0), at(1), at(2), at(3), at(4)];

  it("are all of them where there is no position, or it lies before them", () => {
    const entries = entriesAt(plain);
    expect(entriesPast(undefined, { entries })).toBe(entries);
    expect(entriesPast(at(-1), { entries })).toBe(entries);
    expect(entriesPast(at(-1, 7), { entries })).toBe(entries);
  });

  it("are none where it lies at the last or behind it", () => {
    expect(outputsPast(at(4), plain)).toEqual([]);
    expect(outputsPast(at(4, 3), plain)).toEqual([]);
    expect(outputsPast(at(90), plain)).toEqual([]);
    expect(outputsPast(at(4), [])).toEqual([]);
  });

  it("begin behind it, also where sequence numbers get a digit more", () => {
    expect(outputsPast(at(0), plain)).toEqual(["1", "2", "3", "4"]);
    expect(outputsPast(at(1), plain)).toEqual(["2", "3", "4"]);
    expect(outputsPast(at(2), plain)).toEqual(["3", "4"]);
  });

  it("begin between the user records of an aggregated one", () => {
    const aggregated = [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1)];
    expect(outputsPast(at(0, 1), aggregated)).toEqual(["2", "3", "4"]);
    expect(outputsPast(at(0, 900), aggregated)).toEqual(["3", "4"]);
    expect(outputsPast(at(1, 0), aggregated)).toEqual(["4"]);
  });

  it("hold all outputs of a record or none of them", () => {
    const several = [at(0), at(0), at(0), at(1, 0), at(1, 0), at(1, 1), at(1, 1)];
    expect(outputsPast(at(0), several)).toEqual(["3", "4", "5", "6"]);
    expect(outputsPast(at(1, 0), several)).toEqual(["5", "6"]);
    expect(outputsPast(at(1, 1), several)).toEqual([]);
  });

  it("are given of entries alone: what is encoded cannot be cut", () => {
    const encoded = { count: 2, discard: () => undefined };
    expect(() => entriesPast(at(0), { entries: [], encoded })).toThrow(TypeError);
  });

  it("join into what was put, whatever cuts two writers made and wherever each was overtaken", () => {
    const positions = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 })), { maxLength: 60 })
      .map((steps) => {
        let sequence = 0;
        let sub = 0;
        return steps.map(([step, subStep]) => {
          // No step of either is one more output of the same record.
          sub = step > 0 ? subStep : sub + subStep;
          sequence += step;
          return at(sequence, sub);
        });
      });
    const cut = fc.array(fc.nat(59), { maxLength: 8 });
    fc.assert(
      fc.property(
        positions,
        cut,
        cut,
        fc.array(fc.boolean(), { maxLength: 40 }),
        (all, one, other, turns) => {
          const entries = entriesAt(all);
          const writers = [one, other].map((cuts) => batchesOf(entries, cuts));
          const landed: BufferEntry<string>[] = [];
          let position: Position | undefined;
          const write = (batch: readonly BufferEntry<string>[]): void => {
            landed.push(...entriesPast(position, { entries: batch }));
            const last = batch.at(-1)?.record;
            if (last !== undefined && (position === undefined || comparePositions(last, position) > 0))
              position = last;
          };
          for (const turn of turns) write(writers[turn ? 1 : 0]?.shift() ?? []);
          for (const rest of writers.flat()) write(rest);
          expect(landed).toEqual(entries);
        },
      ),
    );
  });
});

/** Cut at these indexes, each moved to the end of the record that it falls into: a batch never ends inside one. */
function batchesOf(
  entries: readonly BufferEntry<string>[],
  cuts: readonly number[],
): BufferEntry<string>[][] {
  const batches: BufferEntry<string>[][] = [];
  let from = 0;
  for (const cut of [...cuts.toSorted((one, other) => one - other), entries.length]) {
    let to = Math.max(from, Math.min(cut, entries.length));
    while (to > 0 && to < entries.length && entries[to]?.record === entries[to - 1]?.record) to += 1;
    batches.push(entries.slice(from, to));
    from = to;
  }
  return batches;
}
