import { describe, expect, it } from "vitest";
import { hashOf, transformOf } from "../../src/partitions/transforms.js";
import type { Value } from "../../src/columns/values.js";

const apply = (text: string, value: Value | null, type: string) =>
  transformOf(text)?.apply(value, type) ?? null;
const micros = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;
const days = (date: string): number => Date.parse(date) / 86_400_000;

// Iceberg table spec, appendix B.
describe("the hash of bucket partitions", () => {
  it.each<[string, Value, string, number]>([
    ["int 34", 34, "int", 2_017_239_379],
    ["long 34", 34n, "long", 2_017_239_379],
    ["decimal 14.20", 1420n, "decimal(9,2)", -500_754_589],
    ["date 2017-11-16", days("2017-11-16"), "date", -653_330_422],
    ["timestamp 2017-11-16T22:31:08", micros("2017-11-16T22:31:08Z"), "timestamp", -2_047_944_441],
    [
      "timestamptz 2017-11-16T14:31:08-08:00",
      micros("2017-11-16T14:31:08-08:00"),
      "timestamptz",
      -2_047_944_441,
    ],
    [
      "timestamp 2017-11-16T22:31:08.000001",
      micros("2017-11-16T22:31:08Z") + 1n,
      "timestamp",
      -1_207_196_810,
    ],
    ["string iceberg", "iceberg", "string", 1_210_000_089],
    [
      "uuid f79c3e09-677c-4bbd-a479-3f349cb785e7",
      Buffer.from("f79c3e09677c4bbda4793f349cb785e7", "hex"),
      "uuid",
      1_488_055_340,
    ],
    ["fixed 00 01 02 03", Uint8Array.of(0, 1, 2, 3), "fixed[4]", -188_683_207],
    ["binary 00 01 02 03", Uint8Array.of(0, 1, 2, 3), "binary", -188_683_207],
  ])("is the specification's for %s", (_name, value, type, hash) => {
    expect(hashOf(value, type)).toBe(hash);
  });

  it("is in a bucket from 0", () => {
    expect(apply("bucket[16]", 34, "int")).toBe(2_017_239_379 % 16);
    expect(apply("bucket[100]", 1420n, "decimal(9,2)")).toBe((-500_754_589 & 0x7fff_ffff) % 100);
  });
});

describe("partition transforms", () => {
  it.each<[string, string, string, Value, Value]>([
    ["year", "date", "before 1970", days("1969-12-31"), -1],
    ["month", "date", "before 1970", days("1969-11-30"), -2],
    ["month", "timestamptz", "of a moment", micros("2026-11-29T23:59:59Z"), 56 * 12 + 10],
    ["year", "timestamp", "past what Date reaches", 9_223_372_036_854_775_807n, 292_277],
    ["month", "timestamp", "past what Date reaches", -9_223_372_036_854_775_808n, -3_507_325],
    ["year", "date", "past what Date reaches", 2_147_483_647, 5_879_610],
    ["day", "timestamp", "one microsecond before 1970", -1n, -1],
    ["day", "timestamptz", "of a moment", micros("2026-11-29T23:59:59Z"), days("2026-11-29")],
    ["hour", "timestamptz", "one microsecond before 1970", -1n, -1],
    ["hour", "timestamptz", "of a moment", micros("1970-01-02T01:59:59Z"), 25],
    ["truncate[10]", "int", "of a negative number", -1, -10],
    ["truncate[10]", "int", "of a positive number", 19, 10],
    ["truncate[10]", "long", "of a negative number", -11n, -20n],
    ["truncate[50]", "decimal(9,2)", "of 10.65", 1065n, 1050n],
    ["truncate[3]", "string", "of a text", "iceberg", "ice"],
    ["truncate[2]", "string", "counts code points", "𝒳𝒴𝒵", "𝒳𝒴"],
    ["truncate[2]", "binary", "of bytes", Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2)],
    ["identity", "string", "changes nothing", "DE", "DE"],
  ])("%s of %s %s", (text, type, _what, value, result) => {
    expect(apply(text, value, type)).toEqual(result);
  });

  it("keep null, and void makes nothing else", () => {
    for (const text of ["identity", "year", "day", "hour", "bucket[4]", "truncate[4]", "void"])
      expect(apply(text, null, "timestamptz")).toBeNull();
    expect(apply("void", 1, "int")).toBeNull();
  });

  it("take the types that the specification lists", () => {
    expect(transformOf("hour")?.typeOf("date")).toBeUndefined();
    expect(transformOf("bucket[4]")?.typeOf("double")).toBeUndefined();
    expect(transformOf("truncate[4]")?.typeOf("uuid")).toBeUndefined();
    expect(transformOf("day")?.typeOf("timestamptz")).toBe("date");
    expect(transformOf("bucket[0]")).toBeUndefined();
    expect(transformOf("zorder")).toBeUndefined();
  });
});
