import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListStatementsCommand,
  type GetStatementResultResponse,
} from "@aws-sdk/client-redshift-data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedshift, type RunningRedshift } from "./setup.js";

let redshift: RunningRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
  await redshift.run("SELECT 1");
}, 120_000);
afterAll(() => redshift.stop());

const target = { WorkgroupName: "analytics", Database: "dev" };

test("a statement runs to FINISHED and its fields are typed", async () => {
  const { run, client } = redshift;
  const done = await run(
    "SELECT 7 AS n, 1.5::float8 AS f, true AS b, 2.50::numeric(9,2) AS d, 'x' AS s, NULL AS missing, DATE '2026-01-02' AS day",
  );
  expect(done).toMatchObject({
    Status: "FINISHED",
    HasResultSet: true,
    ResultRows: 1,
    WorkgroupName: "analytics",
  });
  const { Records, ColumnMetadata, TotalNumRows } = await client.send(
    new GetStatementResultCommand({ Id: done.Id }),
  );
  expect(Records).toEqual([
    [
      { longValue: 7 },
      { doubleValue: 1.5 },
      { booleanValue: true },
      { stringValue: "2.50" },
      { stringValue: "x" },
      { isNull: true },
      { stringValue: "2026-01-02" },
    ],
  ]);
  expect(ColumnMetadata?.map(({ name, typeName }) => [name, typeName])).toEqual([
    ["n", "int4"],
    ["f", "float8"],
    ["b", "bool"],
    ["d", "numeric"],
    ["s", "text"],
    ["missing", "text"],
    ["day", "date"],
  ]);
  expect(TotalNumRows).toBe(1);
});

test("a failing statement is FAILED with the database's words and has no result", async () => {
  const { run, client } = redshift;
  const done = await run("SELECT * FROM nowhere");
  expect(done).toMatchObject({ Status: "FAILED", Error: 'ERROR: relation "nowhere" does not exist' });
  await expect(client.send(new GetStatementResultCommand({ Id: done.Id }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("a batch is one transaction: a failure rolls back what came before it", async () => {
  const { batch, rows, run } = redshift;
  await run("CREATE TABLE whole (a INT)");
  const failed = await batch(["INSERT INTO whole VALUES (1)", "SELECT 1/0", "INSERT INTO whole VALUES (2)"]);
  expect(failed).toMatchObject({
    Status: "FAILED",
    Error: "Query #2 failed with ERROR: division by zero",
    SubStatements: [
      { Id: `${failed.Id}:1`, Status: "FINISHED" },
      { Id: `${failed.Id}:2`, Status: "FAILED", Error: "ERROR: division by zero" },
      { Id: `${failed.Id}:3`, Status: "ABORTED" },
    ],
  });
  expect(await rows("SELECT count(*) FROM whole")).toEqual([[0]]);
});
