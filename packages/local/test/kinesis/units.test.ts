import * as fc from "fast-check";
import { expect, test } from "vitest";
import { virtualClock } from "../../src/clock.js";
import { encodeEventMessage } from "../../src/kinesis/protocol/event-stream.js";
import { evenRanges, maxHashKey, partitionKeyHashHex } from "../../src/kinesis/streams/hash-keys.js";
import { TokenBucket } from "../../src/kinesis/streams/rates.js";
import { parseSequenceNumber, SequenceNumbers } from "../../src/kinesis/streams/sequence-numbers.js";
import { Shard } from "../../src/kinesis/streams/shard.js";
import { Tokens } from "../../src/kinesis/streams/tokens.js";

const aSecond = fc.integer({ min: 1_000_000_000, max: 4_000_000_000 });

test("sequence numbers are 56 digits, rise as text and as numbers, and tell their shard", () => {
  fc.assert(
    fc.property(
      aSecond,
      fc.integer({ min: 0, max: 20_000 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 50 }),
      (created, index, steps) => {
        const numbers = new SequenceNumbers(created, index);
        let second = created;
        let last = numbers.here(created);
        for (const step of steps) {
          second += step;
          const next = numbers.next(second);
          expect(next).toMatch(/^[1-9]\d{55}$/u);
          expect(next > last && BigInt(next) > BigInt(last)).toBe(true);
          expect(parseSequenceNumber(next)).toMatchObject({ creationSecond: created, shardIndex: index });
          last = next;
        }
        expect(numbers.here(second + 1) > last).toBe(true);
        const child = new SequenceNumbers(created + 1, index + 1);
        expect(BigInt(child.here(created + 1))).toBeGreaterThan(BigInt(last));
      },
    ),
  );
});

test("two shards split the hash keys where the service does", () => {
  expect(evenRanges(2)).toEqual([
    { start: 0n, end: 170141183460469231731687303715884105727n },
    { start: 170141183460469231731687303715884105728n, end: 340282366920938463463374607431768211455n },
  ]);
});

test("even ranges cover every hash key once, for any count", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (count) => {
      let next = 0n;
      for (const { start, end } of evenRanges(count)) {
        expect(start).toBe(next);
        expect(end).toBeGreaterThanOrEqual(start);
        next = end + 1n;
      }
      expect(next).toBe(maxHashKey + 1n);
    }),
  );
});

test("a partition key is hashed as UTF-8", () => {
  expect(partitionKeyHashHex("")).toBe("d41d8cd98f00b204e9800998ecf8427e");
  expect(partitionKeyHashHex("ü")).toBe("c03410a5204b21cd8229ff754688d743");
});

function shardOf(arrivals: readonly number[]): Shard {
  const shard = new Shard({
    index: 0,
    start: 0n,
    end: maxHashKey,
    openedMs: 0,
    creationSecond: 1_700_000_000,
    parentIds: [],
  });
  for (const [index, ms] of arrivals.entries()) shard.append(`k${index}`, "", 1, ms);
  return shard;
}

test("positions, searches and pages agree with a plain list, also after trimming", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.nat({ max: 300 }),
      fc.nat({ max: 300 }),
      (steps, horizon, wanted) => {
        let now = 0;
        const arrivals = steps.map((step) => (now += step));
        const shard = shardOf(arrivals);
        const all = shard.read(0, 1000, 1e9).records;
        shard.trim(horizon);
        const expected = all.filter((record) => record.arrivalMs >= horizon);
        expect(shard.read(0, 1000, 1e9).records).toEqual(expected);
        expect(shard.endPosition).toBe(arrivals.length);
        const at = shard.positionOfTime(wanted);
        expect(shard.at(at)).toBe(expected.find((record) => record.arrivalMs >= wanted));
        for (const record of expected) {
          const position = shard.positionOfSequence(record.sequenceNumber, false);
          expect(shard.at(position)).toBe(record);
          expect(shard.positionOfSequence(record.sequenceNumber, true)).toBe(position + 1);
        }
      },
    ),
  );
});

test("ten thousand trimmed records are given back and positions stay", () => {
  const shard = shardOf(Array.from({ length: 10_000 }, (_, index) => index));
  shard.trim(9990);
  expect(shard.firstPosition).toBe(9990);
  expect(shard.read(0, 3, 1e9)).toMatchObject({ next: 9993, records: [{ arrivalMs: 9990 }, {}, {}] });
});

test("a bucket never gives more than its rate over any stretch, beyond one second's store", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 40 }), async (waits) => {
      const clock = virtualClock(0);
      const bucket = new TokenBucket(clock, 10);
      let given = 0;
      for (const wait of waits) {
        await clock.advance(wait);
        while (bucket.take()) given += 1;
        expect(given).toBeLessThanOrEqual(10 + (clock.now() * 10) / 1000);
      }
    }),
    { numRuns: 30 },
  );
});

test("tokens open only as what they were issued, and garbage never throws", () => {
  const tokens = new Tokens("secret");
  const token = tokens.issue("iterator", ["orders", 1]);
  expect(tokens.open("iterator", token)).toEqual(["orders", 1]);
  expect(tokens.open("shards", token)).toBeUndefined();
  expect(new Tokens("other").open("iterator", token)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (garbage) => {
      expect(tokens.open("iterator", garbage)).toBeUndefined();
    }),
  );
});

test("an event frame is the one the specification's arithmetic gives", () => {
  const frame = encodeEventMessage({ headers: { a: "b" }, payload: Buffer.from("{}") });
  expect(frame.length).toBe(12 + 6 + 2 + 4);
  expect(frame.readUInt32BE(0)).toBe(24);
  expect(frame.readUInt32BE(4)).toBe(6);
  expect(frame.subarray(12, 18).toString("hex")).toBe("016107000162");
});
