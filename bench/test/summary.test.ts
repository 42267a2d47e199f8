import { array, assert as assertProperty, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecordsCbor, readRecordsJson } from "@kinesis-connectors/wire";
import { dataSet, SET_NAMES } from "../src/data/data-sets.js";
import { Meter } from "../src/rows/meter.js";
import { CannedPage, getRecordsCbor, getRecordsJson } from "../src/data/pages.js";
import { spread } from "../src/report/summary.js";

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

describe("sets", () => {
  it("are the same at every call and of the promised sizes", () => {
    for (const name of SET_NAMES) {
      const set = dataSet(name);
      const stored = set.stored.map(({ data }) => data);
      expect(Buffer.concat(dataSet(name).stored.map(({ data }) => data)).equals(Buffer.concat(stored))).toBe(
        true,
      );
      for (const record of set.userRecords) expect(record.length).toBe(name === "1kb" ? 1024 : 200);
      for (const record of set.userRecords.slice(0, 100))
        expect(JSON.stringify(JSON.parse(record.toString()))).toBe(record.toString());
    }
    expect(dataSet("aggregated").stored).toHaveLength(42);
  });
});

describe("canned pages", () => {
  it("carry the same records in both forms, with sequence numbers that rise from page to page", () => {
    const { stored } = dataSet("1kb");
    const cbor = new CannedPage(getRecordsCbor(stored, "next", 7));
    const json = new CannedPage(getRecordsJson(stored, "next", 7));
    let last = "";
    for (let page = 0; page < 3; page += 1) {
      const one = readRecordsCbor(Buffer.from(cbor.advance()));
      const other = readRecordsJson(Buffer.from(json.advance()));
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
  it("counts what comes after the warm-up only", () => {
    const meter = new Meter({ warmUpMs: 0, windowMs: 0 });
    const goesOn = [1, 2, 3, 40].map((records) => {
      meter.touch(Buffer.alloc(10));
      return meter.page(records);
    });
    expect(goesOn).toEqual([true, true, true, false]);
    expect(meter.measured).toMatchObject({ records: 40, bytes: 10 });
  });
});
