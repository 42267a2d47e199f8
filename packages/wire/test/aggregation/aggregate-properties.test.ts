import { createHash } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  createAggregator,
  deaggregate,
  type HashKeyRange,
  maxHashKey,
  type RecordToAggregate,
} from "../../src/index.js";
import { decodeWithProtobufjs, encodeWithProtobufjs, frame, text, vector } from "../support/support.js";

const recordToAggregate: fc.Arbitrary<RecordToAggregate> = fc.record(
  {
    // Few keys among many, so that the tables are shared; any Unicode otherwise.
    partitionKey: fc.oneof(
      fc.constantFrom("a", "b"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    ),
    explicitHashKey: fc.oneof(fc.constantFrom("0", "7"), fc.bigInt({ min: 0n, max: maxHashKey }).map(String)),
    data: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(vector)),
  },
  { requiredKeys: ["partitionKey", "data"] },
);

const options = fc.record(
  { maxBytes: fc.integer({ min: 1, max: 2000 }), maxRecords: fc.integer({ min: 1, max: 20 }) },
  { requiredKeys: [] },
);

/** What a user sees of a record, comparable: the bytes as hex. */
const seen = (record: RecordToAggregate) => ({
  partitionKey: record.partitionKey,
  explicitHashKey: record.explicitHashKey,
  data: Buffer.from(record.data).toString("hex"),
});

/** A second, naive decoder: every record as an object, big integers throughout, nothing cached. */
const decodeNaively = (data: Buffer, range: HashKeyRange): string => {
  const decoded = decodeWithProtobufjs(data.subarray(4, -16));
  const records = decoded.records.map((record) => ({
    partitionKey: decoded.partitionKeyTable[record.partitionKeyIndex],
    explicitHashKey:
      record.explicitHashKeyIndex === undefined
        ? null
        : decoded.explicitHashKeyTable[record.explicitHashKeyIndex],
    data: record.data,
  }));
  if (records.some((record) => record.partitionKey === undefined || record.explicitHashKey === undefined))
    return "malformed";
  const outside = records.some(({ partitionKey = "", explicitHashKey }) => {
    const digest = createHash("md5").update(Buffer.from(partitionKey, "utf8")).digest("hex");
    const hashKey = BigInt(explicitHashKey ?? `0x${digest}`);
    return hashKey < range.startingHashKey || range.endingHashKey < hashKey;
  });
  if (outside) return `outside ${records.length}`;
  return JSON.stringify(
    records.map((record) => [
      record.partitionKey,
      record.explicitHashKey,
      Buffer.from(record.data).toString("hex"),
    ]),
  );
};

const describeResult = (data: Buffer, range: HashKeyRange): string => {
  const result = deaggregate(data, range);
  if (result.kind === "outside-range") return `outside ${result.count}`;
  if (result.kind !== "aggregated") return result.kind;
  return JSON.stringify(
    result.records.map((record) => [
      record.partitionKey,
      record.explicitHashKey ?? null,
      Buffer.from(record.data).toString("hex"),
    ]),
  );
};

const hashKeyRange: fc.Arbitrary<HashKeyRange> = fc
  .tuple(fc.bigInt({ min: 0n, max: maxHashKey }), fc.bigInt({ min: 0n, max: maxHashKey }), fc.boolean())
  .map(([one, other, full]) => {
    if (full) return { startingHashKey: 0n, endingHashKey: maxHashKey };
    return one < other
      ? { startingHashKey: one, endingHashKey: other }
      : { startingHashKey: other, endingHashKey: one };
  });

