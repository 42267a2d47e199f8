import { batchOf, batchOfEntries, contextOf, deliver, entryOf, planOf } from "@kinesis-connectors/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, delimited, jsonAuto, jsonPaths, type RedshiftFormat } from "@kinesis-connectors/redshift";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

let redshift: LocalRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift[Symbol.asyncDispose]());

const ROWS = [
  { id: 1, name: "lamp | \\ 'x' \"y\", z", price: 12.5, sold: true, placed_at: new Date(0) },
  {
    id: 2,
    name: "two\nlines\r\nand a tab\t",
    price: null,
    sold: false,
    placed_at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
  },
  { id: 3, name: "", price: -1, sold: null, placed_at: null },
  { id: 4, name: null, price: 0, sold: true, placed_at: null },
  { id: 9_007_199_254_740_993n, name: "ünï 𝒟 \\N", price: 1e6, sold: true, placed_at: null },
];
const COLUMNS = ["id", "name", "price", "sold", "placed_at"];
const LANDED = [
  ["1", "lamp | \\ 'x' \"y\", z", "12.50", "1970-01-01 00:00:00"],
  ["2", "two\nlines\r\nand a tab\t", null, "2026-01-02 03:04:05.678"],
  ["3", "", "-1.00", null],
  ["4", null, "0.00", null],
  ["9007199254740993", "ünï 𝒟 \\N", "1000000.00", null],
];

async function createOrders(table: string): Promise<void> {
  await redshift.query(
    `CREATE TABLE ${table} (id BIGINT NOT NULL, name VARCHAR(200), price DECIMAL(12,2), sold BOOLEAN, placed_at TIMESTAMP)`,
  );
}

async function landedIn(table: string): Promise<(string | null)[][]> {
  const rows = await redshift.query(`SELECT id, name, price, placed_at FROM ${table} ORDER BY id`);
  return rows.map(({ id, name, price, placed_at: placedAt }) => [
    id ?? null,
    name ?? null,
    price ?? null,
    placedAt ?? null,
  ]);
}

const countIn = async (table: string): Promise<number> =>
  Number((await redshift.query(`SELECT count(*) AS n FROM ${table}`))[0]?.["n"]);

const formats: readonly [string, RedshiftFormat<object>][] = [
  ["jsonAuto", jsonAuto()],
  ["delimited", delimited()],
  ["delimited with tabs", delimited("\t")],
  ["delimited with commas", delimited(",")],
  ["csv", csv()],
];

