import { hasCode, silentLogger } from "@kinesis-connectors/core";
import { thrownBy } from "@kinesis-connectors/testkit";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { insert, postgresEmitter, upsert } from "@kinesis-connectors/postgres";
import { afterAll, describe, expect, it } from "vitest";
import { connectionSettings } from "../src/connection/options.js";
import { rejectionOf } from "./support/deliveries.js";
import { createSchema } from "./support/tables.js";

type Row = Readonly<Record<string, unknown>>;

const VALID = {
  connection: { host: "127.0.0.1", database: "d", user: "u" },
  table: "clicks",
  columns: { page: "text", ms: "integer" },
};

/** The message that options are refused with. */
function refusal(options: object): string {
  const error = thrownBy(() => postgresEmitter({ ...VALID, ...options }));
  return hasCode(error, "KC_OPTION_INVALID") ? error.message : `refused by something else: ${String(error)}`;
}

describe("options", () => {
  it.each<[string, object]>([
    ["connection is missing", { connection: undefined }],
    ["connection must be a URL", { connection: 5 }],
    ["connection must be a URL such as postgres://", { connection: "mysql://u@h/d" }],
    ["connection.host must be a text", { connection: { ...VALID.connection, host: "" } }],
    ["host is missing", { connection: { database: "d", user: "u" } }],
    ["connection.user must be a text", { connection: "postgres://127.0.0.1/d" }],
    ["connection.database must be a text", { connection: "postgres://u@127.0.0.1" }],
    ["connection has the parameter options, which", { connection: "postgres://u@h/d?options=-c%20a%3Db" }],
    ["connection takes as sslmode disable", { connection: "postgres://u@h/d?sslmode=prefer" }],
    ["connection has a % that is no escape", { connection: "postgres://u%zz@h/d" }],
    ["connection.port must be a whole number", { connection: { ...VALID.connection, port: 0 } }],
    ["connection.password must be a text", { connection: { ...VALID.connection, password: 5 } }],
    ["connection.tls must be true", { connection: { ...VALID.connection, tls: "yes" } }],
    ["did you mean connection.database?", { connection: { ...VALID.connection, databse: "d" } }],
    ["table must be a table or schema.table", { table: "a.b.c" }],
    ["table must be a table or schema.table", { table: "a." }],
    ["table must be a table or schema.table", { table: '"a' }],
    ["table has 64 bytes", { table: "ä".repeat(32) }],
    ["table must not hold a NUL", { table: "a\0" }],
    ["columns must have at least one", { columns: {} }],
    ["columns must say the type", { columns: ["page"] }],
    ["columns.page must be the type", { columns: { page: "" } }],
    ["positions must be another table", { positions: "clicks" }],
    ["createPositions must be true or false", { createPositions: "no" }],
    ["retentionHours must be a whole number from 24 to 8760", { retentionHours: 23 }],
    ["maxRowsPerStatement must be a whole number", { maxRowsPerStatement: 0 }],
    ["maxConnections must be a whole number", { maxConnections: 1.5 }],
    ["requestTimeoutMs must be a whole number", { requestTimeoutMs: 2 ** 31 }],
    ["mode must be insert() or upsert", { mode: "insert" }],
    ["mode.key must be a list", { mode: upsert({ key: [] }) }],
    ["mode.key names id, which is not among columns", { mode: upsert<{ id: string }>({ key: ["id"] }) }],
    ["mode.key names a column twice", { mode: upsert<{ page: string }>({ key: ["page", "page"] }) }],
    ["mode.guarded must be true or false", { mode: { ...upsert<Row>({ key: ["page"] }), guarded: 1 } }],
    ["mode.remove must be a function", { mode: { ...upsert<Row>({ key: ["page"] }), remove: true } }],
    [
      "columns must not hold kc_seq",
      { columns: { page: "text", kc_seq: "numeric" }, mode: upsert<Row>({ key: ["page"], guarded: true }) },
    ],
  ])("are refused when they cannot work: %s", (message, options) => {
    expect(refusal(options)).toContain(message);
  });

  it("never show a password", () => {
    for (const connection of [
      "postgres://u:hunter2@h/d?x=1",
      "postgres://u:hunter2%zz@h/d",
      "http://u:hunter2@h/d",
    ])
      expect(refusal({ connection })).not.toContain("hunter2");
  });

  it("are taken as a URL, with what is escaped in it", () => {
    expect(connectionSettings("f", "postgresql://a%40b:p%2Fw@db.example.com:6000/my%20db")).toEqual({
      host: "db.example.com",
      port: 6000,
      database: "my db",
      user: "a@b",
      password: "p/w",
      tls: { rejectUnauthorized: true },
    });
    expect(connectionSettings("f", "postgres://u@[::1]/d")).toMatchObject({
      host: "::1",
      port: 5432,
      tls: false,
    });
  });

  it.each<[string, boolean]>([
    ["postgres://u@localhost/d", false],
    ["postgres://u@127.0.0.9/d", false],
    ["postgres://u@db.example.com/d", true],
    ["postgres://u@10.0.0.1/d", true],
    ["postgres://u@localhost/d?sslmode=require", true],
    ["postgres://u@db.example.com/d?sslmode=verify-full", true],
    ["postgres://u@db.example.com/d?sslmode=disable", false],
  ])(
    "mean TLS with a verified certificate off this machine, unless they say otherwise: %s",
    (url, expected) => {
      expect(connectionSettings("f", url).tls).toEqual(expected ? { rejectUnauthorized: true } : false);
    },
  );

  it("verify the server whatever is given beside", () => {
    const tls = { ca: "PEM", rejectUnauthorized: false };
    expect(() => connectionSettings("f", { ...VALID.connection, tls })).toThrow(
      /no option tls.rejectUnauthorized/,
    );
  });
});

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

