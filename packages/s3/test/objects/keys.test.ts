import { batchOf, batchOfEntries, entryOf, planOf, thrownBy } from "@kinesis-connectors/testkit";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { gzip, ndjson, rangeNameOf, raw, s3Emitter } from "@kinesis-connectors/s3";
import { ARRIVAL_MS, keyOf } from "../support/support.js";

const emitterWith = (options: Partial<Parameters<typeof s3Emitter<unknown>>[0]> = {}) =>
  s3Emitter<unknown>({ bucket: "clicks", region: "us-east-1", format: ndjson(), ...options });

const sequenceNumber = fc.bigInt({ min: 1n, max: 10n ** 56n - 1n }).map(String);
const position = fc.record({ sequenceNumber, subSequenceNumber: fc.nat({ max: 100_000 }) });
const arrival = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });

/** The key, or the code of the error instead of it. Anything else that is thrown fails the test. */
function keyOrRefusal(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (KinesisConnectorError.isInstance(error)) return error.code;
    throw error;
  }
}

describe("object keys", () => {
  it("name prefix, UTC hour, shard and both ends of the range", () => {
    expect(keyOf(emitterWith({ prefix: "archive/clicks" }), batchOf([1, 2, 3]))).toBe(
      "archive/clicks/2026/03/29/00/shardId-000000000003/49600000000000-49600000000002.ndjson",
    );
  });

  it("carry a sub-sequence number above zero at its end of the range", () => {
    const batch = batchOf([1], {
      first: { sequenceNumber: "10", subSequenceNumber: 3 },
      last: { sequenceNumber: "11", subSequenceNumber: 0 },
    });
    expect(rangeNameOf(batch)).toBe("10.3-11");
    expect(rangeNameOf({ first: batch.last, last: batch.first })).toBe("11-10.3");
  });

  it("are distinct for distinct ranges, begin with the prefix and stay within S3's limits", () => {
    const emitter = emitterWith({ prefix: "a/b c/ü" });
    fc.assert(
      fc.property(position, position, position, position, arrival, (a, b, c, d, arrivalTimeMs) => {
        const entries = [entryOf(0, 1, { arrivalTimeMs })];
        const one = keyOf(emitter, batchOfEntries(entries, { first: a, last: b }));
        const other = keyOf(emitter, batchOfEntries(entries, { first: c, last: d }));
        const same = rangeNameOf({ first: a, last: b }) === rangeNameOf({ first: c, last: d });
        const equal =
          a.sequenceNumber === c.sequenceNumber &&
          b.sequenceNumber === d.sequenceNumber &&
          a.subSequenceNumber === c.subSequenceNumber &&
          b.subSequenceNumber === d.subSequenceNumber;
        expect(same).toBe(equal);
        expect(one === other).toBe(equal);
        expect(one.startsWith("a/b c/ü/")).toBe(true);
        expect(one.split("/")).toHaveLength(9);
        expect(Buffer.byteLength(one)).toBeLessThanOrEqual(1024);
      }),
    );
  });

  it("F66 are the same in every time zone and across changes of daylight saving time", () => {
    const emitter = emitterWith();
    const before = process.env["TZ"];
    try {
      for (const arrivalTimeMs of [
        ARRIVAL_MS,
        ARRIVAL_MS + 2000,
        Date.UTC(2026, 9, 25, 0, 30),
        Date.UTC(2026, 9, 25, 1, 30),
      ]) {
        const batch = batchOfEntries([entryOf(0, 1, { arrivalTimeMs })]);
        const keys = ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham"].map((zone) => {
          process.env["TZ"] = zone;
          return keyOf(emitter, batch);
        });
        expect(new Set(keys).size).toBe(1);
        expect(keys[0]?.slice(0, 13)).toBe(
          new Date(arrivalTimeMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/"),
        );
      }
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  });

  it("F66 come out the same when the batch is planned again", () => {
    const batch = batchOf([{ a: 1 }, { a: 2 }]);
    expect(planOf(emitterWith(), batch)).toEqual(planOf(emitterWith(), structuredClone(batch)));
  });

  it("F67 late, future and damaged arrival times make one object per batch, filed where dates can be", () => {
    const emitter = emitterWith();
    for (const arrivalTimeMs of [
      -1,
      0,
      Date.UTC(1999, 0),
      Date.UTC(9999, 11, 31, 23),
      8.7e15,
      Number.NaN,
      Infinity,
    ]) {
      const batch = batchOfEntries([entryOf(0, 1, { arrivalTimeMs }), entryOf(1, 2)]);
      const { places } = planOf(emitter, batch);
      expect(places).toHaveLength(1);
      expect(places[0]?.key).toMatch(/^\d{4}\/\d\d\/\d\d\/\d\d\/shardId-\d{12}\/\d+-\d+\.ndjson$/);
    }
  });

  it("end in the extensions of format and compression", () => {
    const format = raw({ extension: ".txt" });
    const emitter = s3Emitter<string>({ bucket: "clicks", region: "us-east-1", format, compression: gzip() });
    expect(keyOf(emitter, batchOf(["a"]))).toMatch(/\d\.txt\.gz$/);
  });
});