describe("aggregation both ways", () => {
  it("gives back every record, in order, whatever the limits", () => {
    fc.assert(
      fc.property(fc.array(recordToAggregate, { maxLength: 60 }), options, (records, limits) => {
        const aggregator = createAggregator(limits);
        const puts = [...records.map((record) => aggregator.add(record)), aggregator.flush()].filter(
          (put) => put !== undefined,
        );
        const back = puts.flatMap((put) => {
          const result = deaggregate(put.data);
          expect(put.userRecords === 1 || put.data.length <= (limits.maxBytes ?? 51_200)).toBe(true);
          expect(put.userRecords).toBeLessThanOrEqual(limits.maxRecords ?? 100_000);
          if (result.kind === "plain") return [seen(put)];
          if (result.kind !== "aggregated") throw new Error(result.kind);
          expect(result.records.map((record) => record.subSequenceNumber)).toEqual([
            ...result.records.keys(),
          ]);
          expect(put.partitionKey).toBe(result.records[0]?.partitionKey);
          expect(put.explicitHashKey).toBe(result.records[0]?.explicitHashKey);
          expect(result.records).toHaveLength(put.userRecords);
          return result.records.map(seen);
        });
        expect(back).toEqual(records.map(seen));
      }),
      { numRuns: 500 },
    );
  });

  it("reads what protobufjs writes as a naive decoder reads it, F51 ranges and F50 bad indexes included", () => {
    const fields = fc.record({
      partitionKeyTable: fc.array(fc.string({ unit: "grapheme", maxLength: 10 }), {
        minLength: 1,
        maxLength: 5,
      }),
      explicitHashKeyTable: fc.array(fc.bigInt({ min: 0n, max: maxHashKey }).map(String), {
        minLength: 1,
        maxLength: 3,
      }),
      records: fc.array(
        fc.record(
          {
            partitionKeyIndex: fc.integer({ min: 0, max: 5 }),
            explicitHashKeyIndex: fc.integer({ min: 0, max: 3 }),
            data: fc.uint8Array({ maxLength: 20 }),
            tags: fc.array(fc.record({ key: fc.string() }), { maxLength: 2 }),
          },
          { requiredKeys: ["partitionKeyIndex", "data"] },
        ),
        { maxLength: 4 },
      ),
    });
    const kinds = new Set<string>();
    fc.assert(
      fc.property(fields, hashKeyRange, (aggregate, range) => {
        const data = frame(encodeWithProtobufjs(aggregate));
        const result = describeResult(data, range);
        kinds.add(result.split(" ")[0]?.slice(0, 2) ?? "");
        expect(result).toBe(decodeNaively(data, range));
      }),
      { numRuns: 1000, seed: 1 },
    );
    // The generator reaches all three outcomes, or the comparison would say little.
    expect(kinds).toEqual(new Set(["[[", "[]", "ma", "ou"]));
  });

  it("F50 any single flipped bit makes a plain record", () => {
    for (let bit = 0; bit < vector.length * 8; bit += 1) {
      const data = Buffer.from(vector);
      data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(deaggregate(data)).toEqual({ kind: "plain" });
    }
  });

  it("F50 any single flipped bit under a right MD5 is judged as protobufjs judges it, within the input's bounds", () => {
    const message = vector.subarray(4, -16);
    for (let bit = 0; bit < message.length * 8; bit += 1) {
      const flipped = Buffer.from(message);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = deaggregate(frame(flipped));
      if (result.kind !== "aggregated") continue;
      expect(result.records.reduce((bytes, record) => bytes + record.data.length, 0)).toBeLessThan(
        message.length,
      );
      expect(describeResult(frame(flipped), { startingHashKey: 0n, endingHashKey: maxHashKey })).toBe(
        decodeNaively(frame(flipped), { startingHashKey: 0n, endingHashKey: maxHashKey }),
      );
    }
  });

  it("F50 any bytes under a right MD5 end in a verdict whose output is no larger than the input", () => {
    // Bytes that mean something to the format come often; the rest is noise.
    const meaningful = fc.constantFrom(
      0x0a,
      0x12,
      0x1a,
      0x08,
      0x10,
      0x22,
      0x7b,
      0x7c,
      0,
      1,
      2,
      3,
      0x80,
      0xff,
    );
    const bytes = fc.array(fc.oneof({ weight: 4, arbitrary: meaningful }, fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 80,
    });
    const kinds = new Set<string>();
    fc.assert(
      fc.property(bytes, (message) => {
        const result = deaggregate(frame(Uint8Array.from(message)), {
          startingHashKey: 5n,
          endingHashKey: 9n,
        });
        kinds.add(result.kind);
        const found = result.kind === "aggregated" ? result.records.length : 0;
        // The smallest user record the format can hold is six bytes.
        expect((result.kind === "outside-range" ? result.count : found) * 6).toBeLessThanOrEqual(
          message.length,
        );
      }),
      { numRuns: 20_000 },
    );
    // Noise seldom forms a record, but both of these it must reach.
    expect(kinds).toContain("plain");
    expect(kinds).toContain("aggregated");
  });

  it("F50 cut off anywhere under a right MD5, never gives a record that was not put", () => {
    const message = vector.subarray(4, -16);
    for (let length = 1; length < message.length; length += 1) {
      const result = deaggregate(frame(message.subarray(0, length)));
      const found = result.kind === "aggregated" ? result.records.map((record) => text(record.data)) : [];
      expect(["plain", "aggregated"]).toContain(result.kind);
      expect(found).toEqual(["one", "two", "three"].slice(0, found.length));
    }
  });
});