describeOn(describe, server, "PostgreSQL", () => {
  const DDL = [
    "CREATE TABLE clicks (page text, ms integer, made integer GENERATED ALWAYS AS (ms + 1) STORED, nr bigint GENERATED ALWAYS AS IDENTITY)",
    "CREATE TABLE strict (page text, at timestamptz NOT NULL, by_default integer NOT NULL DEFAULT 1, UNIQUE (page))",
    "CREATE TABLE partly (page text, ms integer NOT NULL, kc_seq numeric(20), kc_sub bigint)",
    "CREATE UNIQUE INDEX ON partly (page) WHERE ms > 0",
    "CREATE TABLE guarded (page text UNIQUE, ms integer NOT NULL, kc_seq numeric(56), kc_sub bigint, kc_removed boolean)",
    "CREATE UNLOGGED TABLE passing (page text)",
    "CREATE MATERIALIZED VIEW seen AS SELECT page FROM clicks",
    "CREATE TABLE no_key (application text, stream text, shard text, destination text, seq numeric(56), sub bigint, updated_at timestamptz DEFAULT now())",
    "CREATE TABLE short_key (application text, stream text, shard text, destination text, seq numeric(55), sub bigint, updated_at timestamptz DEFAULT now(), PRIMARY KEY (application, stream, shard, destination))",
  ];
  const ONLY_PAGE = { columns: { page: "text" } };
  const BOTH = { columns: { page: "text", ms: "integer" } };
  const byPage = (more: object = {}): object => ({ mode: { ...upsert<Row>({ key: ["page"] }), ...more } });

  it.each<[string, object]>([
    ["table: there is no", { table: "nowhere", ...ONLY_PAGE }],
    ["table: there is no", { table: "Clicks", ...ONLY_PAGE }],
    ["is UNLOGGED", { table: "passing", ...ONLY_PAGE }],
    ["is no table of this server", { table: "seen", ...ONLY_PAGE }],
    ["columns.pages: the table has no column", { table: "clicks", columns: { pages: "text" } }],
    [
      "columns.ms is declared bigint, but the column is integer",
      { table: "clicks", columns: { ms: "bigint" } },
    ],
    ["columns.ms: the database knows no such type", { table: "clicks", columns: { ms: "intger" } }],
    [
      "columns.ms: the database knows no such type",
      { table: "clicks", columns: { ms: "integer); DROP TABLE clicks; --" } },
    ],
    ["columns.made: the table makes the values", { table: "clicks", columns: { made: "integer" } }],
    ["columns.nr: the table makes the values", { table: "clicks", columns: { nr: "bigint" } }],
    ["columns lacks at, which is NOT NULL", { table: "strict", ...ONLY_PAGE }],
    ["has no unique index on just page", { table: "clicks", ...ONLY_PAGE, ...byPage() }],
    ["has no unique index on just page", { table: "partly", ...BOTH, ...byPage() }],
    [
      "the table needs a column kc_seq numeric(56)",
      { table: "clicks", ...ONLY_PAGE, ...byPage({ guarded: true }) },
    ],
    [
      "the table needs a column kc_seq numeric(56)",
      { table: "partly", ...BOTH, ...byPage({ guarded: true }) },
    ],
    [
      "the column ms is NOT NULL, but a tombstone",
      { table: "guarded", ...BOTH, ...byPage({ guarded: true, remove: () => false }) },
    ],
    ["positions: there is no", { table: "clicks", ...ONLY_PAGE, createPositions: false }],
    [
      "has no primary key (application, stream, shard, destination)",
      { table: "clicks", ...ONLY_PAGE, positions: "SCHEMA.no_key" },
    ],
    ["seq of", { table: "clicks", ...ONLY_PAGE, positions: "SCHEMA.short_key" }],
    ["has no column application", { table: "clicks", ...ONLY_PAGE, positions: "SCHEMA.strict" }],
  ])("that do not fit the database are told before anything is read: %s", async (message, options) => {
    await using test = await createSchema(server, ...DDL);
    const { positions, ...others } = options as {
      readonly table: string;
      readonly columns: object;
      readonly positions?: string;
    };
    const emitter = test.emitter<Row>({
      mode: insert(),
      ...others,
      ...(positions === undefined ? {} : { positions: positions.replace("SCHEMA", test.schema) }),
    });
    const error = await rejectionOf(() =>
      emitter.open?.({ signal: new AbortController().signal, logger: silentLogger }),
    );
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) });
    expect(await test.run("SELECT 1 AS ok FROM pg_class WHERE oid = to_regclass('clicks')")).toEqual([
      { ok: 1 },
    ]);
  });

  it("that fit are taken, the table of positions is made once, and others may have made it", async () => {
    await using test = await createSchema(server, ...DDL);
    const opening = { signal: new AbortController().signal, logger: silentLogger };
    const emitters = Array.from({ length: 5 }, () => test.emitter<Row>({ table: "clicks", ...BOTH }));
    await Promise.all(emitters.map(async (emitter) => emitter.open?.(opening)));
    const columns = await test.run(
      "SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'kc_positions'::regclass AND attnum > 0 ORDER BY attnum",
    );
    expect(columns.map(({ name, type }) => `${String(name)} ${String(type)}`)).toEqual([
      "application text",
      "stream text",
      "shard text",
      "destination text",
      "seq numeric(56,0)",
      "sub bigint",
      "updated_at timestamp with time zone",
    ]);
    const own = test.emitter<Row>({ table: "clicks", ...BOTH, createPositions: false });
    await own.open?.(opening);
  });

  it("may leave a column to a trigger", async () => {
    await using test = await createSchema(
      server,
      ...DDL,
      "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$",
      "CREATE TRIGGER filling BEFORE INSERT ON strict FOR EACH ROW EXECUTE FUNCTION fill()",
    );
    const emitter = test.emitter<Row>({ table: "strict", ...ONLY_PAGE });
    const opening = { signal: new AbortController().signal, logger: silentLogger };
    expect(await rejectionOf(() => emitter.open?.(opening))).toBeUndefined();
  });
});
