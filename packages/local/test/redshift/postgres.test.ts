import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
} from "@aws-sdk/client-redshift-data";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/index.js";
import { ROLE, startRedshift, type RunningRedshift } from "./setup.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());
/** PGlite has one session, and nothing to contend for; a server of the user's keeps its own settings and tables. */
const postgres = server.process === undefined ? undefined : server;

const target = { ClusterIdentifier: "c1", Database: "dev" };

/** One transaction that loads the batch `b1` once, if loaders keep to the order; `lock` says where it locks. */
function loader(lock: "first" | "never" | "after a read"): string[] {
  const steps = [
    "CREATE TEMP TABLE stage (LIKE target)",
    `COPY stage FROM 's3://loads/batch' JSON 'auto' ${ROLE}`,
    "INSERT INTO target SELECT * FROM stage WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE batch_id = 'b1')",
    "INSERT INTO ledger SELECT 'b1' WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE batch_id = 'b1')",
  ];
  if (lock === "first") return ["LOCK ledger", ...steps];
  if (lock === "after a read") return ["SELECT count(*) FROM ledger", "LOCK ledger", ...steps];
  return steps;
}

describeOn(describe, postgres, "PostgreSQL", ({ url: connectionString }) => {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  let redshift: RunningRedshift;
  beforeAll(async () => {
    const client = new Client({ connectionString });
    await client.connect();
    // Loaders that wait for each other are told so at once.
    await client.query("ALTER ROLE CURRENT_USER SET deadlock_timeout = '100ms'");
    await client.end();
    redshift = await startRedshift({
      clock,
      redshift: { connectionString },
    });
    await redshift.put("batch", '{"id":"a"}\n{"id":"b"}\n');
  });
  afterAll(async () => {
    await redshift.stop();
  });

  const describeIt = (Id: string | undefined) => redshift.client.send(new DescribeStatementCommand({ Id }));
  /** Until a statement of a batch is in a state. */
  const reaches = async (Id: string | undefined, index: number, status: string): Promise<void> => {
    while ((await describeIt(Id)).SubStatements?.[index]?.Status !== status);
  };
  const submit = async (Sqls: string[]) =>
    (await redshift.client.send(new BatchExecuteStatementCommand({ ...target, Sqls }))).Id;
  const reset = async (): Promise<void> => {
    await redshift.batch(["DROP TABLE IF EXISTS target", "DROP TABLE IF EXISTS ledger"]);
    await redshift.batch([
      "CREATE TABLE target (id VARCHAR(10))",
      // Redshift does not enforce the key, so nothing but the order of the statements keeps a batch from loading twice.
      "CREATE TABLE ledger (batch_id VARCHAR(64) PRIMARY KEY)",
    ]);
  };
  /** Two loaders that both stop before one of their statements, then go on together. */
  const together = async (sqls: string[], stopBefore: number) => {
    redshift.local.faults.add({
      operation: "BatchExecuteStatement",
      times: 2,
      effect: { kind: "statement", what: "slow", forMs: 1000, statementNumber: stopBefore },
    });
    const ids = [await submit(sqls), await submit(sqls)];
    for (const id of ids) await reaches(id, stopBefore - 1, "STARTED");
    await clock.advance(1000);
    return Promise.all(ids.map((id) => redshift.ended(id)));
  };
  const counts = () =>
    redshift.rows(
      "SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM ledger WHERE batch_id = 'b1')",
    );

  test("F63 two and three loaders that lock first load once, each waiting for the other", async () => {
    await reset();
    redshift.local.faults.add({
      operation: "BatchExecuteStatement",
      effect: { kind: "statement", what: "slow", forMs: 1000, statementNumber: 4 },
    });
    const first = await submit(loader("first"));
    await reaches(first, 3, "STARTED");
    const others = [await submit(loader("first")), await submit(loader("first"))];
    for (const id of others) await reaches(id, 0, "STARTED");
    await clock.advance(1000);
    const ends = await Promise.all([first, ...others].map((id) => redshift.ended(id)));
    expect(ends.map(({ Status }) => Status)).toEqual(["FINISHED", "FINISHED", "FINISHED"]);
    expect(await counts()).toEqual([[2, 1]]);
  });

  test("F63 two loaders that never lock load twice", async () => {
    await reset();
    const ends = await together(loader("never"), 3);
    expect(ends.map(({ Status }) => Status)).toEqual(["FINISHED", "FINISHED"]);
    expect(await counts()).toEqual([[4, 2]]);
  });

  test("F63 of two loaders that lock after a read, one is ended by a deadlock", async () => {
    await reset();
    const ends = await together(loader("after a read"), 2);
    expect(new Set(ends.map(({ Status }) => Status))).toEqual(new Set(["FAILED", "FINISHED"]));
    expect(ends.find(({ Status }) => Status === "FAILED")?.Error).toContain("deadlock detected");
    expect(await counts()).toEqual([[2, 1]]);
  });

  test("F63 a change under another's snapshot is error 1023", async () => {
    await redshift.batch(["DROP TABLE IF EXISTS versioned", "CREATE TABLE versioned AS SELECT 1 AS a"]);
    const ends = await together(["SELECT a FROM versioned", "UPDATE versioned SET a = a + 1"], 2);
    expect(new Set(ends.map(({ Status }) => Status))).toEqual(new Set(["FAILED", "FINISHED"]));
    expect(ends.find(({ Status }) => Status === "FAILED")?.Error).toContain("ERROR: 1023");
  });

  test("F63 a lock that somebody else holds is waited for", async () => {
    await reset();
    redshift.local.faults.add({
      operation: "BatchExecuteStatement",
      effect: { kind: "statement", what: "lock-held", table: "ledger", forMs: 1000 },
    });
    const id = await submit(loader("first"));
    await reaches(id, 0, "STARTED");
    await clock.advance(1000);
    expect((await redshift.ended(id)).Status).toBe("FINISHED");
    expect(await counts()).toEqual([[2, 1]]);
  });

  test("a running statement is interrupted when it is cancelled", async () => {
    const { Id } = await redshift.client.send(
      new ExecuteStatementCommand({ ...target, Sql: "SELECT pg_sleep(600)" }),
    );
    while ((await describeIt(Id)).Status !== "STARTED");
    await redshift.client.send(new CancelStatementCommand({ Id }));
    expect(await redshift.ended(Id)).toMatchObject({
      Status: "ABORTED",
      Error: "Query cancelled on user's request",
    });
  });

  test("a kept session keeps its temporary tables and its transaction, for itself only, until it ends", async () => {
    const { SessionId } = await redshift.run("CREATE TEMP TABLE mine AS SELECT 5 AS a", {
      SessionKeepAliveSeconds: 60,
    });
    const inside = { SessionId, WorkgroupName: undefined, Database: undefined };
    expect(await redshift.rows("SELECT a FROM mine", inside)).toEqual([[5]]);
    expect((await redshift.run("SELECT a FROM mine")).Error).toContain("does not exist");
    await redshift.run("BEGIN", inside);
    await redshift.run("INSERT INTO mine VALUES (6)", inside);
    await redshift.run("ROLLBACK", inside);
    expect(await redshift.rows("SELECT a FROM mine", inside)).toEqual([[5]]);
    await clock.advance(60_000);
    await expect(redshift.run("SELECT 1", inside)).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("F64 the bad rows are found and told as on the embedded database", async () => {
    await redshift.batch(["DROP TABLE IF EXISTS days", "CREATE TABLE days (day DATE, n INT NOT NULL)"]);
    await redshift.put("days", "2026-01-02|1\nsoon|2\n2026-01-03|\n2026-01-04|4\n");
    const loaded = await redshift.run(`COPY days FROM 's3://loads/days' MAXERROR 3 ${ROLE}`);
    expect(loaded).toMatchObject({ Status: "FINISHED", ResultRows: 2 });
    expect(
      await redshift.rows(
        `SELECT line_number, colname, err_code FROM stl_load_errors WHERE query = ${loaded.RedshiftQueryId} ORDER BY 1`,
      ),
    ).toEqual([
      [2, "day", 1205],
      [3, "n", 1213],
    ]);
  });

  test("closing cancels what runs and lets go of what is held", async () => {
    const other = await startRedshift({ clock, redshift: { connectionString } });
    await other.run("CREATE TABLE IF NOT EXISTS left_open (a INT)");
    other.local.faults.add({
      operation: "ExecuteStatement",
      effect: { kind: "statement", what: "lock-held", table: "left_open", forMs: 600_000 },
    });
    const { Id } = await other.client.send(
      new ExecuteStatementCommand({ ...target, Sql: "INSERT INTO left_open VALUES (1)" }),
    );
    while ((await other.client.send(new DescribeStatementCommand({ Id }))).Status !== "STARTED");
    await other.stop();
    expect(await redshift.rows("SELECT count(*) FROM left_open")).toEqual([[0]]);
  });

  test("a server that is not there is the statement's error", async () => {
    await using elsewhere = await startRedshiftAt("postgres://postgres@127.0.0.1:1/postgres");
    expect(await elsewhere.run("SELECT 1")).toMatchObject({
      Status: "FAILED",
      Error: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

async function startRedshiftAt(connectionString: string): Promise<RunningRedshift & AsyncDisposable> {
  const redshift = await startRedshift({ redshift: { connectionString } });
  return { ...redshift, [Symbol.asyncDispose]: redshift.stop };
}
