import { inspect } from "node:util";
import { batchOf, batchOfEntries, deliver, entryOf, keepingLogger } from "@kinesis-connectors/testkit";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { postgresEmitter, upsert } from "@kinesis-connectors/postgres";
import { afterAll, describe, expect, it } from "vitest";
import { rejectionOf, rejections } from "./support/deliveries.js";
import { createSchema } from "./support/tables.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

/** Stands in every value that must not come to light. */
const SECRET = "s3cret";

type Row = Readonly<Record<string, unknown>>;

const database = new URL(server.url).pathname.slice(1);

describeOn(describe, server, "PostgreSQL", () => {
  it("values of types whose arrays have no commas go in one statement", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (nr bigserial, b box, bs box[])");
    const emitter = test.emitter<Row>({ table: "items", columns: { b: "box", bs: "box[]" } });
    const boxes = ["(1,1),(0,0)", "(2,2),(0,0)", "(3,3),(1,1)"];
    await deliver(emitter, batchOf<Row>(boxes.map((b) => ({ b, bs: [b, null, "(9,9),(8,8)"] }))));
    expect(await test.run("SELECT b::text AS b, bs::text AS bs FROM items ORDER BY nr")).toEqual(
      boxes.map((b) => ({ b, bs: `{${b};NULL;(9,9),(8,8)}` })),
    );
    expect(test.proxy.statements.filter((sql) => /^INSERT INTO .*items/.test(sql))).toHaveLength(1);
  });

  it("times before the first year and after 9999 arrive", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (nr bigserial, at timestamptz)");
    const emitter = test.emitter<Row>({ table: "items", columns: { at: "timestamptz" } });
    const times = ["-000043-03-15T11:00:00.250Z", "0000-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"];
    const all = [...times, "9999-12-31T23:59:59.999Z", "+010000-01-01T00:00:00.000Z"].map((t) => new Date(t));
    await deliver(emitter, batchOf<Row>(all.map((at) => ({ at }))));
    const landed = await test.run(
      "SELECT (extract(epoch FROM at) * 1000)::bigint::text AS ms FROM items ORDER BY nr",
    );
    expect(landed.map(({ ms }) => Number(ms))).toEqual(all.map((at) => at.getTime()));
  });

  it("NULL is NULL whatever the database's default for arrays", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (t text)");
    const emitter = test.emitter<Row>({ table: "items", columns: { t: "text" } });
    await test.run(`ALTER DATABASE ${database} SET array_nulls = off`);
    try {
      await deliver(emitter, batchOf<Row>([{ t: null }]));
    } finally {
      await test.run(`ALTER DATABASE ${database} RESET array_nulls`);
    }
    expect(await test.run("SELECT t FROM items")).toEqual([{ t: null }]);
  });

  it.each([
    ["with a code of its own", `RAISE EXCEPTION 'no %', NEW.t USING ERRCODE = 'KC001'`, /KC001/],
    ["with the code of missing rights", `RAISE EXCEPTION 'no %', NEW.t USING ERRCODE = '42501'`, /42501/],
    ["by looking for a row", "SELECT 1 INTO STRICT NEW.n WHERE false", /P0002: a trigger found no row/],
    ["by a CASE without ELSE", "CASE NEW.n WHEN 7 THEN NULL; END CASE", /20000/],
  ])("a row that a trigger refuses %s goes alone, and its values are nowhere", async (_how, body, reason) => {
    await using test = await createSchema(
      server,
      "CREATE TABLE items (nr bigserial, t text, n integer)",
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.n = 2 THEN ${body}; END IF; RETURN NEW; END $$`,
      "CREATE TRIGGER refusing BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    const emitter = test.emitter<Row>({ table: "items", columns: { t: "text", n: "integer" } });
    const rows = [0, 1, 2, 3, 4].map((n) => ({ t: SECRET, n }));
    const { refused, result } = await rejections(emitter, batchOf<Row>(rows));
    expect(refused.map(({ index }) => index)).toEqual([2]);
    expect(refused[0]?.error.message).toMatch(reason);
    expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain(SECRET);
    expect(result.failed).toEqual([]);
    expect((await test.run("SELECT n FROM items ORDER BY nr")).map(({ n }) => n)).toEqual([0, 1, 3, 4]);
  });

  it("a table of positions that keeps none stops the shard, and is not asked for ever", async () => {
    await using test = await createSchema(server, "CREATE TABLE items (n integer)");
    const emitter = test.emitter<Row>({ table: "items", columns: { n: "integer" } });
    await emitter.open?.({ signal: new AbortController().signal, logger: keepingLogger() });
    await test.run(
      "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    );
    await test.run(
      "CREATE TRIGGER dropping BEFORE INSERT ON kc_positions FOR EACH ROW EXECUTE FUNCTION drop_row()",
    );
    expect(await rejectionOf(() => deliver(emitter, batchOf<Row>([{ n: 1 }])))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("row security"),
    });
    expect(await test.run("SELECT n FROM items")).toEqual([]);
  });

  it("a table with a partition that a crash would empty is refused", async () => {
    await using test = await createSchema(
      server,
      "CREATE TABLE items (n integer) PARTITION BY LIST (n)",
      "CREATE TABLE items_1 PARTITION OF items FOR VALUES IN (1)",
      "CREATE UNLOGGED TABLE items_2 PARTITION OF items FOR VALUES IN (2)",
    );
    const emitter = test.emitter<Row>({ table: "items", columns: { n: "integer" } });
    const opening = { signal: new AbortController().signal, logger: keepingLogger() };
    expect(await rejectionOf(() => emitter.open?.(opening))).toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining("a partition of it is UNLOGGED"),
    });
  });

  it("a row is removed by its key as the column has rounded it", async () => {
    await using test = await createSchema(
      server,
      "CREATE TABLE items (id numeric(10, 1), at timestamptz(0), PRIMARY KEY (id, at))",
    );
    const emitter = test.emitter<Row>({
      table: "items",
      columns: { id: "numeric", at: "timestamptz" },
      mode: upsert<Row>({ key: ["id", "at"], remove: (row) => row["gone"] === true }),
    });
    const key = { id: 1.26, at: new Date("2026-01-01T00:00:00.700Z") };
    await deliver(emitter, batchOf<Row>([key]));
    expect(await test.run("SELECT id FROM items")).toEqual([{ id: "1.3" }]);
    await deliver(emitter, batchOfEntries([entryOf<Row>(1, { ...key, gone: true })]));
    expect(await test.run("SELECT id FROM items")).toEqual([]);
  });
});

describeOn(describe, server.name === "PGlite" ? undefined : server, "PostgreSQL", ({ url }) => {
  it("a row that a policy of row security keeps out goes alone", async () => {
    await using test = await createSchema(
      server,
      "CREATE TABLE items (tenant text)",
      "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY own ON items USING (tenant = 'ours')",
    );
    const role = `${test.schema}_writer`;
    await test.run(`CREATE ROLE ${role} LOGIN PASSWORD 'writer'`);
    await test.run(`GRANT USAGE, CREATE ON SCHEMA ${test.schema} TO ${role}`);
    await test.run(`GRANT INSERT, SELECT ON items TO ${role}`);
    const address = new URL(url);
    address.username = role;
    address.password = "writer";
    const emitter = postgresEmitter<Row>({
      connection: address.href,
      table: `${test.schema}.items`,
      columns: { tenant: "text" },
    });
    try {
      const { refused } = await rejections(
        emitter,
        batchOf<Row>([{ tenant: "ours" }, { tenant: SECRET }, { tenant: "ours" }]),
      );
      expect(refused.map(({ index }) => index)).toEqual([1]);
      expect(refused[0]?.error.message).toContain("42501: a policy of row security");
      expect(await test.run("SELECT tenant FROM items")).toEqual([{ tenant: "ours" }, { tenant: "ours" }]);
    } finally {
      await emitter.close?.();
      await test.run(`DROP OWNED BY ${role}`);
      await test.run(`DROP ROLE ${role}`);
    }
  });
});
