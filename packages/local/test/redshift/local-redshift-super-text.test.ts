import { afterAll, beforeAll, expect, it } from "vitest";
import { ROLE, type RunningRedshift, startRedshift } from "./setup.js";

const RECORDS = [
  '{"id":1,"j":{"a":1}}',
  '{"id":2,"j":[1,"x"]}',
  '{"id":3,"j":"a text"}',
  '{"id":4,"j":7}',
  '{"id":5,"j":true}',
  '{"id":6,"j":null}',
];

let redshift: RunningRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
  await redshift.put("records.ndjson", RECORDS.join("\n"));
});
afterAll(() => redshift.stop());

const copy = (table: string, key: string, rest: string) =>
  redshift.run(`COPY ${table} FROM 's3://loads/${key}' ${ROLE} ${rest}`);
const refused = (): Promise<unknown[][]> =>
  redshift.rows(
    "SELECT line_number, TRIM(column_name), error_code FROM sys_load_error_detail ORDER BY query_id DESC, line_number LIMIT 3",
  );

it("local-redshift-super-text: a SUPER column takes a text as well as any other JSON", async () => {
  await redshift.run("CREATE TABLE t (id INT, j SUPER)");
  expect(await copy("t", "records.ndjson", "FORMAT AS JSON 'auto'")).toMatchObject({ Status: "FINISHED" });
  expect(await redshift.rows("SELECT id, j FROM t ORDER BY id")).toEqual([
    [1, '{"a": 1}'],
    [2, '[1, "x"]'],
    [3, '"a text"'],
    [4, "7"],
    [5, "true"],
    [6, null],
  ]);
});

it("local-redshift-super-text: a text that looks like JSON stays a text, digits and signs and all", async () => {
  const texts = ['{"a":1}', "7", 'with "quotes", \\ and \t', "ünï 𝒟\n", ""];
  await redshift.run("CREATE TABLE texts (id INT, j SUPER)");
  await redshift.put("texts.ndjson", texts.map((j, id) => JSON.stringify({ id, j })).join("\n"));
  expect(await copy("texts", "texts.ndjson", "FORMAT AS JSON 'auto'")).toMatchObject({ Status: "FINISHED" });
  expect(await redshift.rows("SELECT j FROM texts ORDER BY id")).toEqual(
    texts.map((text) => [JSON.stringify(text)]),
  );
});

it("local-redshift-super-text: of a VARCHAR that is too short only the row at fault is refused", async () => {
  await redshift.run("CREATE TABLE v (id INT, j VARCHAR(7))");
  const long = RECORDS.with(4, '{"id":5,"j":"much too long"}');
  await redshift.put("long.ndjson", long.join("\n"));
  expect(await copy("v", "long.ndjson", "FORMAT AS JSON 'auto' MAXERROR 10")).toMatchObject({
    Status: "FINISHED",
  });
  expect(await redshift.rows("SELECT id FROM v ORDER BY id")).toEqual([[1], [2], [3], [4], [6]]);
  expect(await refused()).toEqual([[5, "j", 1204]]);
});

it("local-redshift-super-text: of a SUPER that is no JSON only the row at fault is refused", async () => {
  await redshift.run("CREATE TABLE s (id INT, j SUPER)");
  await redshift.put("s.txt", ['1|{"a":1}', "2|[1]", "3|{broken", "4|7"].join("\n"));
  const before = (await refused()).length;
  expect(await copy("s", "s.txt", "DELIMITER '|' MAXERROR 10")).toMatchObject({ Status: "FINISHED" });
  expect(await redshift.rows("SELECT id FROM s ORDER BY id")).toEqual([[1], [2], [4]]);
  const [last] = await refused();
  expect([before, last]).toEqual([1, [3, "j", 1200]]);
});
