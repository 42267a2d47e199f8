import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { timePartition } from "@kinesis-connectors/s3";
import { bytesOf, record } from "../support/support.js";

const arrivedAt = (arrivalTimeMs: number) => record(0, bytesOf("{}"), { arrivalTimeMs });

describe("time partitions", () => {
  it("are date and hour of arrival in UTC, unless told otherwise", () => {
    const time = timePartition();
    expect(time({}, arrivedAt(Date.UTC(2026, 2, 29, 0, 59, 59)))).toEqual({ date: "2026-03-29", hour: "00" });
  });

  it("take a field of the output, in any of its forms", () => {
    const at = Date.UTC(2026, 11, 31, 23, 30);
    for (const form of [
      at,
      new Date(at),
      "2026-12-31T23:30:00Z",
      "2027-01-01T00:30:00.000+01:00",
      "2027-01-01T00:30+0100",
    ]) {
      const time = timePartition({ by: (output: { readonly at: number | Date | string }) => output.at });
      expect(time({ at: form }, arrivedAt(0))).toEqual({ date: "2026-12-31", hour: "23" });
    }
    const byDay = timePartition({ by: () => "2026-02-28" });
    expect(byDay({}, arrivedAt(0))).toEqual({ date: "2026-02-28", hour: "00" });
  });

  it("are named by the pattern", () => {
    const time = timePartition({ pattern: { year: "yyyy", month: "MM", day: "dd", slot: "HH-mm" } });
    expect(time({}, arrivedAt(Date.UTC(2026, 0, 2, 3, 4)))).toEqual({
      year: "2026",
      month: "01",
      day: "02",
      slot: "03-04",
    });
  });

  it("F66 when clocks go forward the missing hour has no folder, and a record keeps its folder on replay", () => {
    const time = timePartition({ zone: "Europe/Vienna" });
    const hours = [0, 1, 2].map((hour) => time({}, arrivedAt(Date.UTC(2026, 2, 29, hour, 30))).hour);
    expect(hours).toEqual(["01", "03", "04"]);
    expect(hours).toEqual(
      [0, 1, 2].map(
        (hour) =>
          timePartition({ zone: "Europe/Vienna" })({}, arrivedAt(Date.UTC(2026, 2, 29, hour, 30))).hour,
      ),
    );
  });

  it("F66 when clocks go back the hour that comes twice is one folder, and UTC has them apart", () => {
    const folders = (zone: string) =>
      [0, 1, 2].map((hour) => timePartition({ zone })({}, arrivedAt(Date.UTC(2026, 9, 25, hour, 30))).hour);
    expect(folders("Europe/Vienna")).toEqual(["02", "02", "03"]);
    expect(folders("UTC")).toEqual(["00", "01", "02"]);
  });

  it("F66 are the zone's own, also where it is off by minutes, and the same whichever records came before", () => {
    const zones = [
      "UTC",
      "Asia/Kathmandu",
      "Australia/Lord_Howe",
      "America/St_Johns",
      "Pacific/Apia",
    ] as const;
    for (const zone of zones) {
      const format = new Intl.DateTimeFormat("sv-SE", {
        timeZone: zone,
        dateStyle: "short",
        timeStyle: "short",
      });
      const warm = timePartition({ zone, pattern: { at: "yyyy-MM-dd HH:mm" } });
      fc.assert(
        fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), (timeMs) => {
          expect(warm({}, arrivedAt(timeMs)).at).toBe(format.format(timeMs));
        }),
      );
    }
  });

  it("F67 file late and early records by arrival, or set them aside, so that wrong clocks open no folders without end", () => {
    const arrivalMs = Date.UTC(2026, 5, 1, 12);
    const by = (output: { readonly at: number }): number => output.at;
    const limits = { by, maxLateMs: 86_400_000, maxAheadMs: 3_600_000 };
    const filed = timePartition(limits);
    const folders = new Set<string>();
    for (let day = 1; day < 2000; day += 1)
      folders.add(filed({ at: Date.UTC(2020, 0, day) }, arrivedAt(arrivalMs)).date);
    expect([...folders]).toEqual(["2026-06-01"]);
    expect(filed({ at: arrivalMs - 86_400_000 }, arrivedAt(arrivalMs)).date).toBe("2026-05-31");
    expect(filed({ at: arrivalMs + 3_600_001 }, arrivedAt(arrivalMs)).hour).toBe("12");
    const strict = timePartition({ ...limits, onOutside: "dead-letter" as const });
    expect(
      hasCode(
        thrownBy(() => strict({ at: 0 }, arrivedAt(arrivalMs))),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
  });

  it.each([
    ["soon"],
    ["2026-02-30"],
    ["2025-02-29T00:00:00Z"],
    ["2026-04-31T12:00:00+02:00"],
    ["2026-00-10"],
    ["2026-03-29T02:30:00"],
    [Number.NaN],
    [new Date(Number.NaN)],
    [-1],
    [1e18],
  ])("refuse %j as a time", (at) => {
    const time = timePartition({ by: () => at });
    expect(
      hasCode(
        thrownBy(() => time({}, arrivedAt(0))),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
  });

  it("file a damaged arrival time under 1970", () => {
    for (const arrivalMs of [Number.NaN, -1, 1e18])
      expect(timePartition()({}, arrivedAt(arrivalMs)).date).toBe("1970-01-01");
  });

  it.each([
    [{ zone: "Middle/Earth" }, "zone"],
    [{ pattern: { date: "YYYY-MM" } }, "pattern"],
    [{ pattern: {} }, "pattern"],
    [{ maxLateMs: -1 }, "maxLateMs"],
    [{ maxAheadMs: 0.5 }, "maxAheadMs"],
  ])("fail at once for %j", (options, name) => {
    const error = thrownBy(() => timePartition(options));
    expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
    expect(error.message).toContain(name);
  });
});
