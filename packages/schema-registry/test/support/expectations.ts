import * as fc from "fast-check";
import { expect } from "vitest";
import { type DecodingTransformer, isPromise } from "@kinesis-connectors/core";
import { decode, meant } from "./decoding.js";
import type { Fixture } from "./fake-registry.js";

const dataOf = ({ data }: Fixture): Buffer => Buffer.from(data, "hex");

/** Records of every fixture are read: the first of each waits for its schema, and the second does not. */
export async function expectRead(
  transformer: DecodingTransformer<unknown>,
  fixtures: readonly Fixture[],
): Promise<void> {
  for (const fixture of fixtures) {
    const first = decode(transformer, dataOf(fixture));
    expect(isPromise(first)).toBe(true);
    expect({ ...((await first) as object) }).toMatchObject(meant(fixture));
    const second = decode(transformer, dataOf(fixture));
    expect(isPromise(second)).toBe(false);
    expect(second).toEqual(await first);
  }
}

/** The record is read, if not at once: a slow machine may need more than one try where the time limit is short. */
export async function expectReadSoon(
  transformer: DecodingTransformer<unknown>,
  fixture: Fixture,
): Promise<void> {
  await expect
    .poll(async () => {
      try {
        return { ...((await decode(transformer, dataOf(fixture))) as object) };
      } catch (thrown) {
        return thrown;
      }
    })
    .toMatchObject(meant(fixture));
}

/** Records that are cut, and changed in a few places, behind their header: another id would be a look-up. */
export function damaged(fixtures: readonly Fixture[], headerBytes: number): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.constantFrom(...fixtures),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.nat(),
    )
    .map(([fixture, changes, cut]) => {
      const data = dataOf(fixture);
      const contentBytes = data.length - headerBytes;
      for (const [at, byte] of changes) data[headerBytes + (at % contentBytes)] = byte;
      return data.subarray(0, headerBytes + (cut % (contentBytes + 1)));
    });
}
