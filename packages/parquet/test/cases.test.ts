import { readFile } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExactNumber } from "@kinesis-connectors/core";
import { parquet } from "@kinesis-connectors/parquet";
import { archived } from "./archived.js";
import { bytesOf, Duck, NO_STOP } from "./support.js";

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.start();
});
afterAll(async () => {
  await duck[Symbol.asyncDispose]();
});

async function linesOf(name: string): Promise<string[]> {
  const text = await readFile(new URL(`cases/${name}.ndjson`, import.meta.url), "utf8");
  return text.trimEnd().split("\n");
}

describe("parquet-many-shapes", () => {
  it("forty rows of ten kinds are one object with all their columns", async () => {
    const { objects, reasons } = await archived(await linesOf("parquet-many-shapes"), { infer: true });
    expect(reasons).toEqual([]);
    expect(objects).toHaveLength(1);
    const path = await duck.keep(objects[0]?.body ?? new Uint8Array());
    const [found] = await duck.rows(
      `SELECT count(*)::INT AS n, sum(id) AS sum, count(extra)::INT AS extras, sum(detail.f9_9)::INT AS last FROM read_parquet('${path}')`,
    );
    expect(found).toEqual({ n: 40, sum: 780.5, extras: 6, last: 36 });
    const types = await duck.types(objects[0]?.body ?? new Uint8Array());
    expect(types["id"]).toBe("DOUBLE");
    // 1 + 2 + ... + 10 of them.
    expect(JSON.stringify(types["detail"]).match(/f\d_\d BIGINT/g)).toHaveLength(55);
  });

  it("whoever inherits the batch makes one object of it again", async () => {
    const rows = (await linesOf("parquet-many-shapes")).map((line) => JSON.parse(line) as object);
    const bytes = await bytesOf(parquet<object>({ infer: true }), rows);
    expect(await duck.read(bytes, "count(*)::INT AS n, sum(id) AS sum")).toEqual([{ n: 40, sum: 780.5 }]);
  });

  it("a thousand columns make smaller row groups, and the event loop has its turn between them", async () => {
    const columns = Array.from({ length: 1000 }, (_, nth) => `c${nth}`);
    const rows = Array.from({ length: 1200 }, (_, id) => ({ [columns[id % 1000] ?? ""]: id }));
    const format = parquet<object>({ infer: true });
    for (const row of rows) format.check?.(row);
    let turns = 0;
    const done = new AbortController();
    const counting = (async () => {
      while (!done.signal.aborted) {
        await nextTurn();
        turns += 1;
      }
    })();
    const bytes = await bytesOf(format, rows);
    done.abort();
    await counting;
    const path = await duck.keep(bytes);
    const [{ groups } = {}] = await duck.rows(
      `SELECT num_row_groups::INT AS groups FROM parquet_file_metadata('${path}')`,
    );
    expect(groups).toBe(3);
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});

describe("parquet-nulls-first", () => {
  it("rows of nothing before the first value are rows of nulls", async () => {
    const { objects, reasons } = await archived(await linesOf("parquet-nulls-first"), { infer: true });
    expect(reasons).toEqual([]);
    expect(objects).toHaveLength(1);
    const body = objects[0]?.body ?? new Uint8Array();
    expect(await duck.types(body)).toEqual({ a: "BIGINT", b: "VARCHAR" });
    const path = await duck.keep(body);
    expect(
      await duck.rows(
        `SELECT count(*)::INT AS n, sum(a)::INT AS sum, count(*) FILTER (a IS NULL AND b IS NULL)::INT AS nulls FROM read_parquet('${path}')`,
      ),
    ).toEqual([{ n: 5, sum: 3, nulls: 3 }]);
  });
});

describe("exact-numbers", () => {
  it("land digit for digit in columns of decimals", async () => {
    const { objects, reasons } = await archived(
      await linesOf("exact-numbers"),
      { schema: { id: { decimal: [20, 0] }, price: { decimal: [38, 23] }, big: "json" }, restColumn: "rest" },
      { numbers: "exact" },
    );
    // Twenty-one digits before the point, and twenty-three behind: no column has both.
    expect(reasons).toEqual(["row.price takes decimals of 38 digits, 23 of them after the point"]);
    expect(
      await duck.read(
        objects[0]?.body ?? new Uint8Array(),
        "id::VARCHAR AS id, price::VARCHAR AS price, big",
      ),
    ).toEqual([
      { id: "9007199254740993", price: "1.10000000000000000000000", big: "123456789012345678901234567890" },
      { id: "-9223372036854775808", price: "0.12345678901234567890123", big: "0" },
    ]);
    const ids = await archived(
      await linesOf("exact-numbers"),
      { schema: { id: { decimal: [20, 0] } }, unknownFields: "ignore" },
      { numbers: "exact" },
    );
    expect(ids.reasons).toEqual([]);
    expect(await duck.read(ids.objects[0]?.body ?? new Uint8Array(), "id::VARCHAR AS id")).toEqual([
      { id: "9007199254740993" },
      { id: "-9223372036854775808" },
      { id: "18446744073709551615" },
    ]);
  });

  it("a double takes those that it holds, and refuses the others", async () => {
    const format = parquet<object>({ schema: { a: "double" } });
    const rows = [{ a: new ExactNumber("1e21") }, { a: new ExactNumber("0.12345678901234567890123") }];
    expect((await format.encodeObject(rows, NO_STOP)).refused?.map(({ index }) => index)).toEqual([1]);
    const refusing = (): void => parquet<object>({ infer: true }).check?.(rows[1] ?? {});
    expect(refusing).toThrow(/row takes double/);
  });
});

describe("a column for the rest", () => {
  const read = async (format: ReturnType<typeof parquet<object>>, rows: readonly object[]) => {
    for (const row of rows) format.check?.(row);
    return duck.read(await bytesOf(format, rows));
  };

  it("takes fields beside the declared ones, inside objects as well, and what is named like itself", async () => {
    const format = parquet<object>({
      schema: { id: "int32", in: { struct: { a: "int32" } }, list: { list: { struct: { a: "int32" } } } },
      restColumn: "rest",
    });
    const hostile = JSON.parse('{"id":4,"__proto__":{"x":1},"in":{"__proto__":2}}') as object;
    expect(
      await read(format, [
        { id: 1, in: { a: 1 } },
        { id: 2, in: { a: 2, b: [1, 2n ** 70n] }, more: "x", rest: true, nothing: null },
        { id: 3, list: [{ a: 1, b: 2 }] },
        hostile,
      ]),
    ).toEqual([
      { id: 1, in: { a: 1 }, list: null, rest: null },
      {
        id: 2,
        in: { a: 2 },
        list: null,
        rest: '{"in":{"b":[1,1180591620717411303424]},"more":"x","rest":true}',
      },
      { id: 3, in: null, list: null, rest: '{"list":[{"a":1,"b":2}]}' },
      { id: 4, in: { a: null }, list: null, rest: '{"__proto__":{"x":1},"in":{"__proto__":2}}' },
    ]);
  });

  it("takes the columns past the most that there may be, however they are nested", async () => {
    const rows = Array.from({ length: 30 }, (_, id) => ({ id, by: { [`key-${id}`]: id } }));
    const found = await read(parquet<object>({ infer: true, maxColumns: 10, restColumn: "rest" }), rows);
    expect(found).toHaveLength(30);
    // One for id, one for by, eight inside.
    expect(Object.keys(found[0]?.["by"] as object)).toHaveLength(8);
    expect(found.map(({ rest }) => rest).slice(7, 10)).toEqual([
      null,
      '{"by":{"key-8":8}}',
      '{"by":{"key-9":9}}',
    ]);
  });

  it("takes names that differ from a column's by case only, which are refused without it", async () => {
    const rows = [{ id: 1 }, { ID: 2 }, { id: 3, Id: "x" }];
    expect(await read(parquet<object>({ infer: true, restColumn: "rest" }), rows)).toEqual([
      { id: "1", rest: null },
      { id: null, rest: '{"ID":2}' },
      { id: "3", rest: '{"Id":"x"}' },
    ]);
    const format = parquet<object>({ infer: true });
    format.check?.({ id: 1 });
    expect(() => format.check?.({ ID: 2 })).toThrow(/differs by case only from the column id/);
    expect(() => parquet<object>({ infer: true }).check?.({ a: 1, A: 1 })).toThrow(/differs by case only/);
  });

  it("does not take what does not fit a column", async () => {
    const format = parquet<object>({ schema: { id: "int32" }, restColumn: "rest" });
    const rows = [{ id: "1", more: 1 }, { id: 2.5 }, { id: 3, more: 1 }];
    expect((await format.encodeObject(rows, NO_STOP)).refused?.map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe("moments", () => {
  it("of seven to nine digits are kept in nanoseconds, or cut off where that is wanted", async () => {
    const format = parquet<object>({
      schema: {
        ns: { timestamp: "ns" },
        cut: { timestamp: "us", truncate: true },
        ms: { timestamp: "ms" },
      },
    });
    const time = "2026-08-01T02:00:00.123456789+02:00";
    const rows = [
      { ns: time, cut: time, ms: "2026-08-01T00:00:00.123Z" },
      { ns: "2026-08-01T00:00:00.1234567Z", cut: "1969-12-31T23:59:59.9999999Z", ms: new Date(5) },
    ];
    const bytes = await bytesOf(format, rows);
    // DuckDB shows moments in microseconds, whatever they were written in.
    const path = await duck.keep(bytes);
    expect(
      await duck.rows(
        `SELECT epoch_us(ns)::VARCHAR AS us, epoch_us(cut)::VARCHAR AS cut, epoch_ms(ms)::VARCHAR AS ms FROM read_parquet('${path}')`,
      ),
    ).toEqual([
      { us: "1785542400123456", cut: "1785542400123456", ms: "1785542400123" },
      { us: "1785542400123456", cut: "-1", ms: "5" },
    ]);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const nanoseconds = await parquetReadObjects({
      file,
      columns: ["ns"],
      parsers: { timestampFromNanoseconds: (count: bigint) => count },
    });
    expect(nanoseconds).toEqual([{ ns: 1785542400123456789n }, { ns: 1785542400123456700n }]);
  });
});

describe("half a surrogate pair", () => {
  it("in a field's name makes no column: two of them would be the same one", async () => {
    const documents = [
      String.raw`{"id":1,"\ud800":1}`,
      String.raw`{"id":2,"\udc00":2}`,
      '{"id":3,"":3}',
      '{"id":4}',
    ];
    const { objects, reasons } = await archived(documents, { infer: true });
    expect(reasons).toEqual([
      "row has a field with half a surrogate pair in its name, of which no column can be made",
      "row has a field with half a surrogate pair in its name, of which no column can be made",
      "row has a field with an empty name, of which no column can be made",
    ]);
    expect(await duck.read(objects[0]?.body ?? new Uint8Array())).toEqual([{ id: "4" }]);
    const kept = await archived(documents, { infer: true, restColumn: "rest" });
    expect(kept.reasons).toEqual([]);
    expect(await duck.read(kept.objects[0]?.body ?? new Uint8Array(), "rest")).toEqual([
      { rest: String.raw`{"\ud800":1}` },
      { rest: String.raw`{"\udc00":2}` },
      { rest: '{"":3}' },
      { rest: null },
    ]);
    expect(() => parquet({ schema: { "\ud800": "int32" } })).toThrow(/half a surrogate pair in its name/);
  });

  it("and names of JavaScript's own are columns like others", async () => {
    const { objects, reasons } = await archived(
      ['{"__proto__":2,"constructor":3,"toString":4,"a.b":5}', '{"__proto__":20,"hasOwnProperty":6}'],
      { infer: true },
    );
    expect(reasons).toEqual([]);
    const path = await duck.keep(objects[0]?.body ?? new Uint8Array());
    expect(
      await duck.rows(
        `SELECT sum("__proto__")::INT AS proto, sum("constructor")::INT AS made, sum("a.b")::INT AS dotted, sum("hasOwnProperty")::INT AS own FROM read_parquet('${path}')`,
      ),
    ).toEqual([{ proto: 22, made: 3, dotted: 5, own: 6 }]);
  });
});
