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
});
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

test("AUTO_COMMIT keeps what succeeded", async () => {
  const { batch, rows, run } = redshift;
  await run("CREATE TABLE single (a INT)");
  const done = await batch(["INSERT INTO single VALUES (1)", "SELECT 1/0", "INSERT INTO single VALUES (2)"], {
    ExecutionMode: "AUTO_COMMIT",
  });
  expect(done.SubStatements?.map(({ Status }) => Status)).toEqual(["FINISHED", "FAILED", "FINISHED"]);
  expect(await rows("SELECT a FROM single ORDER BY a")).toEqual([[1], [2]]);
});

test("the same ClientToken is the same statement, so a retry after a lost reply does not run it again", async () => {
  const { client, local, rows, run, ended } = redshift;
  await run("CREATE TABLE once (a INT)");
  local.faults.add({ server: "redshift", operation: "ExecuteStatement", effect: { kind: "reply-lost" } });
  // The SDK makes the token and retries by itself.
  const { Id } = await client.send(
    new ExecuteStatementCommand({ ...target, Sql: "INSERT INTO once VALUES (1)" }),
  );
  await ended(Id);
  expect(await rows("SELECT count(*) FROM once")).toEqual([[1]]);
  expect(
    local.journal
      .entries({ server: "redshift" })
      .filter(({ parameters }) => parameters["statements"] === "INSERT")
      .slice(-2),
  ).toMatchObject([
    { applied: true, status: 0 },
    { applied: true, status: 200 },
  ]);
});

test("parameters are values, whatever they hold, and every one must be used", async () => {
  const { rows, run } = redshift;
  const value = "it's \\' :other; DROP TABLE once -- ";
  expect(
    await rows("SELECT :v AS v, ':v' AS quoted, 1::int AS cast, :v AS again -- :v", {
      Parameters: [{ name: "v", value }],
    }),
  ).toEqual([[value, ":v", 1, value]]);
  await expect(run("SELECT 1", { Parameters: [{ name: "v", value: "1" }] })).rejects.toMatchObject({
    name: "ValidationException",
    message: expect.stringContaining("unused parameters"),
  });
  await expect(run("SELECT :w", { Parameters: [{ name: "v", value: "1" }] })).rejects.toThrow(
    "unused parameters",
  );
  expect((await run("DROP TABLE :t", { Parameters: [{ name: "t", value: "once" }] })).Error).toContain(
    "syntax error",
  );
});

test("a backslash escapes inside a literal, as in Redshift: a quote after it does not end the text", async () => {
  const { rows } = redshift;
  expect(await rows("SELECT 'a\\'; SELECT 1 --' AS v")).toEqual([["a'; SELECT 1 --"]]);
});

test("names fold to lower case, quoted or not", async () => {
  const { rows, run } = redshift;
  await run('CREATE TABLE "Mixed" ("Key" INT)');
  await run("INSERT INTO mixed (KEY) VALUES (1)");
  expect(await rows('SELECT "KEY" FROM "MIXED"')).toEqual([[1]]);
});

test("results are paged by token", async () => {
  const { client, run } = redshift;
  const { Id } = await run("SELECT generate_series(1, 2500)");
  const pages: GetStatementResultResponse[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetStatementResultCommand({ Id, NextToken }));
    pages.push(page);
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  expect(pages.map(({ Records, TotalNumRows }) => [Records?.length, TotalNumRows])).toEqual([
    [1000, 2500],
    [1000, 2500],
    [500, 2500],
  ]);
  expect(pages.at(-1)?.Records?.at(-1)).toEqual([{ longValue: 2500 }]);
});