describe("rows", () => {
  it.each(formats)("of %s are read back exactly, compressed and not", async (name, format) => {
    for (const compression of ["gzip", "none"] as const) {
      const table = `exact_${name.replaceAll(/\W/g, "_")}_${compression}`.toLowerCase();
      await createOrders(table);
      const emitter = redshift.emitter({ table, columns: COLUMNS, format, compression });
      // CSV has no way to tell the text \N from NULL: it refuses the row, and that is for a test of its own.
      const rows =
        format.copy.type === "csv"
          ? ROWS.map((row) => ({ ...row, name: row.name?.replace(" \\N", "") ?? null }))
          : ROWS;
      const landed =
        format.copy.type === "csv"
          ? LANDED.map((row) => row.map((value) => value?.replace(" \\N", "") ?? null))
          : LANDED;
      expect(await deliver(emitter, batchOf(rows))).toEqual({
        failed: [],
      });
      expect(await landedIn(table)).toEqual(landed);
    }
  });

  it("of jsonPaths go where the file says, from the records' own bytes", async () => {
    await redshift.query("CREATE TABLE paths (id BIGINT, name VARCHAR(50))");
    const paths = { jsonpaths: ["$.order.id", "$.order.name"] };
    const url = `${redshift.aws.endpoints.s3}/staging/paths.json`;
    expect((await fetch(url, { method: "PUT", body: JSON.stringify(paths) })).status).toBe(200);
    const emitter = redshift.emitter<Uint8Array>({
      table: "paths",
      columns: ["id", "name"],
      format: jsonPaths("s3://staging/paths.json"),
    });
    await deliver(emitter, batchOf([Buffer.from('{"order": {"id": 7, "name": "lamp"}, "more": 1}')]));
    expect(await redshift.query("SELECT id, name FROM paths")).toEqual([{ id: "7", name: "lamp" }]);
  });

  it("of a large batch go up as several objects of one load", async () => {
    await createOrders("several");
    const emitter = redshift.emitter({
      table: "several",
      columns: ["id"],
      format: jsonAuto(),
      maxObjectBytes: 200,
    });
    await deliver(emitter, batchOf(Array.from({ length: 100 }, (_, id) => ({ id }))));
    expect(await countIn("several")).toBe(100);
    const manifests = [...redshift.aws.s3.objects("staging")].filter(({ key }) => key.endsWith(".manifest"));
    expect(
      Math.max(...manifests.map(({ body }) => (JSON.parse(String(body)) as { entries: [] }).entries.length)),
    ).toBeGreaterThan(3);
  });

  it("leave the identity column to the table", async () => {
    await redshift.query("CREATE TABLE numbered (row_id BIGINT IDENTITY(1,1), name VARCHAR(20) NOT NULL)");
    const emitter = redshift.emitter({
      table: "numbered",
      columns: ["name"],
      identityColumns: ["row_id"],
      format: jsonAuto(),
    });
    expect(await deliver(emitter, batchOf([{ name: "a" }, { name: "b" }]))).toEqual({ failed: [] });
    expect(await countIn("numbered")).toBe(2);
  });
});

describe("a batch", () => {
  it("is loaded once however often it is emitted", async () => {
    await createOrders("once");
    const emitter = redshift.emitter({ table: "once", columns: COLUMNS, format: jsonAuto() });
    const batch = batchOf(ROWS);
    const plan = planOf(emitter, batch);
    for (const attempt of [1, 1, 2, 3])
      await emitter.emit(batch, contextOf(plan, { attempt, inherited: attempt === 3 }));
    expect(await countIn("once")).toBe(ROWS.length);
    expect(await emitter.isWritten?.(batch, contextOf(plan))).toBe(true);
  });

  it("goes to the table that it was planned for", async () => {
    await createOrders("planned");
    await createOrders("configured");
    const batch = batchOf(ROWS);
    const plan = planOf(redshift.emitter({ table: "planned", columns: COLUMNS, format: jsonAuto() }), batch);
    await redshift
      .emitter({ table: "configured", columns: COLUMNS, format: jsonAuto() })
      .emit(batch, contextOf(plan, { inherited: true }));
    expect([await countIn("planned"), await countIn("configured")]).toEqual([5, 0]);
  });

  it.each([2, 3])("F63 is loaded once by %i loaders at a time", async (loaders) => {
    const table = `contended_${loaders}`;
    await createOrders(table);
    const batch = batchOf(ROWS);
    await Promise.all(
      Array.from({ length: loaders }, async (_, index) => {
        const emitter = redshift.emitter({ table, columns: COLUMNS, format: jsonAuto() });
        // A token of its own each, or they would share one statement.
        await emitter.emit(batch, contextOf(planOf(emitter, batch), { attempt: index + 1 }));
      }),
    );
    expect(await countIn(table)).toBe(ROWS.length);
  });
});

