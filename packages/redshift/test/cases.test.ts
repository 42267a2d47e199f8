import { readFile } from "node:fs/promises";
import { batchOf, batchOfEntries, deliver, entryOf, recordsOf } from "@kinesis-connectors/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExactNumber, json } from "@kinesis-connectors/core";
import { csv, delimited, jsonAuto, type RedshiftFormat } from "@kinesis-connectors/redshift";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

let redshift: LocalRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift[Symbol.asyncDispose]());

const caseOf = (name: string): Promise<Buffer> => readFile(new URL(`cases/${name}`, import.meta.url));

describe("byte-order-mark", () => {
  it("before the record's own bytes is not staged, and a record of nothing else is a dead letter", async () => {
    await redshift.query("CREATE TABLE marked (a BIGINT)");
    const records = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((nth) => caseOf(`byte-order-mark/record-${nth}.bin`)),
    );
    const emitter = redshift.emitter<Uint8Array>({ table: "marked", format: jsonAuto() });
    const batch = batchOfEntries(records.map((data, nth) => entryOf<Uint8Array>(nth, data)));
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry, action }) => [batch.entries.indexOf(entry), action])).toEqual([
      [5, "dead-letter"],
    ]);
    await deliver(emitter, { ...batch, entries: batch.entries.slice(0, 5) });
    expect(await redshift.query("SELECT a FROM marked ORDER BY a")).toEqual(
      ["0", "1", "2", "3", "4"].map((a) => ({ a })),
    );
  });
});

describe("exact-numbers", () => {
  it.each<[string, RedshiftFormat<object>]>([
    ["jsonAuto", jsonAuto()],
    ["delimited", delimited()],
    ["csv", csv()],
  ])("of %s are read by COPY with all their digits", async (name, format) => {
    const table = `exact_numbers_${name.toLowerCase()}`;
    await redshift.query(`CREATE TABLE ${table} (id DECIMAL(20,0), price DECIMAL(38,18))`);
    const lines = (await caseOf("exact-numbers.ndjson")).toString("utf8").trimEnd().split("\n");
    const { toModel } = json<object>({ numbers: "exact" });
    const rows = recordsOf(lines).map((record) => Object.assign(toModel(record) as object, { added: true }));
    const emitter = redshift.emitter<object>({ table, columns: ["id", "price"], format });
    // Twenty-one digits before the point do not go into a column of twenty, whoever loads them.
    const batch = batchOf<object>(rows);
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry }) => batch.entries.indexOf(entry))).toEqual([2]);
    await deliver(emitter, { ...batch, entries: batch.entries.slice(0, 2) });
    const [small, large] = await redshift.query(`SELECT id, price FROM ${table} ORDER BY id`);
    expect(large).toEqual({ id: "9007199254740993", price: "1.100000000000000000" });
    expect(small?.["id"]).toBe("-9223372036854775808");
    // More places than the column has: what comes of them is COPY's business.
    expect(small?.["price"]).toMatch(/^0\.12345678901234567[89]$/);
    await redshift.query(`CREATE TABLE ${table}_whole (id DECIMAL(20,0), price DECIMAL(38,10))`);
    const whole = redshift.emitter<object>({ table: `${table}_whole`, columns: ["id", "price"], format });
    expect(await deliver(whole, batchOf<object>(rows.slice(2)))).toEqual({ failed: [] });
    expect(await redshift.query(`SELECT id, price FROM ${table}_whole`)).toEqual([
      { id: "18446744073709551615", price: "100000000000000000000.5000000000" },
    ]);
  });

  it("inside of nested values are numbers of JSON", async () => {
    await redshift.query("CREATE TABLE exact_nested (detail VARCHAR(200))");
    const detail = { id: 2n ** 64n, price: new ExactNumber("0.12345678901234567890123") };
    const emitter = redshift.emitter<object>({
      table: "exact_nested",
      columns: ["detail"],
      format: delimited(),
    });
    expect(await deliver(emitter, batchOf<object>([{ detail }]))).toEqual({ failed: [] });
    expect(await redshift.query("SELECT detail FROM exact_nested")).toEqual([
      { detail: '{"id":18446744073709551616,"price":0.12345678901234567890123}' },
    ]);
  });
});

describe("half a surrogate pair", () => {
  it("inside of a nested value is refused by its column, the second half alone as well, and what only looks like one is not", async () => {
    await redshift.query("CREATE TABLE halves (detail VARCHAR(200))");
    const emitter = redshift.emitter<object>({ table: "halves", columns: ["detail"], format: jsonAuto() });
    const details = [
      { a: "\ud800" },
      { a: "x\udc00" },
      { a: "\u0000" },
      { a: String.raw`\ud800 \u0000` },
      { a: "😀" },
    ];
    const batch = batchOf<object>(details.map((detail) => ({ detail })));
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry }) => batch.entries.indexOf(entry))).toEqual([0, 1, 2]);
    for (const { error } of failed) expect(error.message).toContain("column detail");
  });
});
