import { gzipSync } from "node:zlib";
import { DescribeStatementCommand, ExecuteStatementCommand } from "@aws-sdk/client-redshift-data";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ROLE, startRedshift, type RunningRedshift } from "./setup.js";

let redshift: RunningRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift.stop());

beforeEach(async () => {
  const { batch } = redshift;
  await batch([
    "DROP TABLE IF EXISTS orders",
    "CREATE TABLE orders (id VARCHAR(20) NOT NULL ENCODE zstd, total NUMERIC(12,2), items INT, placed TIMESTAMP) DISTSTYLE EVEN SORTKEY (placed)",
  ]);
});

const all = "SELECT id, total, items, placed FROM orders ORDER BY id";
const load = async (copy: string): Promise<void> => {
  const { Status, Error: text } = await redshift.run(`${copy} ${ROLE}`);
  if (Status !== "FINISHED") throw new Error(text);
};

test("JSON 'auto' takes keys by name, exact digits, missing keys as NULL, objects one after another", async () => {
  const { put, rows } = redshift;
  await put(
    "json/a",
    '{"id":"a","total":1234567890.10,"items":3,"other":[1]}\n{"items":null,\n "id":"b\\n\\t\\\\"}{"id":"c","total":9999999999.99}',
  );
  await load("COPY orders FROM 's3://loads/json/' JSON 'auto'");
  expect(await rows(all)).toEqual([
    ["a", "1234567890.10", 3, null],
    ["b\n\t\\", null, null, null],
    ["c", "9999999999.99", null, null],
  ]);
});

test("a manifest loads its files together, gzipped, and a missing mandatory file loads nothing", async () => {
  const { put, rows, run } = redshift;
  await put("m/1.gz", gzipSync("a|1.5|1|2026-01-02 03:04:05\n"));
  await put("m/2.gz", gzipSync("b||\\N|\n"));
  const manifest = (...keys: string[]) =>
    JSON.stringify({ entries: keys.map((key) => ({ url: `s3://loads/${key}`, mandatory: true })) });
  await put("m/good", manifest("m/1.gz", "m/2.gz"));
  await put("m/bad", manifest("m/1.gz", "m/3.gz"));
  await load("COPY orders FROM 's3://loads/m/good' MANIFEST GZIP");
  const loaded = [
    ["a", "1.50", 1, "2026-01-02 03:04:05"],
    ["b", null, null, null],
  ];
  expect(await rows(all)).toEqual(loaded);
  expect(await run(`COPY orders FROM 's3://loads/m/bad' MANIFEST GZIP ${ROLE}`)).toMatchObject({
    Status: "FAILED",
    Error: expect.stringContaining("NoSuchKey"),
  });
  expect(await rows(all)).toEqual(loaded);
});

