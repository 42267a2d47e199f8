import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { iamRoleSql, s3UrlSql } from "../src/sql/copy.js";
import { columnNames, quotedText, tableName } from "../src/sql/identifiers.js";
import { ledgerRowsSql, loadErrorsSql, loadSql, type LoadTarget, probeSql } from "../src/sql/load-sql.js";
import { idOf } from "../src/loading/loader.js";
import { shapeOf } from "./sql-shape.js";

const HOSTILE = [
  "orders",
  "x'; DROP TABLE users; --",
  'a"; DROP TABLE users; --',
  'a"b',
  "a''b",
  "a\\'b",
  "$$",
  "/* */",
  "--",
  "a;b",
  "a\u0000b",
  "\u2028",
  "ORDERS; COPY",
  "ünïcödé",
  "𝒟",
  "\ud800",
  "a b",
  " a",
  ":b",
  "?",
  "kc_stage",
  "kc_row",
  ")",
  "",
];

const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", ";", "-", "*", "/", ".", "a", " ", "$", "\n"),
    maxLength: 20,
  }),
  fc.string({ unit: fc.constantFrom("a", "B", "_", "9", "$", "-", "é"), minLength: 1, maxLength: 130 }),
);

function target(table: string, ledger: string, columns: readonly string[], role: string): LoadTarget {
  const quoted = columnNames("columns", columns);
  return {
    table: tableName("table", table),
    ledger: tableName("ledgerTable", ledger),
    columns: quoted,
    mergeKeys: quoted.slice(0, 1),
    identityColumns: [],
    copy: {
      format: { type: "json", ignoreCase: false },
      iamRoleSql: iamRoleSql(role),
      isCompressed: true,
      regionSql: undefined,
    },
  };
}

function statementsOf(into: LoadTarget, url: string, key: string): readonly string[] {
  const entries = [{ loadId: idOf(key), contentSha256: idOf(key), recordCount: 3 }];
  return [
    ...loadSql(into, { manifestUrl: url, entries, loader: idOf("loader") }),
    ...probeSql(into, url),
    loadErrorsSql(7),
    ledgerRowsSql(into, entries),
  ];
}

/** Undefined when the options are refused; any other failure fails the test. */
function statementsUnlessRefused(attempt: () => readonly string[]): readonly string[] | undefined {
  try {
    return attempt();
  } catch (error) {
    if (hasCode(error, "KC_OPTION_INVALID")) return undefined;
    throw error;
  }
}

const ROLE = "arn:aws:iam::123456789012:role/copy";
const URL_OF_MANIFEST = "s3://staging/orders/a.manifest";

describe("the SQL of a load", () => {
  const expected = statementsOf(
    target("orders", "kc_ledger", ["id", "total"], ROLE),
    URL_OF_MANIFEST,
    "key",
  ).map(shapeOf);

  it("keeps its token shape for 10,000 hostile tables, columns, keys, URLs and roles", () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, hostile, (table, column, key, urlPart, rolePart) => {
        // One hostile part at a time, so that a refused table does not keep the columns from being tried.
        const tries: (() => readonly string[])[] = [
          () => statementsOf(target(table, "kc_ledger", ["id", "total"], ROLE), URL_OF_MANIFEST, key),
          () => statementsOf(target("orders", table, ["id", "total"], ROLE), URL_OF_MANIFEST, key),
          () => statementsOf(target("orders", "kc_ledger", [column, "total"], ROLE), URL_OF_MANIFEST, key),
          () =>
            statementsOf(
              target("orders", "kc_ledger", ["id", "total"], ROLE),
              `s3://staging/${urlPart}`,
              key,
            ),
          () =>
            statementsOf(
              target("orders", "kc_ledger", ["id", "total"], `${ROLE}${rolePart}`),
              URL_OF_MANIFEST,
              key,
            ),
          () => statementsOf(target("orders", "kc_ledger", ["id", "total"], ROLE), URL_OF_MANIFEST, key),
        ];
        for (const attempt of tries) {
          const sqls = statementsUnlessRefused(attempt);
          if (sqls === undefined) {
            refused += 1;
            continue;
          }
          accepted += 1;
          // A table with its schema has a dot and one more name: one name to the eye of the shape.
          expect(sqls.map(shapeOf)).toEqual(expected);
        }
      }),
      { numRuns: 10_000, seed: 63 },
    );
    // Both ways were gone, or nothing was shown.
    expect(accepted).toBeGreaterThan(10_000);
    expect(refused).toBeGreaterThan(10_000);
  });

  it("has the lock before anything that reads, and the ledger row after the rows", () => {
    const words = statementsOf(target("orders", "kc_ledger", ["id"], ROLE), URL_OF_MANIFEST, "key").map(
      (sql) => sql.split(" ", 2).join(" "),
    );
    expect(words.slice(0, 9)).toEqual([
      'LOCK "kc_ledger"',
      "CREATE TEMP",
      "ALTER TABLE",
      'COPY "kc_stage"',
      "DELETE FROM",
      "INSERT INTO",
      "INSERT INTO",
      "DROP TABLE",
      "SELECT load_id,",
    ]);
  });

  it("doubles a quote in a text and refuses a backslash, which Redshift would take for an escape", () => {
    expect(quotedText("x", "a'b")).toBe("'a''b'");
    expect(() => quotedText("x", "a\\'b")).toThrow("backslashes");
  });

  it("refuses a file name that would end the literal or the statement", () => {
    expect(() => s3UrlSql("staging", "s3://bucket/x\\'; DROP TABLE users; --")).toThrow(
      "letters, digits and ordinary signs",
    );
    expect(shapeOf(`COPY t FROM ${s3UrlSql("staging", "s3://bucket/x'; DROP")}`)).toBe("COPY name FROM text");
  });
});

describe("iamRole", () => {
  it("takes default, an ARN and a chain", () => {
    expect(iamRoleSql("default")).toBe("default");
    expect(iamRoleSql([ROLE, ROLE])).toBe(`'${ROLE},${ROLE}'`);
  });

  it.each([
    "",
    "AKIAIOSFODNN7EXAMPLE",
    "aws_access_key_id=AKIA;aws_secret_access_key=x",
    "DEFAULT ACCESS_KEY_ID 'a'",
    `${ROLE}' ACCESS_KEY_ID 'a`,
  ])("S15 refuses %j", (role) => {
    expect(() => iamRoleSql(role)).toThrow("iamRole must be");
  });
});