test("statements are listed newest first, by name, state and page", async () => {
  const { client, run } = redshift;
  const first = await run("SELECT 1", { StatementName: "list-a" });
  await run("SELECT 1/0", { StatementName: "list-b" });
  const third = await run("SELECT 3", { StatementName: "list-c" });
  const finished = await client.send(new ListStatementsCommand({ StatementName: "list-" }));
  expect(finished.Statements?.map(({ Id }) => Id)).toEqual([third.Id, first.Id]);
  const all = new ListStatementsCommand({ StatementName: "list-", Status: "ALL", MaxResults: 2 });
  const { Statements, NextToken } = await client.send(all);
  expect(Statements?.map(({ StatementName }) => StatementName)).toEqual(["list-c", "list-b"]);
  const rest = await client.send(new ListStatementsCommand({ ...all.input, NextToken }));
  expect(rest.Statements?.map(({ StatementName }) => StatementName)).toEqual(["list-a"]);
  expect(rest.NextToken).toBeUndefined();
});

test("sessions do not leak: a lone BEGIN, a SET and a temporary table are gone with their call", async () => {
  const { rows, run } = redshift;
  await run("CREATE TABLE clean (a INT)");
  await run("BEGIN");
  await run("INSERT INTO clean VALUES (1)");
  await run("ROLLBACK");
  await run("CREATE TEMP TABLE passing (a INT)");
  await run("SET search_path TO nowhere");
  expect(await rows("SELECT count(*) FROM clean")).toEqual([[1]]);
  expect((await run("SELECT * FROM passing")).Error).toContain("does not exist");
});

test("TRUNCATE commits the transaction that it is in", async () => {
  const { batch, rows, run } = redshift;
  await run("CREATE TABLE emptied AS SELECT 1 AS a");
  await batch(["TRUNCATE emptied", "INSERT INTO emptied VALUES (9)", "SELECT 1/0"]);
  expect(await rows("SELECT a FROM emptied")).toEqual([]);
});

test.each([
  ["neither cluster nor workgroup", { WorkgroupName: undefined }, "Exactly one of"],
  ["several statements in one", { Sql: "SELECT 1; SELECT 2" }, "Multiple sql statements"],
  ["more than 100 KB", { Sql: `SELECT '${"x".repeat(102_400)}'` }, "longer than 100 KB"],
  [
    "a kept session on the embedded database",
    { SessionKeepAliveSeconds: 10 },
    "not emulated: SessionKeepAliveSeconds",
  ],
  ["an event", { WithEvent: true }, "not emulated: WithEvent"],
])("a call is refused with %s", async (_, more, message) => {
  const { client } = redshift;
  await expect(
    client.send(new ExecuteStatementCommand({ ...target, Sql: "SELECT 1", ...more })),
  ).rejects.toMatchObject({ name: "ValidationException", message: expect.stringContaining(message) });
});

test.each([
  ["UNLOAD ('SELECT 1') TO 's3://x/y'", "UNLOAD"],
  ["ALTER TABLE a APPEND FROM b", "ALTER TABLE APPEND"],
  ["SELECT * FROM svv_table_info", "svv_table_info"],
  ["SELECT a.b[0].c FROM t a", "SUPER"],
  ["MERGE INTO a USING b ON a.id = b.id REMOVE DUPLICATES", "REMOVE DUPLICATES"],
])("what is not emulated is said: %s", async (sql, what) => {
  const { Status, Error: text } = await redshift.run(sql);
  expect({ Status, text }).toEqual({
    Status: "FAILED",
    text: expect.stringMatching(new RegExp(`^ERROR: \\[local\\] not emulated: .*${what}`)),
  });
});

test("another database than the one there is fails as on a cluster", async () => {
  expect((await redshift.run("SELECT 1", { Database: "prod" })).Error).toContain(
    'database "prod" does not exist',
  );
});

test("a batch cannot end its own transaction", async () => {
  const { Error: text } = await redshift.batch(["SELECT 1", "COMMIT"]);
  expect(text).toContain("not emulated: BEGIN, COMMIT and ROLLBACK inside a batch");
});

