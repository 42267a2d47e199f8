import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "@kinesis-connectors/testkit";
import { type Packed, splitIntoRequests, splitUnordered } from "../../src/waves/requests.js";

/** Those of PutRecords. */
const MAX_REQUEST_RECORDS = 500;
const MAX_REQUEST_BYTES = 5 * 1024 * 1024;

interface Item {
  readonly id: number;
  readonly key: number;
  readonly bytes: number;
}

interface Put extends Packed {
  readonly items: readonly Item[];
}

/** Up to `maxItems` items in one. */
const packing =
  (maxItems: number) =>
  (items: readonly Item[], start: number): Put => {
    const packed: Item[] = [];
    let bytes = 0;
    for (const item of items.slice(start, start + maxItems)) {
      if (packed.length > 0 && bytes + item.bytes > 1024 * 1024) break;
      packed.push(item);
      bytes += item.bytes;
    }
    return { items: packed, count: packed.length, bytes };
  };

interface Split {
  readonly written: readonly Item[];
  readonly unsettled: readonly Item[];
  readonly requests: number;
  readonly problems: readonly string[];
}

/** Plays the stream: looks at each request, takes the records that `takes` says, and reports them. */
function play(
  items: readonly Item[],
  options: {
    readonly maxRequestBytes: number;
    readonly maxItems: number;
    readonly takes: (put: Put) => boolean;
  },
): Split {
  const { maxRequestBytes, maxItems, takes } = options;
  const splitter = splitIntoRequests(items, {
    maxRequestEntries: MAX_REQUEST_RECORDS,
    maxRequestBytes,
    laneOf: ({ key }) => `${key}`,
    pack: packing(maxItems),
  });
  const written: Item[] = [];
  const problems: string[] = [];
  let requests = 0;
  for (let puts = splitter.next(); puts.length > 0; puts = splitter.next()) {
    requests += 1;
    const bytes = puts.reduce((sum, put) => sum + put.bytes, 0);
    const keys = new Set(puts.map((put) => put.items[0]?.key));
    if (puts.length > MAX_REQUEST_RECORDS) problems.push(`${puts.length} records`);
    if (bytes > maxRequestBytes) problems.push(`${bytes} bytes`);
    if (keys.size !== puts.length) problems.push("a key twice in one request");
    for (const [index, put] of puts.entries()) {
      if (!takes(put)) continue;
      written.push(...put.items);
      splitter.written(index);
    }
  }
  return { written, unsettled: splitter.unsettled(), requests, problems };
}

/** What is wrong with where the items ended up: lost, doubled, or past an earlier one of their key. */
function disorderIn(items: readonly Item[], { written, unsettled }: Split): string[] {
  const problems: string[] = [];
  if (new Set([...written, ...unsettled]).size !== items.length) problems.push("lost");
  if (written.length + unsettled.length !== items.length) problems.push("doubled");
  const newest = new Map<number, number>();
  for (const { key, id } of written) {
    if ((newest.get(key) ?? -1) > id) problems.push(`${id} came late`);
    newest.set(key, id);
  }
  for (const { key, id } of unsettled) if ((newest.get(key) ?? -1) > id) problems.push(`${id} was passed`);
  return problems;
}