test("F64 a bad row fails the load; file, line, column and reason survive the rollback", async () => {
  const { put, rows, batch } = redshift;
  await put("bad/1", '{"id":"a","items":1}\n{"id":"b","items":"x1"}\n');
  const failed = await batch(
    [`INSERT INTO orders VALUES ('before')`, `COPY orders FROM 's3://loads/bad/1' JSON 'auto' ${ROLE}`],
    { WorkgroupName: undefined, ClusterIdentifier: "c1" },
  );
  expect(failed).toMatchObject({
    Status: "FAILED",
    Error: expect.stringContaining("Load into table 'orders' failed.  Check 'stl_load_errors' system table"),
  });
  expect(await rows(all)).toEqual([]);
  const query = failed.SubStatements?.[1]?.RedshiftQueryId;
  expect(
    await rows(
      "SELECT filename, line_number, colname, err_code, err_reason FROM stl_load_errors WHERE query = :q",
      {
        Parameters: [{ name: "q", value: String(query) }],
      },
    ),
  ).toEqual([["s3://loads/bad/1", 2, "items", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer"]]);
  expect(
    await rows(
      `SELECT file_name, line_number, column_name, error_message FROM pg_catalog.sys_load_error_detail WHERE query_id = ${query}`,
    ),
  ).toEqual([["s3://loads/bad/1", 2, "items", "Invalid digit, Value 'x', Pos 0, Type: Integer"]]);
});

test("ESCAPE and CSV give back exactly what was written, line ends, quotes and delimiters included", async () => {
  const { put, rows } = redshift;
  await put("d/1", "a\\|b\\\\c\\\nd|1|2|\n\\N|2|3|\n".replace("\\N|2|3|\n", "e\\N|2|3|\n"));
  await load("COPY orders FROM 's3://loads/d/1' DELIMITER '|' ESCAPE");
  await put("c/1", 'id;total;items;placed\n"x""y;z\n""";1;2;2026-01-02\nplain;;;\r\n');
  await load("COPY orders FROM 's3://loads/c/1' CSV DELIMITER ';' IGNOREHEADER 1");
  expect(await rows(all)).toEqual([
    ["a|b\\c\nd", "1.00", 2, null],
    ["eN", "2.00", 3, null],
    ["plain", null, null, null],
    ['x"y;z\n"', "1.00", 2, "2026-01-02 00:00:00"],
  ]);
});

test("CSV with another quote, NULL AS, EMPTYASNULL and a list of columns", async () => {
  const { put, rows } = redshift;
  await put("c/2", "1,~a,b~,none\n2,c,2026-01-02\n");
  await load(
    "COPY orders (items, id, placed) FROM 's3://loads/c/2' CSV QUOTE AS '~' NULL AS 'none' EMPTYASNULL REGION 'eu-west-1' STATUPDATE OFF COMPUPDATE OFF",
  );
  expect(await rows(all)).toEqual([
    ["a,b", null, 1, null],
    ["c", null, 2, "2026-01-02 00:00:00"],
  ]);
});

test("JSON paths reach into objects and arrays; ignorecase takes any case", async () => {
  const { put, rows, run } = redshift;
  await put("p/paths", JSON.stringify({ jsonpaths: ["$.o.id", "$['t']", "$.n[1]", "$.none"] }));
  await put("p/short", JSON.stringify({ jsonpaths: ["$.o.id"] }));
  await put("p/data", '{"o":{"id":"a"},"t":3,"n":[1,2]}');
  await load("COPY orders FROM 's3://loads/p/data' FORMAT JSON AS 's3://loads/p/paths'");
  await put("p/cased", '{"ID":"b","Total":4}');
  await load("COPY orders FROM 's3://loads/p/cased' JSON 'auto ignorecase'");
  expect(await rows(all)).toEqual([
    ["a", "3.00", 2, null],
    ["b", "4.00", null, null],
  ]);
  expect(
    (await run(`COPY orders FROM 's3://loads/p/data' JSON 's3://loads/p/short' ${ROLE}`)).Error,
  ).toContain("Number of jsonpaths and the number of columns should match");
});

test("MAXERROR leaves out fewer rows than it says, whoever finds them, and counts what it loaded", async () => {
  const { put, rows, run, batch } = redshift;
  const lines = [
    "a|1|1|",
    "b|x|1|",
    "c|1|y|",
    "d|1",
    "e|1|1|nonsense",
    "f|1|1|",
    "|1|1|",
    "too-long-for-this-column-indeed|1|1|",
  ];
  await put("e/1", lines.join("\n"));
  const copy = (max: number) => `COPY orders FROM 's3://loads/e/1' MAXERROR ${max} ${ROLE}`;
  expect((await run(copy(5))).Status).toBe("FAILED");
  expect(await rows(all)).toEqual([]);
  const loaded = await batch([copy(10), "SELECT pg_last_copy_count()"]);
  expect(loaded.SubStatements).toMatchObject([{ ResultRows: 3 }, { Status: "FINISHED" }]);
  expect((await rows(all)).map(([id]) => id)).toEqual(["", "a", "f"]);
  const query = loaded.SubStatements?.[0]?.RedshiftQueryId;
  expect(
    await rows(
      `SELECT line_number, err_code, colname FROM stl_load_errors WHERE query = ${query} ORDER BY line_number`,
    ),
  ).toEqual([
    [2, 1209, "total"],
    [3, 1207, "items"],
    [4, 1214, "items"],
    [5, 1206, "placed"],
    [8, 1204, "id"],
  ]);
});

test.each([
  [
    "keys instead of a role",
    "CREDENTIALS 'aws_access_key_id=CANARY;aws_secret_access_key=CANARY'",
    "give IAM_ROLE",
  ],
  ["no authorization", "JSON 'auto'", "COPY needs authorization"],
  ["an option that is not known", `${ROLE} FIXEDWIDTH 'a:3'`, "not emulated: the COPY option FIXEDWIDTH"],
  ["options that exclude each other", `${ROLE} CSV ESCAPE`, "CSV is not compatible with ESCAPE"],
  ["a role that is none", "IAM_ROLE 'arn:aws:s3:::bucket'", "IAM_ROLE takes the ARN of a role"],
])("COPY refuses %s", async (_, options, message) => {
  const { Status, Error: text } = await redshift.run(`COPY orders FROM 's3://loads/m/1.gz' ${options}`);
  expect({ Status, text }).toEqual({ Status: "FAILED", text: expect.stringContaining(message) });
  expect(text).not.toContain("CANARY");
});

test("closing ends a statement that waits for a lock nobody will let go of", async () => {
  const other = await startRedshift();
  other.local.faults.add({
    operation: "ExecuteStatement",
    effect: { kind: "statement", what: "lock-held", forMs: 3_600_000 },
  });
  const ended = other.client
    .send(new ExecuteStatementCommand({ WorkgroupName: "w", Database: "dev", Sql: "SELECT 1" }))
    .then(({ Id }) => other.client.send(new DescribeStatementCommand({ Id })));
  expect((await ended).Status).toBe("SUBMITTED");
  await other.stop();
  await expect(other.local.redshift.query("SELECT 1")).rejects.toThrow("the database was stopped");
});
