import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textRows } from "../../src/redshift/copy/copy-rows.js";
import { readCopy } from "../../src/redshift/copy/copy-statement.js";
import { jsonRows, fieldsByName } from "../../src/redshift/copy/copy-json.js";
import { rewrite } from "../../src/redshift/sql/rewrite.js";
import { quoteLiteral, quoteName, statementKind, tokenize } from "../../src/redshift/sql/sql-tokens.js";
import { ROLE } from "./setup.js";

const sqlText = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "a", " ", "-", "/", "*", "$", ":", ";", "\n", "1", "("),
  }),
);

describe("tokens", () => {
  test("joined they are the text again, whatever it is", () => {
    fc.assert(
      fc.property(sqlText, (sql) => {
        expect(
          tokenize(sql)
            .map((token) => token.text)
            .join(""),
        ).toBe(sql);
      }),
      { numRuns: 2000 },
    );
  });

  test("10,000 hostile literals and names are one token each", () => {
    fc.assert(
      fc.property(sqlText, sqlText, (value, name) => {
        const kinds = tokenize(`SELECT ${quoteLiteral(value)} AS ${quoteName(name)} FROM t`)
          .filter((token) => token.kind !== "space")
          .map((token) => token.kind);
        expect(kinds).toEqual(["word", "string", "word", "quoted", "word", "word"]);
      }),
      { numRuns: 10_000 },
    );
  });

  test("what is inside quotes and comments is never rewritten", () => {
    fc.assert(
      fc.property(sqlText, (value) => {
        const literal = quoteLiteral(`GETDATE() SUPER ${value} NVL(`);
        expect(rewrite(tokenize(`SELECT ${literal} /* NVL( */ -- GETDATE()`))).toBe(
          `SELECT ${literal} /* NVL( */ -- GETDATE()`,
        );
      }),
    );
  });

  test("a statement's kind is its verb, and what it makes", () => {
    const kinds = [
      "create temp table x (a int)",
      "/* c */ COPY t FROM 's3://b/k'",
      "drop view v",
      "with a as (select 1) select 2",
    ];
    expect(kinds.map((sql) => statementKind(tokenize(sql)))).toEqual([
      "CREATE TABLE",
      "COPY",
      "DROP VIEW",
      "WITH",
    ]);
  });
});

const spaces = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ (?=[,)])/g, "")
    .trim();

test.each([
  ["SELECT GETDATE(), SYSDATE", "SELECT local_redshift.getdate(), local_redshift.sysdate()"],
  ["SELECT nvl(a, len(b)) FROM t", "SELECT COALESCE(a, char_length(b)) FROM t"],
  [
    "SELECT DATEADD(day, -1, GETDATE())",
    "SELECT local_redshift.dateadd('day', -1, local_redshift.getdate())",
  ],
  [
    "SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC) FROM t",
    "SELECT string_agg( (a)::text, ',' ORDER BY b DESC) FROM t",
  ],
  ["SELECT listagg(DISTINCT a) FROM t", "SELECT string_agg(DISTINCT ( a)::text,'') FROM t"],
  ["SELECT x::VARCHAR(MAX), y::super FROM t", "SELECT x::VARCHAR(65535), y::JSONB FROM t"],
  ["SELECT 1 FROM stl_load_errors e", "SELECT 1 FROM local_redshift.stl_load_errors e"],
  [
    "CREATE TABLE t (a BIGINT IDENTITY(0, 1), b VARCHAR(MAX) ENCODE lzo DISTKEY, c TEXT, s SUPER) DISTSTYLE KEY COMPOUND SORTKEY (a, b) BACKUP NO",
    "CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START WITH 0 INCREMENT BY 1), b VARCHAR(65535), c VARCHAR(256), s JSONB)",
  ],
  [
    "CREATE TABLE t (a INT PRIMARY KEY, b INT REFERENCES u (x), UNIQUE (b), FOREIGN KEY (a) REFERENCES s.u(y))",
    "CREATE TABLE t (a INT NOT NULL, b INT CHECK (TRUE), CHECK (TRUE), CHECK (TRUE))",
  ],
  [
    "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))",
    "CREATE TABLE t (a INT, b INT, CHECK (a IS NOT NULL AND b IS NOT NULL))",
  ],
  [
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
  ],
])("%s", (redshift, postgres) => {
  expect(spaces(rewrite(tokenize(redshift)))).toBe(spaces(postgres));
});