describe("splitting a batch into requests", () => {
  it("keeps the limits and the order of every key over 1,000,000 records, some refused", () => {
    const random = seededRandom(42);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    // Most records are small, some are of all sizes up to the limit of one; keys are from unique to very hot.
    const items = Array.from({ length: 1_000_000 }, (_, id): Item => ({
      id,
      key: below(4) === 0 ? below(40) + 1 : below(2) === 0 ? below(50_000) + 1000 : 1_000_000 + id,
      bytes: below(200) === 0 ? 1 + below(1024 * 1024) : 1 + below(2000),
    }));
    let left = items;
    let written: Item[] = [];
    let rounds = 0;
    for (; left.length > 0; rounds += 1) {
      const split = play(left, {
        maxRequestBytes: MAX_REQUEST_BYTES,
        maxItems: 100,
        takes: () => below(50) !== 0,
      });
      expect(split.problems).toEqual([]);
      expect(disorderIn(left, split)).toEqual([]);
      written = written.concat(split.written);
      left = split.unsettled.toSorted((one, other) => one.id - other.id);
    }
    expect(rounds).toBeGreaterThan(1);
    expect(disorderIn(items, { written, unsettled: [], requests: 0, problems: [] })).toEqual([]);
  });

  it("keeps them for any batch, any limit and any refusals", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(8), bytes: fc.integer({ min: 0, max: 1000 }) }), { maxLength: 600 }),
        fc.integer({ min: 1000, max: 5000 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.boolean()),
        (given, maxRequestBytes, maxItems, fates) => {
          const items = given.map((item, id) => ({ id, ...item }));
          const takes = (put: Put): boolean => put.bytes > 900 || fates.next().value !== false;
          const split = play(items, { maxRequestBytes: maxRequestBytes + 5000, maxItems, takes });
          expect(split.problems).toEqual([]);
          expect(disorderIn(items, split)).toEqual([]);
        },
      ),
    );
  });

  it("fills requests as far as the keys allow", () => {
    const takes = (): boolean => true;
    const distinct = Array.from({ length: 1001 }, (_, id) => ({ id, key: id, bytes: 10 }));
    expect(play(distinct, { maxRequestBytes: MAX_REQUEST_BYTES, maxItems: 1, takes }).requests).toBe(3);
    // 20 records of one key take 20 requests; the other 980 travel along instead of needing requests of their own.
    const mixed = distinct.map(({ id, bytes }) => ({ id, bytes, key: id % 50 === 0 ? 0 : id }));
    expect(play(mixed, { maxRequestBytes: MAX_REQUEST_BYTES, maxItems: 1, takes }).requests).toBe(21);
  });

  it("gives out nothing more of a key whose record was not written", () => {
    const items = [1, 2, 1, 1, 2].map((key, id) => ({ id, key, bytes: 1 }));
    const split = play(items, {
      maxRequestBytes: 100,
      maxItems: 1,
      takes: ({ items: [item] }) => item?.id !== 2,
    });
    expect(new Set(split.written.map(({ id }) => id))).toEqual(new Set([0, 1, 4]));
    expect(split.unsettled.map(({ id }) => id)).toEqual([2, 3]);
  });
});

describe("splitting a batch that has no order", () => {
  it("keeps the limits, fills requests in the batch's order and loses nothing, for any sizes and refusals", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 1_300 }),
        fc.integer({ min: 1000, max: 50_000 }),
        fc.infiniteStream(fc.boolean()),
        (sizes, maxRequestBytes, fates) => {
          const items = sizes.map((bytes, id) => ({ id, bytes, count: 1 }));
          const splitter = splitUnordered(items, { maxRequestEntries: MAX_REQUEST_RECORDS, maxRequestBytes });
          const written: number[] = [];
          let next = 0;
          for (let request = splitter.next(); request.length > 0; request = splitter.next()) {
            expect(request.length).toBeLessThanOrEqual(MAX_REQUEST_RECORDS);
            expect(request.map(({ id }) => id)).toEqual(
              items.slice(next, next + request.length).map(({ id }) => id),
            );
            const bytes = request.reduce((sum, item) => sum + item.bytes, 0);
            expect(bytes).toBeLessThanOrEqual(maxRequestBytes);
            next += request.length;
            // As full as it can be.
            const isFull =
              request.length === MAX_REQUEST_RECORDS ||
              bytes + (items[next]?.bytes ?? Number.POSITIVE_INFINITY) > maxRequestBytes;
            expect(isFull).toBe(true);
            for (const [index, { id }] of request.entries()) {
              if (fates.next().value === false) continue;
              splitter.written(index);
              // Told twice, it counts once.
              splitter.written(index);
              written.push(id);
            }
          }
          expect(next).toBe(items.length);
          const left = splitter.unsettled().map(({ id }) => id);
          expect([...written, ...left].toSorted((one, other) => one - other)).toEqual(
            items.map(({ id }) => id),
          );
        },
      ),
    );
  });

  it("gives back what was not given out yet", () => {
    const items = Array.from({ length: 501 }, (_, id) => ({ id, bytes: 1, count: 1 }));
    const splitter = splitUnordered(items, {
      maxRequestEntries: MAX_REQUEST_RECORDS,
      maxRequestBytes: 1_000,
    });
    splitter.next();
    splitter.written(0);
    expect(splitter.unsettled()).toEqual(items.slice(1));
  });
});
