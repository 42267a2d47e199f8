import { describe, expect, it } from "vitest";
import {
  csv,
  delimited,
  jsonAuto,
  jsonPaths,
  ledgerSchema,
  redshiftEmitter,
  redshiftManifestEmitter,
  tableSchema,
} from "@kinesis-connectors/redshift";

const options = {
  region: "eu-central-1",
  workgroup: "analytics",
  database: "shop",
  table: "sales.orders",
  iamRole: "default",
  staging: { bucket: "staging", region: "eu-central-1" },
  format: jsonAuto(),
} as const;

/** Names of columns, each of so many letters. */
const wideColumns = (count: number, length: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `c${String(index).padStart(length - 1, "0")}`);

describe("the options of redshiftEmitter", () => {
  it.each([
    ["cluster and workgroup", { cluster: "c" }, "give cluster or workgroup"],
    ["neither", { workgroup: undefined }, "give cluster or workgroup"],
    ["a user of a workgroup", { dbUser: "me" }, "dbUser is for a cluster"],
    ["a table with a quote", { table: 'a"b' }, "table must be made of letters"],
    ["a table with three names", { table: "a.b.c" }, "table or schema.table"],
    ["the stage as table", { table: "kc_stage" }, "loads stage their rows"],
    ["a long table", { table: "é".repeat(64) }, "128 bytes"],
    ["the table as ledger", { ledgerTable: "sales.orders" }, "another table"],
    ["a column twice", { columns: ["a", "a"] }, "twice"],
    ["no columns for csv", { format: csv() }, "columns must be given"],
    ["no columns for delimited", { format: delimited() }, "columns must be given"],
    [
      "a merge of more columns than a statement holds",
      { columns: ["id", ...wideColumns(1_200, 30)], mergeKeys: ["id"] },
      /^columns makes a load of \d+ bytes of SQL, but a call of the Data API takes 102400: the 1201 columns are named three times in it; load fewer of them/u,
    ],
    [
      "more columns than a statement holds",
      { columns: wideColumns(1_600, 24), format: csv() },
      /^columns makes a load of \d+ bytes of SQL.*shorter names, or leave columns out/u,
    ],
    [
      "more identity columns than a batch has statements",
      { columns: ["id"], identityColumns: wideColumns(40, 10) },
      "identityColumns makes a load of 47 statements",
    ],
    ["merge keys without columns", { mergeKeys: ["id"] }, "mergeKeys needs columns"],
    ["a merge key of no column", { mergeKeys: ["x"], columns: ["id"] }, "which is not among columns"],
    [
      "merge keys with jsonPaths",
      { mergeKeys: ["id"], columns: ["id"], format: jsonPaths("s3://a-bucket/paths.json") },
      "mergeKeys cannot",
    ],
    [
      "a loaded identity column",
      { columns: ["id"], identityColumns: ["id"] },
      "must not name a column that is loaded",
    ],
    ["a region that is none", { bucketRegion: "here' ACCESS_KEY_ID 'x" }, "bucketRegion must be"],
    [
      "http to another machine",
      { endpoint: "http://redshift.example.com" },
      "endpoint is http to another machine",
    ],
    ["S15 an access key", { ACCESS_KEY_ID: "x" }, "is not taken"],
    ["S15 a secret key", { secretKey: "x" }, "is not taken"],
    [
      "S15 keys as the role",
      { iamRole: "aws_access_key_id=A;aws_secret_access_key=B" },
      "COPY takes no access keys",
    ],
    ["an unknown format", { format: { copy: "x" } }, "format must be"],
    ["a negative time-out", { statementTimeoutMs: 0 }, "statementTimeoutMs"],
  ])("%s is refused by name", (_name, changes, message) => {
    // What callers without types may pass.
    const wrong = { ...options, ...changes } as unknown as Parameters<typeof redshiftEmitter>[0];
    expect(() => redshiftEmitter(wrong)).toThrow(message);
  });

  it("S15 have no place for keys, by type", () => {
    expect(() =>
      redshiftEmitter({
        ...options,
        // @ts-expect-error COPY authenticates by role only
        secretKey: "x",
      }),
    ).toThrow("is not taken");
  });

  it("refuse a JSONPaths file that is no S3 URL", () => {
    expect(() => jsonPaths("https://example.com/paths.json")).toThrow("s3://bucket/key");
    expect(() => jsonPaths("s3://bucket/a\\'; DROP")).toThrow("s3://bucket/key");
  });

  it("of the manifest emitter name the buckets", () => {
    expect(() => redshiftManifestEmitter({ ...options, buckets: [] })).toThrow("buckets must list");
  });
});

describe("the schema", () => {
  it("is printed for target and ledger", () => {
    const columns = [
      { name: "id", type: "bigint", notNull: true },
      { name: "name", type: "varchar( 64 )" },
      { name: "total", type: "numeric(12,2)" },
    ];
    expect(tableSchema({ table: "sales.orders", columns, distributionKey: "id", sortKeys: ["id"] })).toBe(
      'CREATE TABLE "sales"."orders" (\n  "id" BIGINT NOT NULL,\n  "name" VARCHAR(64),\n  "total" DECIMAL(12,2)\n)\nDISTKEY ("id")\nSORTKEY ("id");\n',
    );
    expect(ledgerSchema("sales.ledger")).toContain('CREATE TABLE "sales"."ledger" (');
  });

  it.each([
    "VARCHAR",
    "TEXT",
    "CHAR",
    "DECIMAL",
    "NUMERIC(5)",
    "VARCHAR(70000)",
    "DECIMAL(40,2)",
    "INT); DROP TABLE x; --",
    "JSON",
    "",
  ])("does not guess what %j means", (type) => {
    expect(() => tableSchema({ table: "t", columns: [{ name: "a", type }] })).toThrow("the column a");
  });
});
