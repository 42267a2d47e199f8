import { batchOfEntries, deliver, entryOf } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, delimited, jsonAuto } from "@kinesis-connectors/redshift";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

let redshift: LocalRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift[Symbol.asyncDispose]());

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      "\\",
      "|",
      ",",
      "\t",
      "\n",
      "\r",
      "N",
      ";",
      "-",
      "{",
      "}",
      "$",
      " ",
      "é",
      "\u2028",
      "\u001f",
    ),
    maxLength: 30,
  }),
  fc.constantFrom(
    "\\N",
    "NULL",
    "null",
    "x'; DROP TABLE values_json; --",
    '"; COPY',
    "",
    " ",
    "\\",
    "\n",
    "\r\n",
    "\\\n",
    "'''",
    '"""',
  ),
);
const isStorable = (text: string): boolean => !/\0|\p{Surrogate}/u.test(text);

describe("10,000 hostile values", () => {
  it.each([
    ["json", jsonAuto(), () => true],
    ["delimited", delimited(), () => true],
    ["csv", csv(), (text: string) => text !== "\\N"],
  ] as const)(
    "of %s are read back exactly, or refused before anything is written",
    async (name, format, canHold) => {
      const values = fc.sample(hostile, { numRuns: 10_000, seed: 64 });
      const table = `values_${name}`;
      await redshift.query(`CREATE TABLE ${table} (id INTEGER, text VARCHAR(400))`);
      const emitter = redshift.emitter<object>({ table, columns: ["id", "text"], format });
      const entries = values.map((text, id) => entryOf<object>(id, { id, text }));
      const { failed } = await deliver(emitter, batchOfEntries(entries));
      const refused = new Set(failed.map(({ entry }) => entry));
      const kept = entries.filter((entry) => !refused.has(entry));
      const good = values.filter((text) => isStorable(text) && canHold(text));
      expect(kept).toHaveLength(good.length);
      expect(await deliver(emitter, batchOfEntries(kept))).toEqual({ failed: [] });
      const landed = await redshift.query(`SELECT text FROM ${table} ORDER BY id`);
      expect(landed.map(({ text }) => text)).toEqual(good);
    },
  );
});
