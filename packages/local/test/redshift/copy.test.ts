import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ROLE, startRedshift, type RunningRedshift } from "./setup.js";

let redshift: RunningRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
}, 120_000);
afterAll(() => redshift.stop());

beforeEach(async () => {
  const { batch } = redshift;
  const done = await batch([
    "DROP TABLE IF EXISTS orders",
    "CREATE TABLE orders (id VARCHAR(20) NOT NULL ENCODE zstd, total NUMERIC(12,2), items INT, placed TIMESTAMP) DISTSTYLE EVEN SORTKEY (placed)",
  ]);
  expect(done.Error).toBeUndefined();
});

const all = "SELECT id, total, items, placed FROM orders ORDER BY id";
const load = async (copy: string): Promise<void> => {
  expect(await redshift.run(`${copy} ${ROLE}`)).toMatchObject({ Status: "FINISHED" });
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
