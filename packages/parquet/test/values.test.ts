import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unscaled } from "../src/columns/decimals.js";
import { daysOf, microsOf } from "../src/columns/times.js";

describe("decimals", () => {
  it("keep every digit, whichever way they are written", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.integer({ min: 0, max: 38 }),
        (units, scale) => {
          const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
          const point = digits.length - scale;
          const text = `${units < 0n ? "-" : ""}${digits.slice(0, point)}${scale === 0 ? "" : "."}${digits.slice(point)}`;
          expect(unscaled(text, 38, scale)).toBe(units);
          expect(unscaled(`${units}e-${scale}`, 38, scale)).toBe(units);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of numbers are what the number prints as", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (cents) => {
        expect(unscaled(cents / 100, 18, 2)).toBe(BigInt(cents));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[unknown, number, number, bigint | undefined]>([
    ["0.10", 2, 1, 1n],
    ["0.11", 3, 1, undefined],
    ["-0", 1, 0, 0n],
    [-0, 1, 0, 0n],
    ["+1.5E+1", 2, 0, 15n],
    [1e21, 38, 0, 10n ** 21n],
    [1e-7, 38, 7, 1n],
    ["1e999", 38, 0, undefined],
    ["9".repeat(401), 38, 0, undefined],
    [".5", 2, 1, undefined],
    ["5.", 2, 1, undefined],
    [" 5", 2, 1, undefined],
    [null, 2, 1, undefined],
  ])("%s as decimal(%i,%i) is %s", (value, precision, scale, units) => {
    expect(unscaled(value, precision, scale)).toBe(units);
  });
});

describe("times", () => {
  it("of any moment are those that Date finds", () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date("0000-01-01T00:00:00Z"),
          max: new Date("9999-12-31T23:59:59.999Z"),
          noInvalidDate: true,
        }),
        fc.integer({ min: -23 * 60, max: 23 * 60 }),
        (date, zoneMinutes) => {
          expect(microsOf(date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
          expect(microsOf(date)).toBe(BigInt(date.getTime()) * 1000n);
          const hours = String(Math.trunc(Math.abs(zoneMinutes) / 60)).padStart(2, "0");
          const zone = `${zoneMinutes < 0 ? "-" : "+"}${hours}:${String(Math.abs(zoneMinutes) % 60).padStart(2, "0")}`;
          const text = `${date.toISOString().slice(0, -1)}${zone}`;
          expect(microsOf(text)).toBe(BigInt(Date.parse(text)) * 1000n);
          expect(microsOf(text.replace(/:(\d\d)$/, "$1"))).toBe(BigInt(Date.parse(text)) * 1000n);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<[string, bigint | undefined]>([
    ["1970-01-01T00:00:00.000001Z", 1n],
    ["1969-12-31T23:59:59.5Z", -500_000n],
    ["1970-01-01 00:00:01,25z", 1_250_000n],
    ["1970-01-01T00:00:00.123456000Z", 123_456n],
    ["1970-01-01T00:00:00.1234567Z", undefined],
    ["1970-01-01T24:00:00Z", undefined],
    ["1970-01-01T23:59:60Z", undefined],
    ["1970-02-30T00:00:00Z", undefined],
    ["1970-13-01T00:00:00Z", undefined],
    ["1970-01-01T00:00Z", undefined],
    ["1970-01-01T00:00:00", undefined],
  ])("%s is %s microseconds", (text, micros) => {
    expect(microsOf(text)).toBe(micros);
  });

  it("of days are whole ones", () => {
    expect(daysOf("1970-01-02")).toBe(1);
    expect(daysOf("2023-02-29")).toBeUndefined();
    expect(daysOf(new Date(-86_400_000))).toBe(-1);
    expect(daysOf(new Date(1))).toBeUndefined();
  });
});