describe("F64 a row that the table does not take", () => {
  it.each([
    ["jsonAuto", jsonAuto()],
    ["delimited", delimited()],
    ["csv", csv()],
  ] as const)(
    "of %s is named with file, line, column and reason, and the rest loads",
    async (name, format) => {
      const table = `bad_rows_${name.toLowerCase()}`;
      await redshift.query(`CREATE TABLE ${table} (id INTEGER NOT NULL, name VARCHAR(5))`);
      const emitter = redshift.emitter<object>({ table, columns: ["id", "name"], format });
      const entries = [
        { id: 0 },
        { id: "secret-x" },
        { id: 2 },
        { id: 3, name: "too long for it" },
        { id: null },
        { id: 5 },
      ].map((row, index) => entryOf<object>(index, row));
      const batch = batchOfEntries(entries);
      const { failed } = await deliver(emitter, batch);
      expect(
        failed
          .map(({ entry, action }) => [entries.indexOf(entry), action])
          .toSorted(([a], [b]) => Number(a) - Number(b)),
      ).toEqual([
        [1, "dead-letter"],
        [3, "dead-letter"],
        [4, "dead-letter"],
      ]);
      const messages = failed.map(({ error }) => error.message).join("\n");
      expect(messages).toMatch(/line 2 of s3:\/\/staging\/\S+, column id: \d+: \w+/);
      expect(messages).toMatch(/line 4 of s3:\/\/staging\/\S+, column name: /);
      expect(messages).not.toContain("secret-x");
      expect(await countIn(table)).toBe(0);
      // As the engine goes on: planned anew, without them.
      const rest = batchOfEntries(
        entries.filter((entry) => !failed.some((one) => one.entry === entry)),
        {
          first: batch.first,
          last: batch.last,
        },
      );
      expect(await deliver(emitter, rest)).toEqual({ failed: [] });
      expect((await redshift.query(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id)).toEqual([
        "0",
        "2",
        "5",
      ]);
    },
  );

  it("is found by halving where lines do not tell rows apart", async () => {
    await redshift.query("CREATE TABLE halved (id INTEGER NOT NULL, name VARCHAR(20))");
    const emitter = redshift.emitter<object>({
      table: "halved",
      columns: ["id", "name"],
      format: delimited(),
    });
    const entries = Array.from({ length: 12 }, (_, id) =>
      entryOf<object>(id, { id: id === 7 ? "x" : id, name: "two\nlines" }),
    );
    const { failed } = await deliver(emitter, batchOfEntries(entries));
    expect(failed.map(({ entry }) => entries.indexOf(entry))).toEqual([7]);
  });

  it("F65 appears when the table is altered while batches run", async () => {
    await redshift.query("CREATE TABLE altered (id INTEGER, name VARCHAR(20))");
    const emitter = redshift.emitter<object>({
      table: "altered",
      columns: ["id", "name"],
      format: jsonAuto(),
    });
    const first = batchOfEntries([entryOf<object>(0, { id: 1, name: "a" })]);
    await deliver(emitter, first);
    await redshift.query("ALTER TABLE altered ADD COLUMN more INTEGER");
    const second = batchOfEntries([entryOf<object>(1, { id: 2, name: "b" })]);
    expect(await deliver(emitter, second)).toEqual({ failed: [] });
    await redshift.query("ALTER TABLE altered DROP COLUMN name");
    const third = batchOfEntries([entryOf<object>(2, { id: 3, name: "c" })]);
    await expect(deliver(emitter, third)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(await countIn("altered")).toBe(2);
  });

  it("is refused before anything is written where its value has no form in the file", async () => {
    const emitter = redshift.emitter<object>({ table: "never_asked", columns: ["id"], format: csv() });
    const { failed } = await deliver(
      emitter,
      batchOf<object>([{ id: 1 }, { id: "\\N" }, { id: "\0" }, { id: "\ud800" }, { id: Number.NaN }]),
    );
    expect(failed.map(({ error }) => error.message.slice(0, 30))).toHaveLength(4);
  });
});

describe("mergeKeys", () => {
  it("replace the rows of a key, and the last version in a batch stays", async () => {
    await redshift.query("CREATE TABLE merged (id INTEGER, line INTEGER, name VARCHAR(20))");
    await redshift.query("INSERT INTO merged VALUES (1, 1, 'old'), (2, 1, 'kept')");
    for (const format of [jsonAuto(), delimited(), csv()]) {
      const emitter = redshift.emitter<object>({
        table: "merged",
        columns: ["id", "line", "name"],
        mergeKeys: ["id", "line"],
        format,
      });
      const kind = format.copy.type;
      const rows = [
        { id: 1, line: 1, name: `a-${kind}` },
        { id: 3, line: 1, name: `b-${kind}` },
        { id: 1, line: 1, name: `c-${kind}` },
        { id: "1", line: "01", name: `d-${kind}` },
      ];
      const number = ["json", "delimited", "csv"].indexOf(kind) * 10;
      const batch = batchOfEntries(rows.map((row, index) => entryOf<object>(number + index, row)));
      expect(await deliver(emitter, batch)).toEqual({ failed: [] });
      expect(await deliver(emitter, batch, { attempt: 2 })).toEqual({ failed: [] });
      expect(await redshift.query("SELECT id, line, name FROM merged ORDER BY id")).toEqual([
        { id: "1", line: "1", name: `d-${kind}` },
        { id: "2", line: "1", name: "kept" },
        { id: "3", line: "1", name: `b-${kind}` },
      ]);
    }
  });
});

describe("open", () => {
  it("of as many columns as a statement holds are merged, and of one letter more are refused when they are defined", async () => {
    const wide = (length: number) =>
      Array.from({ length: 1_200 }, (_, index) => `c${String(index).padStart(length - 1, "0")}`);
    const columns = wide(23);
    const [key = "", second = ""] = columns;
    await redshift.query(`CREATE TABLE wide (${columns.map((name) => `"${name}" BIGINT`).join(", ")})`);
    const options = { table: "wide", format: jsonAuto(), mergeKeys: [key] };
    const emitter = redshift.emitter({ ...options, columns });
    for (const value of [1, 2]) {
      const batch = batchOf<object>([{ [key]: 7, [second]: value }], { batchId: String(value).repeat(32) });
      expect(await deliver(emitter, batch)).toEqual({ failed: [] });
    }
    expect(await redshift.query(`SELECT "${key}" AS key, "${second}" AS value FROM wide`)).toEqual([
      { key: "7", value: "2" },
    ]);
    expect(() => redshift.emitter({ ...options, columns: wide(24), mergeKeys: [wide(24)[0] ?? ""] })).toThrow(
      "the 1200 columns are named three times in it",
    );
  });

  it("tells a missing ledger or column before the first record", async () => {
    await createOrders("opened");
    const context = { signal: new AbortController().signal, logger: contextOf(undefined).logger };
    await redshift.emitter({ table: "opened", columns: ["id"], format: jsonAuto() }).open?.(context);
    for (const changes of [{ ledgerTable: "no_ledger" }, { columns: ["no_column"] }, { table: "no_table" }]) {
      const emitter = redshift.emitter({ table: "opened", columns: ["id"], format: jsonAuto(), ...changes });
      await expect(emitter.open?.(context)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
    }
  });
});

describe("a replay", () => {
  it("finds what was loaded into the table by the ledger, and not what was loaded into another one", async () => {
    await createOrders("replayed");
    await createOrders("elsewhere");
    const { signal, logger } = contextOf(undefined);
    const again = { application: "again", stream: "orders", keepsPositions: true };
    const into = (table: string, mergeKeys: readonly string[] = []) =>
      redshift.emitter({ table, columns: COLUMNS, format: jsonAuto(), mergeKeys });
    await deliver(into("elsewhere"), batchOf(ROWS));
    expect(await into("replayed").wouldDouble?.(again, { signal, logger })).toBeUndefined();
    await deliver(into("replayed"), batchOf(ROWS));
    expect(await into("replayed").wouldDouble?.(again, { signal, logger })).toMatch(
      /^loads into replayed that the ledger kc_ledger has, such as [0-9a-f]{32}, and it does not say of which stream$/,
    );
    expect(await into("replayed", ["id"]).wouldDouble?.(again, { signal, logger })).toContain(
      "older rows take the place of newer ones",
    );
  });
});