describe("plans", () => {
  it("hold the number of entries and the hash of their positions, and are plain JSON", () => {
    const plan = planOf(emitterWith(), batchOf([1, 2]));
    expect(structuredClone(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    expect(plan.places[0]?.recordCount).toBe(2);
    // printf '49600000000000.0\n49600000000001.0\n' | sha256sum
    expect(plan.places[0]?.idsSha256).toBe(
      "4d7c7bc9eb5903e90d01659a4725241375df9a156b4e17c41f5dda03e03f180d",
    );
  });

  it("hash many positions as one text", () => {
    const batch = batchOf(Array.from({ length: 3000 }, (_, index) => index));
    const ids = batch.entries
      .map(({ record }) => `${record.sequenceNumber}.${record.subSequenceNumber}\n`)
      .join("");
    expect(planOf(emitterWith(), batch).places[0]?.idsSha256).toBe(
      createHash("sha256").update(ids).digest("hex"),
    );
  });

  it("name no object for a batch without entries", () => {
    expect(planOf(emitterWith(), batchOf([]))).toEqual({ places: [] });
  });
});

describe("an own key", () => {
  it("stands between prefix and extension", () => {
    const emitter = emitterWith({
      prefix: "p",
      key: (batch) => `by-shard/${batch.shardId}/${rangeNameOf(batch)}`,
    });
    expect(keyOf(emitter, batchOf([1]))).toBe(
      "p/by-shard/shardId-000000000003/49600000000000-49600000000000.ndjson",
    );
  });

  it("is refused when an end of the range is missing or only part of a longer number", () => {
    const range = {
      first: { sequenceNumber: "12", subSequenceNumber: 0 },
      last: { sequenceNumber: "345", subSequenceNumber: 6 },
    };
    for (const name of [
      "12",
      "345.6",
      "120-345.6",
      "112-345.6",
      "12-345",
      "12-345.67",
      "12-1345.6",
      "12.1-345.6",
      "",
      "345.6-12",
    ]) {
      const emitter = emitterWith({ key: () => name });
      expect([name, keyOrRefusal(() => keyOf(emitter, batchOf([1], range)))]).toEqual([
        name,
        "KC_OPTION_INVALID",
      ]);
    }
    for (const name of ["12-345.6", "x/12_345.6/y", "from 12 to 345.6", "112/12-345.6"]) {
      expect(keyOf(emitterWith({ key: () => name }), batchOf([1], range))).toBe(`${name}.ndjson`);
    }
  });

  it("S03 whatever it returns, a key is under the prefix, without control characters or dot segments, or refused", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 1100 }),
        fc.constantFrom("", "/", "..", "\n"),
        (text, more) => {
          const batch = batchOf([1]);
          const emitter = emitterWith({
            prefix: "only/here",
            key: () => `${text}${more}/${rangeNameOf(batch)}`,
          });
          const key = keyOrRefusal(() => keyOf(emitter, batch));
          if (key === "KC_OPTION_INVALID") return;
          expect(key.startsWith("only/here/")).toBe(true);
          expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
          expect(
            key.split("/").some((segment) => segment === "" || segment === "." || segment === ".."),
          ).toBe(false);
          // oxlint-disable-next-line no-control-regex -- what must not be there
          expect(/[\u0000-\u001F\u007F-\u009F]/.test(key)).toBe(false);
          expect(Buffer.from(key).toString()).toBe(key);
        },
      ),
    );
  });

  it("S03 a hostile name is refused by what is wrong with it", () => {
    const batch = batchOf([1]);
    const range = rangeNameOf(batch);
    for (const [name, problem] of [
      [`../${range}`, /"\.\."/],
      [`a/./${range}`, /"\."/],
      [`a//${range}`, /empty segment/],
      [`/${range}`, /empty segment/],
      [`a\u0000/${range}`, /control character/],
      [`a\uD800/${range}`, /Unicode/],
      [`${"é".repeat(512)}/${range}`, /1024/],
    ] as const) {
      expect(thrownBy(() => keyOf(emitterWith({ prefix: "p", key: () => name }), batch)).message).toMatch(
        problem,
      );
    }
  });
});

describe("a prefix", () => {
  it("may end in one slash, which is not doubled", () => {
    expect(keyOf(emitterWith({ prefix: "a/" }), batchOf([1]))).toMatch(/^a\/2026/);
  });

  it("S03 is refused when no tool could address what is below it", () => {
    for (const prefix of ["/", "/a", "a//", "a//b", "..", "a/../b", ".", "a\n", "a\uDC00", "x".repeat(725)]) {
      const error = thrownBy(() => emitterWith({ prefix }));
      expect(KinesisConnectorError.isInstance(error)).toBe(true);
      expect(error.message).toMatch(/^prefix/);
    }
  });

  it("leaves room for the longest default key", () => {
    const last = { sequenceNumber: "9".repeat(56), subSequenceNumber: 999_999 };
    const batch = batchOf([1], { shardId: "s".repeat(128), first: last, last });
    expect(Buffer.byteLength(keyOf(emitterWith({ prefix: "x".repeat(724) }), batch))).toBeLessThanOrEqual(
      1024,
    );
  });
});
