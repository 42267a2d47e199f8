import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "@kinesis-connectors/testkit";
import { MAX_ITEM_BYTES } from "../src/limits.js";
import { type Next, splitWrites } from "../src/requests.js";

const MAX_BYTES = 16 * 1024 * 1024;

interface Sized {
  readonly index: number;
  readonly wireBytes: number;
}

/** Gives the values one after the other. */
function each<Value>(values: readonly Value[]): Next<Value> {
  let next = 0;
  return () => values[next++];
}

function allOf<Value>(next: Next<Value>): Value[] {
  const all: Value[] = [];
  for (let value = next(); value !== undefined; value = next()) all.push(value);
  return all;
}

/** Every write is there once, in its place, and no request is over the limits or could have taken the next one. */
function check(writes: readonly Sized[], requests: readonly (readonly Sized[])[]): string | undefined {
  let next = 0;
  for (const [place, request] of requests.entries()) {
    let bytes = 0;
    for (const write of request) {
      if (write !== writes[next]) return `write ${next} is not in its place`;
      next += 1;
      bytes += write.wireBytes;
    }
    if (request.length === 0) return "a request is empty";
    if (request.length > 25) return `a request has ${request.length} writes`;
    if (request.length > 1 && bytes > MAX_BYTES) return `a request has ${bytes} bytes`;
    const following = requests[place + 1]?.[0];
    const slack = 4096;
    if (following !== undefined && request.length < 25 && bytes + following.wireBytes + slack <= MAX_BYTES)
      return `request ${place} is split without need`;
  }
  return next === writes.length ? undefined : `${writes.length - next} writes are missing`;
}

describe("splitting a batch into requests", () => {
  it("F58 keeps 1,000,000 records of all sizes within the limits, in their order", () => {
    const random = seededRandom(58);
    const writes = Array.from({ length: 1_000_000 }, (_, index): Sized => {
      // Long runs of small ones, of any, and of those that are as large on the wire as an item may get: a byte can take six.
      const max = [2_000, MAX_ITEM_BYTES, 6 * MAX_ITEM_BYTES][Math.floor(index / 500) % 3] ?? 0;
      const wireBytes = 1 + Math.floor(random.next() * max);
      return { index, wireBytes };
    });
    const requests = allOf(splitWrites(each(writes)));
    expect(check(writes, requests)).toBeUndefined();
    expect(requests.some((request) => request.length < 25)).toBe(true);
  });

  it("F58 holds for any sizes, also at the limits themselves", () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: Math.ceil(MAX_BYTES / 3), max: MAX_BYTES / 2 }),
      fc.constantFrom(MAX_BYTES, MAX_BYTES + 1, Math.ceil(MAX_BYTES / 25), MAX_BYTES / 2),
    );
    fc.assert(
      fc.property(fc.array(size, { maxLength: 120 }), (sizes) => {
        const writes = sizes.map((wireBytes, index) => ({ index, wireBytes }));
        expect(check(writes, allOf(splitWrites(each(writes))))).toBeUndefined();
      }),
    );
  });
});