test("F63 a statement that fails, is aborted or is slow by rule leaves nothing, or all", async () => {
  const { batch, local, rows, run } = redshift;
  await run("CREATE TABLE faulty (a INT)");
  const sqls = ["INSERT INTO faulty VALUES (1)", "INSERT INTO faulty VALUES (2)"];
  const rule = { server: "redshift", operation: "BatchExecuteStatement" } as const;
  local.faults.add({ ...rule, phase: "after", effect: { kind: "statement", what: "failed" } });
  expect(await batch(sqls)).toMatchObject({
    Status: "FAILED",
    Error: expect.stringContaining("ERROR: 1023"),
  });
  local.faults.add({
    ...rule,
    effect: { kind: "statement", what: "failed", message: "Disk Full", statementNumber: 2 },
  });
  expect((await batch(sqls)).Error).toBe("Query #2 failed with ERROR: Disk Full");
  local.faults.add({ ...rule, effect: { kind: "statement", what: "aborted", statementNumber: 2 } });
  expect(await batch(sqls)).toMatchObject({ Status: "ABORTED" });
  expect(await rows("SELECT count(*) FROM faulty")).toEqual([[0]]);
  local.faults.add({ ...rule, effect: { kind: "statement", what: "slow", forMs: 20, statementNumber: 2 } });
  expect(await batch(sqls)).toMatchObject({ Status: "FINISHED" });
  local.faults.add({ ...rule, effect: { kind: "statement", what: "lock-held", table: "faulty", forMs: 20 } });
  expect(await batch(sqls)).toMatchObject({ Status: "FINISHED" });
  expect(await rows("SELECT count(*) FROM faulty")).toEqual([[4]]);
  local.faults.add({
    ...rule,
    effect: { kind: "error", status: 400, code: "ActiveStatementsExceededException" },
  });
  await expect(batch(sqls)).rejects.toMatchObject({ name: "ActiveStatementsExceededException" });
});

test("F63 a cancelled statement is ABORTED and rolled back; an ended one cannot be cancelled", async () => {
  const { client, ended, local, rows, run } = redshift;
  await run("CREATE TABLE cancelled (a INT)");
  local.faults.add({
    server: "redshift",
    operation: "BatchExecuteStatement",
    effect: { kind: "statement", what: "slow", forMs: 600_000, statementNumber: 2 },
  });
  const { Id } = await client.send(
    new BatchExecuteStatementCommand({ ...target, Sqls: ["INSERT INTO cancelled VALUES (1)", "SELECT 2"] }),
  );
  for (;;) {
    const { SubStatements } = await client.send(new DescribeStatementCommand({ Id }));
    if (SubStatements?.[1]?.Status === "STARTED") break;
  }
  expect(await client.send(new CancelStatementCommand({ Id }))).toMatchObject({ Status: true });
  expect(await ended(Id)).toMatchObject({ Status: "ABORTED" });
  expect(await rows("SELECT count(*) FROM cancelled")).toEqual([[0]]);
  await expect(client.send(new CancelStatementCommand({ Id }))).rejects.toMatchObject({
    name: "ValidationException",
  });
});

test("the journal knows a call by ids, names and kinds of statements, not by its text", async () => {
  const { batch, local } = redshift;
  const since = local.journal.last();
  await batch(["CREATE TEMP TABLE x (a INT)", "INSERT INTO x SELECT 4711"], { StatementName: "named" });
  const [entry] = local.journal.entries({ server: "redshift", after: since });
  expect(entry).toMatchObject({
    operation: "BatchExecuteStatement",
    applied: true,
    parameters: { statements: "CREATE TABLE,INSERT", count: 2, statementName: "named", database: "dev" },
  });
  expect(JSON.stringify(local.journal.entries({ server: "redshift", after: since }))).not.toContain("4711");
});

test("the database is there without a call, too", async () => {
  expect(await redshift.local.redshift.query("SELECT 1 AS a, NULL AS b")).toEqual([{ a: "1", b: null }]);
});
