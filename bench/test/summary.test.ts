import { array, assert as assertProperty, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecordsCbor, readRecordsJson } from "@kinesis-connectors/wire";
import { dataPage, dataSet, SET_NAMES } from "../src/data/data-sets.js";
import { Meter } from "../src/rows/meter.js";
import { CannedPage, getRecordsCbor, getRecordsJson } from "../src/data/pages.js";
import { capacityCells } from "../src/report/capacity.js";
import { figure, spread } from "../src/rows/spread.js";
import { ratioOf, summarize } from "../src/report/summary.js";
import { isReached, targetsOf } from "../src/report/targets.js";
import type { RowResult } from "../src/rows/rounds.js";
import { rowName } from "../src/rows/variant.js";
import { allRows } from "../src/variants/all.js";

describe("spread", () => {
  it("is the middle, the least and the greatest, whatever the order", () => {
    assertProperty(
      property(array(integer({ min: -1000, max: 1000 }), { minLength: 1 }), (values) => {
        const { median, min, max } = spread(values);
        const below = values.filter((value) => value <= median).length;
        const above = values.filter((value) => value >= median).length;
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
        expect(Math.min(below, above) * 2).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });
});

describe("figures", () => {
  const whole = (value: number): string => value.toFixed(0);

  it("are medians where the rounds repeat within 15%, and ranges where they do not", () => {
    expect(figure(spread([100, 108, 114]), whole)).toBe("108");
    expect(figure(spread([100, 108, 120]), whole)).toBe("100 to 120");
    expect(figure(spread([1.1, 1.4]), whole)).toBe("1");
    expect(figure(undefined, whole)).toBe("");
  });
});

/** Rounds of a row, each of so many records per CPU-second. */
function resultOf(name: string, rates: Readonly<Record<number, number>>): RowResult {
  const row = allRows().find((candidate) => rowName(candidate) === name);
  if (row === undefined) throw new Error(`there is no row ${name}`);
  const rest = { pages: 1, bytes: 0, cpuMs: 1_000, wallMs: 500, peakRssBytes: 1, sum: 0 };
  const rounds = Object.entries(rates).map(([round, records]) =>
    Object.assign({ records, round: Number(round) }, rest),
  );
  return { row, rounds, isEqual: undefined };
}

describe("ratios", () => {
  it("are made within a round: what only one of the two was in says nothing", () => {
    const ours = resultOf("read/varied-10/clear", { 1: 100, 2: 10, 3: 50 });
    const other = resultOf("go-read/varied-10/clear", { 1: 50, 2: 5, 4: 1 });
    expect(ratioOf(ours, other)).toEqual({ median: 2, min: 2, max: 2 });
    expect(ratioOf(ours, resultOf("go-read/varied-10/clear", { 4: 1 }))).toBeUndefined();
  });

  it("that may be no greater than wanted are reached below it, and those of rows that are missing by nobody", () => {
    const half = resultOf("go-read/varied-10/clear", { 1: 50 });
    const targets = targetsOf([resultOf("read/varied-10/clear", { 1: 100 }), half]);
    const [tenRecords, hundred] = targets;
    expect(tenRecords).toMatchObject({ wanted: 1, isMost: true, reached: { median: 0.5 } });
    expect(targets.map(isReached).filter((is) => is !== undefined)).toEqual([true]);
    expect(hundred?.reached).toBeUndefined();
  });
});

describe("capacity", () => {
  it("is what a core has by what a full shard takes, read a second at a time, and tells of no pipeline whose rows are missing", () => {
    const names = ["read/varied", "read/varied-1000", "pass-through/varied", "read-parse/varied"];
    // In nanoseconds a record: 1,000, 2,000, 2,000 and 3,000.
    const rates = [1e6, 5e5, 5e5, 1e9 / 3_000];
    const results = names.map((name, index) => resultOf(`${name}/clear`, { 1: rates[index] ?? 0 }));
    expect(capacityCells({ rows: summarize(results) })).toEqual([
      ["pipeline", "full shards on a core"],
      ["bytes passed on to lines", "330"],
    ]);
    expect(capacityCells({ rows: summarize(results.slice(2)) })).toEqual([]);
  });
});

describe("sets", () => {
  it("are the same at every call, of JSON.stringify's own bytes, and as long as promised", () => {
    for (const name of SET_NAMES) {
      const set = dataSet(name);
      expect(Buffer.concat(dataSet(name).userRecords).equals(Buffer.concat(set.userRecords))).toBe(true);
      expect(set.userRecords).toHaveLength(set.perPage);
      for (const record of set.userRecords.slice(0, 100))
        expect(JSON.stringify(JSON.parse(record.toString()))).toBe(record.toString());
      const meanBytes = Buffer.concat(set.userRecords).length / Math.max(1, set.perPage);
      // Few documents of different lengths may come out longer or shorter than on average.
      const differs = set.form === "uniform" ? 0 : set.perPage >= 1_000 ? 0.05 : 0.4;
      expect(set.perPage === 0 || Math.abs(meanBytes / set.bytes - 1) <= differs).toBe(true);
    }
    expect(dataSet("aggregated").stored).toHaveLength(42);
  });

  it("of four forms hold the filter's member behind an object, a list and nothing, and other pages on other shards", () => {
    const texts = dataSet("varied").userRecords.slice(0, 200).map(String);
    for (const form of [/^{"meta":{/, /"tags":\[.*"status"/, /^{"id":\d+,"status"/, /"country"/, /é/, /\\"/])
      expect(texts.some((text) => form.test(text))).toBe(true);
    for (const record of dataSet("nested").userRecords.slice(0, 100))
      expect(record.toString()).toMatch(/^{"meta":{.*"status"/);
    expect(dataPage("varied-10", 1, 0).userRecords).not.toEqual(dataPage("varied-10", 0, 0).userRecords);
    expect(dataPage("varied-10", 0, 1).userRecords).not.toEqual(dataPage("varied-10", 0, 0).userRecords);
  });
});

describe("canned pages", () => {
  it("carry the same records in both forms, with sequence numbers that rise from page to page", () => {
    const { stored } = dataSet("1kb");
    const cbor = new CannedPage(getRecordsCbor(stored, "next", 7));
    const json = new CannedPage(getRecordsJson(stored, "next", 7));
    let last = "";
    for (let page = 1; page <= 3; page += 1) {
      const one = readRecordsCbor(Buffer.from(cbor.numbered(page)));
      const other = readRecordsJson(Buffer.from(json.numbered(page)));
      expect(one.NextShardIterator).toBe("next");
      expect(other.MillisBehindLatest).toBe(7);
      expect(one.Records?.length).toBe(stored.length);
      for (const [index, { data }] of stored.entries()) {
        const [a, b] = [one.Records?.[index], other.Records?.[index]];
        expect(a?.SequenceNumber).toBe(b?.SequenceNumber);
        expect(String(a?.SequenceNumber) > last).toBe(true);
        last = String(a?.SequenceNumber);
        expect(data.equals(Buffer.from(a?.Data ?? []))).toBe(true);
        expect(data.equals(Buffer.from(b?.Data ?? []))).toBe(true);
      }
    }
  });
});

describe("meter", () => {
  /** Works until this process has used so much CPU. */
  const burn = (cpuMs: number): void => {
    const begun = process.cpuUsage();
    for (;;) {
      const { user, system } = process.cpuUsage(begun);
      if (user + system > cpuMs * 1000) return;
    }
  };

  it("counts what comes after the warm-up only, and both are CPU time", async () => {
    const meter = new Meter({ warmUpCpuMs: 5, windowCpuMs: 5 });
    expect([1, 1, 1].map((records) => meter.page(records))).toEqual([true, true, true]);
    burn(6);
    expect(meter.page(1)).toBe(true);
    // Time that passes without work opens and closes nothing.
    await new Promise((resolve) => setTimeout(resolve, 20));
    meter.touch(Buffer.alloc(10));
    burn(6);
    expect(meter.page(40)).toBe(false);
    expect(meter.measured).toMatchObject({ records: 40, pages: 1, bytes: 10 });
  });

  it("without a warm-up counts from the first page on", () => {
    const meter = new Meter({ warmUpCpuMs: 0, windowCpuMs: 1 });
    expect(meter.page(5)).toBe(true);
    burn(2);
    expect(meter.page(7)).toBe(false);
    expect(meter.measured).toMatchObject({ records: 7, pages: 1 });
  });
});
