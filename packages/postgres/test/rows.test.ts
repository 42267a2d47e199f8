import { type BufferEntry, ExactNumber, MiB } from "@kinesis-connectors/core";
import { batchOf, batchOfEntries, deliver, entryOf } from "@kinesis-connectors/testkit";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { upsert } from "@kinesis-connectors/postgres";
import { afterAll, describe, expect, it } from "vitest";
import { createSchema, type TestSchema } from "./support/tables.js";
import { rejections } from "./support/deliveries.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

/** Stands in every value that must not come to light. */
const SECRET = "s3cret";

type Row = Readonly<Record<string, unknown>>;

const big = (length: number): string => "x".repeat(length);

describeOn(describe, server, "PostgreSQL", () => {
  describe("values of rows", () => {
    it("arrive as they are, whatever the type of their column", async () => {
      await using test = await createSchema(
        server,
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100)",
        "CREATE DOMAIN share AS percent",
        "CREATE TYPE pair AS (one integer, other text)",
        `CREATE TABLE items (nr bigserial, i2 smallint, i8 bigint, n numeric, f float8, b boolean, t text, v varchar(8), c char(4), raw bytea, at timestamptz,
          d date, id uuid, j json, jb jsonb, m mood, s share, p pair, ts text[], ns integer[], js jsonb[], es mood[], bs bytea[])`,
      );
      const emitter = test.emitter<Row>({
        table: "items",
        columns: {
          i2: "int2",
          i8: "bigint",
          n: "numeric",
          f: "double precision",
          b: "bool",
          t: "text",
          v: "varchar(8)",
          c: "char(4)",
          raw: "bytea",
          at: "timestamp with time zone",
          d: "date",
          id: "uuid",
          j: "json",
          jb: "jsonb",
          m: `${test.schema}.mood`,
          // The domain itself, or the type that it stands on in the end.
          s: "numeric",
          p: `${test.schema}.pair`,
          ts: "text[]",
          ns: "int[]",
          js: "jsonb[]",
          es: `${test.schema}.mood[]`,
          bs: "bytea[]",
        },
      });
      const text = 'a "quoted" \\ {x,NULL} \n\t ü 😀';
      const outputs: Row[] = [
        {
          i2: -5,
          i8: 2n ** 63n - 1n,
          n: new ExactNumber("0.12345678901234567890123"),
          f: Number.NaN,
          b: true,
          t: text,
          v: "NULL",
          c: "ab",
          raw: Uint8Array.of(0, 92, 34, 255),
          at: new Date("2026-03-29T01:00:00.123Z"),
          d: "2026-11-29",
          id: "6b86b273-0000-4000-8000-00000000000A",
          j: { text, n: [1, null] },
          jb: text,
          m: "glad",
          s: 99.5,
          p: '(1,"two, \\"three\\"")',
          ts: [text, "", "NULL", null],
          ns: [
            [1, 2],
            [3, 4],
          ],
          js: [{ text }, [1], "x", 5],
          es: ["sad"],
          bs: [Uint8Array.of(92)],
        },
        { t: "", jb: null, ts: [] },
      ];
      const { failed } = await deliver(emitter, batchOf(outputs));
      expect(failed).toEqual([]);
      const [full, empty] = await test.run(
        `SELECT i2, i8::text, n::text, f::text, b, t, v, c, encode(raw, 'hex') AS raw, at AT TIME ZONE 'UTC' AS at, d::text, id::text, j, jb, m::text, s::text,
          (p).other AS other, ts, ns, array_to_json(js) AS js, es::text, encode(bs[1], 'hex') AS bs FROM items ORDER BY nr`,
      );
      expect(full).toMatchObject({
        i2: -5,
        i8: "9223372036854775807",
        n: "0.12345678901234567890123",
        f: "NaN",
        b: true,
        t: text,
        v: "NULL",
        c: "ab  ",
        raw: "005c22ff",
        d: "2026-11-29",
        id: "6b86b273-0000-4000-8000-00000000000a",
        j: { text, n: [1, null] },
        jb: text,
        m: "glad",
        s: "99.50",
        other: 'two, "three"',
        ts: [text, "", "NULL", null],
        ns: [
          [1, 2],
          [3, 4],
        ],
        js: [{ text }, [1], "x", 5],
        es: "{sad}",
        bs: "5c",
      });
      expect(empty).toMatchObject({ t: "", jb: null, ts: [], i2: null, raw: null });
    });

    it("go where names are no plain ones, and nothing in a name is SQL", async () => {
      const name = `Kli"ck'; DROP TABLE x; --`;
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await using test = await createSchema(server, `CREATE TABLE ${quoted} ("Säule ""1""" text)`);
      const emitter = test.emitter<Row>({ table: quoted, columns: { 'Säule "1"': "text" } });
      await deliver(emitter, batchOf<Row>([{ 'Säule "1"': "x'; DROP" }]));
      expect(await test.run(`SELECT * FROM ${quoted}`)).toEqual([{ 'Säule "1"': "x'; DROP" }]);
    });

    it("of more than one statement's characters are divided, and all of them arrive in order", async () => {
      await using test = await createSchema(server, "CREATE TABLE items (nr bigserial, t text)");
      const emitter = test.emitter<Row>({ table: "items", columns: { t: "text" } });
      const lengths = [9 * MiB, 8 * MiB, 5, MiB];
      await deliver(emitter, batchOf(lengths.map((length) => ({ t: big(length) }))));
      const rows = await test.run("SELECT length(t) AS length FROM items ORDER BY nr");
      expect(rows.map(({ length }) => length)).toEqual(lengths);
      const inserts = test.proxy.statements.filter((sql) => /^INSERT INTO .*items/.test(sql));
      expect(inserts).toHaveLength(2);
    });
  });

  describe("a row that PostgreSQL never takes", () => {
    const DDL = [
      "CREATE TABLE parents (id integer PRIMARY KEY)",
      "INSERT INTO parents VALUES (1)",
      `CREATE TABLE items (nr bigserial, u text UNIQUE, t text, i8 bigint, jb jsonb, v varchar(5), at timestamptz, raw bytea,
        pos integer CHECK (pos > 0), nn integer NOT NULL, parent integer REFERENCES parents, late integer REFERENCES parents DEFERRABLE INITIALLY DEFERRED)`,
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.t = 'refuse' THEN RAISE EXCEPTION 'not %', NEW.u; END IF; RETURN NEW; END $$",
      "CREATE TRIGGER refusing AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse()",
    ];
    const columns = {
      u: "text",
      t: "text",
      i8: "bigint",
      jb: "jsonb",
      v: "varchar",
      at: "timestamptz",
      raw: "bytea",
      pos: "integer",
      nn: "integer",
      parent: "integer",
      late: "integer",
    };
    const circle: { self?: unknown } = {};
    circle.self = circle;

    it.each<[string, Row, RegExp]>([
      ["with a NUL in a text", { t: `${SECRET}\0` }, /column t holds a NUL/],
      ["with a NUL in a document", { jb: { t: `${SECRET}\0` } }, /22P05/],
      [
        "with half a surrogate pair in a text",
        { t: `${SECRET}\uD800` },
        /column t holds half a surrogate pair/,
      ],
      [
        "with half a surrogate pair in a document",
        { jb: [`${SECRET}\uDC00`] },
        /column jb holds half a surrogate/,
      ],
      ["with a number past int8", { i8: 2n ** 63n }, /22003/],
      ["with a fraction for a whole number", { i8: 1.5 }, /22P02/],
      ["with a text for a number", { i8: SECRET }, /22P02: a text that is no value/],
      ["with a text that is too long", { v: SECRET }, /22001/],
      ["with a time that there is not", { at: `2026-02-30 ${SECRET}` }, /2200[78]/],
      ["with an invalid Date", { at: new Date(Number.NaN) }, /column at is an invalid Date/],
      ["with a text for bytes", { raw: SECRET }, /column raw must be a Uint8Array/],
      ["with bytes for a text", { t: Uint8Array.of(1) }, /column t is of the type object/],
      ["with an object for a text", { t: { SECRET } }, /column t is of the type object/],
      ["with an array for a text", { t: [SECRET] }, /column t is an array/],
      ["with a circular document", { jb: circle }, /circular/],
      ["without a value that must be", { nn: null }, /23502.*column nn/],
      ["against a check", { pos: -1 }, /23514.*constraint items_pos_check/],
      ["against a unique index", { u: "row-0" }, /23505.*constraint items_u_key/],
      ["without the row that it refers to", { parent: 7 }, /23503.*constraint items_parent_fkey/],
      [
        "without the row that it refers to, found out at the end",
        { late: 7 },
        /23503.*constraint items_late_fkey/,
      ],
      ["that a trigger refuses", { u: SECRET, t: "refuse" }, /P0001: a trigger refused it/],
      [
        "with an index entry past its limit",
        { u: Array.from({ length: 9_000 }, (_, n) => `${SECRET}${n * 7919}`).join() },
        /54000/,
      ],
    ])("%s goes alone, the others are written, and its values are nowhere", async (_name, bad, reason) => {
      await using test = await createSchema(server, ...DDL);
      const emitter = test.emitter<Row>({ table: "items", columns, maxRowsPerStatement: 4 });
      const rows = Array.from({ length: 11 }, (_, index): Row => ({
        u: `row-${index}`,
        nn: 1,
        parent: 1,
        late: 1,
      }));
      const outputs = rows.map((row, index) => (index === 6 ? { ...row, ...bad } : row));
      const { refused, result } = await rejections(emitter, batchOf(outputs));
      expect(refused.map(({ index }) => index)).toEqual([6]);
      expect(refused[0]?.error).toMatchObject({
        code: "KC_RECORD_POISON",
        message: expect.stringMatching(reason),
      });
      expect(shownWhole(refused[0]?.error)).not.toContain(SECRET);
      expect(result.failed).toEqual([]);
      const landed = await test.run("SELECT u FROM items ORDER BY nr");
      expect(landed.map(({ u }) => u)).toEqual(rows.filter((_, index) => index !== 6).map(({ u }) => u));
    });

    it("of more than a gigabyte goes alone, and is not even looked into", async () => {
      await using test = await createSchema(server, "CREATE TABLE items (a text, b text, c text)");
      const emitter = test.emitter<Row>({ table: "items", columns: { a: "text", b: "text", c: "text" } });
      // Three times one text that is never made: it consists of two halves, of which each does.
      const huge = big(400 * MiB);
      const entries = ["x", "", "y"].map((a, index) => entryOf<Row>(index, { a }));
      const outputs = entries.map(({ output }) =>
        output["a"] === "" ? { a: huge, b: huge, c: huge } : output,
      );
      const batch = batchOfEntries(
        entries.map(({ record, bytes }, index) => ({ output: outputs[index] ?? {}, record, bytes })),
      );
      const { refused } = await rejections(emitter, batch);
      expect(refused.map(({ index, error }) => [index, error.message])).toEqual([
        [1, "the row has more than 1073741823 bytes, which no table of PostgreSQL holds"],
      ]);
      expect(await test.run("SELECT a FROM items ORDER BY a")).toEqual([{ a: "x" }, { a: "y" }]);
    });

    it("is not one that comes behind itself: of two equal keys in a batch the later is refused", async () => {
      await using test = await createSchema(server, "CREATE TABLE items (u text UNIQUE)");
      const emitter = test.emitter<Row>({ table: "items", columns: { u: "text" } });
      const outputs = ["a", "b", "a", "c", "b"].map((u) => ({ u }));
      const { refused } = await rejections(emitter, batchOf<Row>(outputs));
      expect(refused.map(({ index }) => index)).toEqual([2, 4]);
      expect(await test.run("SELECT u FROM items ORDER BY u")).toEqual([{ u: "a" }, { u: "b" }, { u: "c" }]);
    });

    it("is written after all when the table has been altered for it meanwhile", async () => {
      await using test = await createSchema(server, "CREATE TABLE items (n integer)");
      const emitter = test.emitter<Row>({ table: "items", columns: { n: "integer" } });
      await deliver(emitter, batchOf<Row>([{ n: 1 }]));
      await test.run("ALTER TABLE items ALTER n TYPE bigint");
      await expect(
        deliver(emitter, batchOf<Row>([{ n: 2n ** 40n }], { shardId: "other" })),
      ).rejects.toMatchObject({
        code: "KC_OPTION_INVALID",
        message: expect.stringContaining("columns.n is declared integer, but the column is bigint"),
      });
    });
  });

  describe("an upsert", () => {
    const ORDERS =
      "CREATE TABLE orders (id text PRIMARY KEY, total integer, kc_seq numeric(56), kc_sub bigint, kc_removed boolean)";
    const columns = { id: "text", total: "integer" };
    const gone = (row: Row): boolean => row["gone"] === true;
    const totals = async (test: TestSchema): Promise<unknown> =>
      Object.fromEntries(
        (await test.run("SELECT id, total FROM orders")).map(({ id, total }) => [id, total]),
      );

    it("keeps the last row of each key of a batch, over several statements", async () => {
      await using test = await createSchema(server, ORDERS);
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({ key: ["id"] }),
        maxRowsPerStatement: 3,
      });
      await deliver(
        emitter,
        batchOf<Row>(Array.from({ length: 20 }, (_, n) => ({ id: `k${n % 3}`, total: n }))),
      );
      expect(await totals(test)).toEqual({ k0: 18, k1: 19, k2: 17 });
    });

    it("takes keys as equal that the database takes as equal", async () => {
      await using test = await createSchema(
        server,
        "CREATE TABLE orders (id numeric PRIMARY KEY, total integer)",
      );
      const emitter = test.emitter<Row>({
        table: "orders",
        columns: { id: "numeric", total: "integer" },
        mode: upsert<Row>({ key: ["id"], remove: gone }),
      });
      const rows = [
        { id: 1, total: 1 },
        { id: "1.0", total: 2 },
        { id: "2.00", total: 3 },
        { id: 2, gone: true },
        { id: "3", gone: true },
        { id: 3n, total: 4 },
      ];
      await deliver(emitter, batchOf<Row>(rows));
      expect(await totals(test)).toEqual({ "1.0": 2, "3": 4 });
    });

    it("writes row by row, in order, where only the table makes keys equal", async () => {
      await using test = await createSchema(
        server,
        ORDERS,
        "CREATE FUNCTION lower_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id = lower(NEW.id); RETURN NEW; END $$",
        "CREATE TRIGGER lowering BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION lower_id()",
      );
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({ key: ["id"], guarded: true }),
      });
      const entries = [1, 2, 3].map((total) => entryOf<Row>(0, { id: total === 2 ? "A" : "a", total }));
      const one = entries[0] as BufferEntry<Row>;
      const result = await deliver(
        emitter,
        batchOfEntries(entries.map(({ output, bytes }) => ({ output, record: one.record, bytes }))),
      );
      expect(result.failed).toEqual([]);
      expect(await totals(test)).toEqual({ a: 3 });
    });

    it("keeps the last output of a record that gives several of one key, though statements end within it", async () => {
      await using test = await createSchema(server, ORDERS);
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({ key: ["id"], guarded: true }),
        maxRowsPerStatement: 2,
      });
      const { record } = entryOf<Row>(0, {});
      await deliver(
        emitter,
        batchOfEntries(
          Array.from({ length: 7 }, (_, total) => ({ output: { id: "k", total }, record, bytes: 1 })),
        ),
      );
      expect(await totals(test)).toEqual({ k: 6 });
    });

    it("writes a guarded row only over an older one, whichever shard it came from, and over what has no position", async () => {
      await using test = await createSchema(server, ORDERS, "INSERT INTO orders VALUES ('old', 0), ('k', 0)");
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({ key: ["id"], guarded: true, remove: gone }),
      });
      const put = (shardId: string, index: number, output: Row): Promise<unknown> =>
        deliver(emitter, batchOfEntries([entryOf<Row>(index, output)], { shardId }));
      await put("child", 10, { id: "k", total: 10 });
      await put("parent", 9, { id: "k", total: 9 });
      await put("parent", 11, { id: "old", total: 11 });
      expect(await totals(test)).toEqual({ k: 10, old: 11 });
      await put("child", 20, { id: "k", gone: true });
      await put("parent", 19, { id: "k", total: 19 });
      expect(await test.run("SELECT total, kc_removed FROM orders WHERE id = 'k'")).toEqual([
        { total: null, kc_removed: true },
      ]);
      await put("child", 21, { id: "k", total: 21 });
      expect(await test.run("SELECT total, kc_removed FROM orders WHERE id = 'k'")).toEqual([
        { total: 21, kc_removed: false },
      ]);
    });

    it("deletes rows that are removed, and puts back what comes behind a removal", async () => {
      await using test = await createSchema(
        server,
        ORDERS,
        "INSERT INTO orders VALUES ('a', 0), ('b', 0), ('c', 0)",
      );
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({ key: ["id"], remove: gone }),
      });
      const rows = [
        { id: "a", gone: true },
        { id: "b", gone: true },
        { id: "b", total: 5 },
        { id: "d", total: 6 },
        { id: "d", gone: true },
      ];
      await deliver(emitter, batchOf<Row>(rows));
      expect(await totals(test)).toEqual({ b: 5, c: 0 });
    });

    it("refuses a row without its key, one whose key alone is wrong, and what throws when it is asked for its removal", async () => {
      await using test = await createSchema(server, ORDERS);
      const emitter = test.emitter<Row>({
        table: "orders",
        columns,
        mode: upsert<Row>({
          key: ["id"],
          remove: (row) => {
            if (row["total"] === 13) throw new Error("thirteen");
            return false;
          },
        }),
      });
      const rows = [
        { id: "a", total: 1 },
        { total: 2 },
        { id: null },
        { id: "b", total: 13 },
        { id: "c", total: 3 },
      ];
      const { refused } = await rejections(emitter, batchOf<Row>(rows));
      expect(refused.map(({ index }) => index)).toEqual([1, 2, 3]);
      expect(await totals(test)).toEqual({ a: 1, c: 3 });
    });

    it("of nothing but a key leaves rows alone that are there", async () => {
      await using test = await createSchema(
        server,
        "CREATE TABLE seen (id text PRIMARY KEY, first integer DEFAULT 1)",
      );
      const emitter = test.emitter<Row>({
        table: "seen",
        columns: { id: "text" },
        mode: upsert<Row>({ key: ["id"] }),
      });
      await deliver(emitter, batchOf<Row>([{ id: "a" }, { id: "a" }]));
      await deliver(emitter, batchOf<Row>([{ id: "a" }, { id: "b" }], { shardId: "other" }));
      expect(await test.run("SELECT id FROM seen ORDER BY id")).toEqual([{ id: "a" }, { id: "b" }]);
    });
  });
});

/** All that an error shows, its causes included. */
function shownWhole(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error ?? "");
  return `${String(error)} ${error.stack ?? ""} ${JSON.stringify(Object.entries(error))} ${shownWhole(error.cause)}`;
}
