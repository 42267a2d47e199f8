import { readFileSync } from "node:fs";
import type { LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { batchOf, contextOf, deliver } from "@kinesis-connectors/testkit";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresEmitter, postgresLeaseTable, upsert } from "../src/index.js";

const LEASE: NewLease = {
  leaseKey: "s0",
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
};

/** The statements of the README, word by word. */
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [forEmitter = [], forLeases = []] = [...README.matchAll(/^CREATE ROLE (?:.+;\n)+/gm)].map(([block]) =>
  block.trimEnd().split("\n"),
);

/** Every right of some statements, with these statements without it. */
function eachLeftOut(statements: readonly string[]): [right: string, others: readonly string[]][] {
  return statements.flatMap((statement, index) => {
    const [, rights, on = ""] = /^GRANT (.*?) (ON .*) TO/.exec(statement) ?? [];
    return (rights?.split(", ") ?? []).map((right): [string, readonly string[]] => {
      const rest = rights?.split(", ").filter((each) => each !== right) ?? [];
      const without = rest.length === 0 ? [] : [statement.replace(rights ?? "", rest.join(", "))];
      return [`${right} ${on}`, statements.toSpliced(index, 1, ...without)];
    });
  });
}

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

// PGlite asks nobody for a password, and a server of the user's has roles of its own.
const ours = postgres.name === "PGlite" || postgres.process === undefined ? undefined : postgres;

describeOn(describe, ours, "PostgreSQL", ({ url }) => {
  const admin = new Client(url);
  beforeAll(async () => {
    await admin.connect();
    await admin.query("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    // What the connector would make itself, if it might.
    const emitter = postgresEmitter<{ page: string }>({
      connection: url,
      table: "public.clicks",
      columns: { page: "text" },
    });
    await admin.query("CREATE TABLE public.clicks (page text PRIMARY KEY)");
    await emitter.open?.(contextOf(undefined));
    await emitter.close?.();
    const leases = postgresLeaseTable({ application: "click-archive", connection: url });
    await leases.open();
    leases.close?.();
  });
  afterAll(() => admin.end());

  /** Runs something as the user that statements make, who is gone afterwards. */
  async function as(
    statements: readonly string[],
    run: (connection: string) => Promise<void>,
  ): Promise<void> {
    const role = / (\w+) LOGIN/.exec(statements[0] ?? "")?.[1] ?? "";
    const address = new URL(url);
    address.username = role;
    address.password = "PASSWORD";
    try {
      for (const statement of statements) await admin.query(statement);
      await run(address.href);
    } finally {
      await admin.query(`DROP OWNED BY ${role}`);
      await admin.query(`DROP ROLE ${role}`);
    }
  }

  describe("of the emitter", () => {
    const write = async (connection: string, isUpsert = false): Promise<void> => {
      const emitter = postgresEmitter<{ page: string }>({
        connection,
        table: "public.clicks",
        columns: { page: "text" },
        ...(isUpsert ? { mode: upsert({ key: ["page"] }) } : {}),
      });
      try {
        await emitter.open?.(contextOf(undefined));
        expect(await deliver(emitter, batchOf([{ page: `${isUpsert}` }]))).toEqual({ failed: [] });
      } finally {
        await emitter.close?.();
      }
    };

    it("those of the README are enough", async () => {
      await as(forEmitter, (connection) => write(connection));
      const more = "GRANT SELECT, UPDATE ON public.clicks TO clicks_writer";
      await as([...forEmitter, more], (connection) => write(connection, true));
      await as(forEmitter, (connection) =>
        expect(write(connection, true)).rejects.toThrow("GRANT SELECT, UPDATE"),
      );
    });

    const [needed, dispensable] = [eachLeftOut(forEmitter), /^DELETE /];
    it.each(needed.filter(([right]) => dispensable.test(right)))(
      "does without %s",
      async (_right, others) => {
        await as(others, (connection) => expect(write(connection)).resolves.toBe(undefined));
      },
    );

    it.each(needed.filter(([right]) => !dispensable.test(right)))(
      "without %s it stops, and says what to grant",
      async (_right, others) => {
        await as(others, (connection) =>
          expect(write(connection)).rejects.toMatchObject({
            code: "KC_EMIT_REFUSED",
            message: expect.stringMatching(/GRANT|grant the user/),
          }),
        );
      },
    );
  });

  describe("of leases", () => {
    const tables: LeaseTable[] = [];
    const tableOf = (connection: string): LeaseTable => {
      const table = postgresLeaseTable({ application: "click-archive", connection });
      tables.push(table);
      return table;
    };
    const closing = (): void => {
      for (const table of tables.splice(0)) table.close?.();
    };

    it("those of the README are enough for every call", async () => {
      await as(forLeases, async (connection) => {
        const table = tableOf(connection);
        expect(await table.open()).toEqual({ created: false });
        expect(await table.create(LEASE)).toBe(true);
        const seen = await table.get("s0");
        expect(await table.list()).toEqual([seen]);
        expect(await table.update(seen!, { type: "take", owner: "a" })).toEqual({ type: "applied" });
        expect(await table.describe("s0", { pausedMs: 1 })).toBe(true);
        await table.remove("s0");
        expect(await table.list()).toEqual([]);
        closing();
      });
    });

    it.each(eachLeftOut(forLeases))(
      "without %s the start stops, and says what to grant",
      async (_right, others) => {
        await as(others, async (connection) => {
          await expect(tableOf(connection).open().finally(closing)).rejects.toMatchObject({
            code: "KC_LEASE_TABLE",
            message: expect.stringMatching(
              /(?:permission denied|no schema has been selected) .*; .*grant the user/,
            ),
          });
        });
      },
    );
  });
});
