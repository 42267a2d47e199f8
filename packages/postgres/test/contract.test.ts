import { describeEmitterContract, type EmitterUnderTest, excluded } from "@kinesis-connectors/testkit";
import { type PostgresMode, type PostgresPlan, upsert } from "@kinesis-connectors/postgres";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { afterAll, describe, it } from "vitest";
import { createSchema, type TestSchema } from "./support/tables.js";
import type { Strike } from "./support/wire-proxy.js";

interface Row {
  readonly id: string;
  readonly n: number | string;
}

interface Setup extends EmitterUnderTest<Row, PostgresPlan> {
  readonly test: TestSchema;
}

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

const ROWS_PER_STATEMENT = 20;

const MODES: readonly {
  readonly name: string;
  readonly keeps: "log" | "state";
  readonly mode?: PostgresMode<Row>;
}[] = [
  { name: "insert", keeps: "log" },
  {
    name: "upsert with removals",
    keeps: "state",
    mode: upsert<Row>({ key: ["id"], remove: () => false }),
  },
  {
    name: "guarded upsert with removals",
    keeps: "state",
    mode: upsert<Row>({ key: ["id"], guarded: true, remove: () => false }),
  },
];

/** Counts the rows of each statement, as the server took it. */
const COUNTING = [
  "CREATE TABLE statements (rows bigint)",
  "CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO SCHEMA.statements SELECT count(*) FROM written; RETURN NULL; END $$",
  "CREATE TRIGGER counting AFTER INSERT ON items REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_rows()",
];

const tableOf = (keeps: "log" | "state"): string =>
  `CREATE TABLE items (nr bigserial, id text${keeps === "state" ? " PRIMARY KEY" : ""}, n integer, kc_seq numeric(56), kc_sub bigint, kc_removed boolean)`;

const strike =
  (pattern: RegExp, how: Strike, times = 1) =>
  ({ test }: Setup): (() => boolean) => {
    const fired = test.proxy.strike(pattern, how, times);
    return () => fired() > 0;
  };

describeOn(describe, server, "PostgreSQL", () => {
  describe.each(MODES)("in the mode $name", ({ keeps, mode }) => {
    describeEmitterContract<Setup, Row, PostgresPlan>({
      describe,
      it,
      name: "postgresEmitter",
      create: async () => {
        const test = await createSchema(server, tableOf(keeps));
        for (const statement of COUNTING) await test.run(statement.replace("SCHEMA", test.schema));
        const emitter = test.emitter<Row>({
          table: "items",
          columns: { id: "text", n: "integer" },
          maxRowsPerStatement: ROWS_PER_STATEMENT,
          ...(mode === undefined ? {} : { mode }),
        });
        return { test, emitter, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
      },
      capabilities: { duplicates: "none", ordering: "shard", planned: true, keeps },
      outputs: (index) => ({ id: `row-${index}`, n: index }),
      identify: ({ id, n }) => `${id} ${n}`,
      readBack: async ({ test }) =>
        (await test.run("SELECT id || ' ' || n AS text FROM items ORDER BY nr")).map(({ text }) =>
          String(text),
        ),
      versions: keeps === "state" ? (version) => ({ id: "one", n: version }) : excluded("rows have no keys"),
      refusedOutputs: (index) => ({ id: `row-${index}`, n: "no number" }),
      faults: {
        throttle: strike(/^BEGIN/, { code: "53300" }),
        throttleEntries: excluded("a transaction takes all rows or none"),
        outage: strike(/INSERT INTO .*items/, "break-before"),
        replyLost: strike(/COMMIT$/, "break-after"),
        credentials: strike(/INSERT INTO .*items/, { code: "42501" }, Number.POSITIVE_INFINITY),
        stall: strike(/INSERT INTO .*items/, "silence"),
      },
      limits: {
        maxRequestRecords: ROWS_PER_STATEMENT,
        maxRequestBytes: excluded("counted in characters, see the tests of large rows"),
        maxRecordBytes: excluded("a gigabyte, see the tests of large rows"),
        outputOfBytes: excluded("counted in characters"),
        requests: async ({ test }) =>
          (await test.run("SELECT rows FROM statements")).map(({ rows }) => ({ records: Number(rows) })),
      },
    });
  });
});