const field = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom("|", "\\", "\n", "\r", "N", '"', ",", "é", " ") }),
);
const table = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 });

describe("rows", () => {
  const rowsOf = (text: string, options: string): readonly (readonly (string | null)[])[] => {
    const command = readCopy(tokenize(`COPY t FROM 's3://b/k' ${options} ${ROLE}`));
    if (command.format.kind === "json") throw new Error("not for JSON");
    return [...textRows(text, command, command.format)].map((row) => row.fields);
  };

  test("whatever is written with ESCAPE is read back exactly", () => {
    fc.assert(
      fc.property(table, (rows) => {
        const escaped = (value: string) => value.replaceAll(/[\\|\n\r]/g, "\\$&");
        const text = rows.map((row) => `${row.map(escaped).join("|")}\n`).join("");
        expect(rowsOf(text, "ESCAPE NULL AS 'no such field'")).toEqual(rows);
      }),
      { numRuns: 1000 },
    );
  });

  test("whatever is written as CSV is read back exactly", () => {
    fc.assert(
      fc.property(table, (rows) => {
        const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
        expect(rowsOf(text, "CSV NULL AS 'no such field'")).toEqual(rows);
      }),
      { numRuns: 1000 },
    );
  });

  test("NULL AS is the field as it stands, so an escaped one is text", () => {
    expect(rowsOf("\\N|\\\\N|\n", "ESCAPE")).toEqual([[null, "\\N", ""]]);
  });

  test("lines are counted through fields that hold line ends", () => {
    const command = readCopy(tokenize(`COPY t FROM 's3://b/k' CSV IGNOREHEADER 1 ${ROLE}`));
    if (command.format.kind !== "csv") throw new Error("not CSV");
    expect([...textRows('h\n"a\nb"\nc\n', command, command.format)].map((row) => row.line)).toEqual([2, 4]);
  });

  test("JSON objects are read back exactly, one per line, pretty or without anything between", () => {
    const row = fc.record({ a: field, b: fc.oneof(fc.bigInt(), fc.boolean(), fc.constant(null)) });
    const writers = [
      (line: string) => `${line}\n`,
      (line: string) => line,
      (line: string) => `${line.replace("{", "{\n ")}\n\n`,
    ];
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom(...writers), (rows, write) => {
        const text = rows.map(({ a, b }) => write(`{"a":${JSON.stringify(a)},"b":${String(b)}}`)).join("");
        expect([...jsonRows(text, fieldsByName(["a", "b"], false))].map((each) => each.fields)).toEqual(
          rows.map(({ a, b }) => [a, b === null ? null : String(b)]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("digits stay as they are written, inside nested values too", () => {
    const text = '{"a":12345678901234567890.10,"b":{"n":[98765432109876543210]}}';
    expect([...jsonRows(text, fieldsByName(["a", "b"], false))].map((row) => row.fields)).toEqual([
      ["12345678901234567890.10", '{"n":[98765432109876543210]}'],
    ]);
  });

  test("an object that is broken is one bad row with its line", () => {
    const rows = [...jsonRows('{"a":1}\n{"a":}\nnot json\n{"a":2}\n', fieldsByName(["a"], false))];
    expect(rows.map(({ line, problem, fields }) => [line, problem?.code, fields])).toEqual([
      [1, undefined, ["1"]],
      [2, 1216, []],
      [3, 1216, []],
      [4, undefined, ["2"]],
    ]);
  });
});
