import { readFileSync } from "node:fs";
import type { LeaseTable, NewLease } from "@kinesis-connectors/leases";
import { describeOn, startMariadb } from "@kinesis-connectors/servers";
import { createConnection } from "mysql2/promise";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { mysqlLeaseTable } from "../src/index.js";

const LEASE: NewLease = {
  leaseKey: "s0",
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
};

/** The statements of the README, word by word. */
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [create = "", grant = ""] = /^CREATE USER .*;\nGRANT .*;$/m.exec(README)?.[0].split("\n") ?? [];
const RIGHTS = (/^GRANT (.*?) ON/.exec(grant)?.[1] ?? "").split(", ");

const mariadb = await startMariadb();
afterAll(async () => {
  await mariadb?.[Symbol.asyncDispose]();
});

// A server of the user's has users of its own.
const ours = mariadb?.process === undefined ? undefined : mariadb;

describeOn(describe, ours, "MariaDB or MySQL", ({ url }) => {
  const admin = async (...statements: readonly string[]): Promise<void> => {
    const client = await createConnection(url);
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const tables: LeaseTable[] = [];
  const tableOf = (): LeaseTable => {
    const { hostname: host, port } = new URL(url);
    const connection = {
      host,
      port: Number(port),
      database: "leases",
      user: "connector",
      password: "PASSWORD",
    };
    const table = mysqlLeaseTable({ application: "click-archive", connection });
    tables.push(table);
    return table;
  };
  afterEach(async () => {
    for (const table of tables.splice(0)) table.close?.();
    await admin("DROP DATABASE leases", "DROP USER connector");
  });

  it("the rights of the README are enough for every call, and CREATE is for the first start alone", async () => {
    await admin("CREATE DATABASE leases", create, grant);
    const table = tableOf();
    expect(await table.open()).toEqual({ created: true });
    await admin("REVOKE CREATE ON leases.`kc_leases_click-archive` FROM connector");
    expect(await tableOf().open()).toEqual({ created: false });
    expect(await table.create(LEASE)).toBe(true);
    const seen = await table.get("s0");
    expect(await table.list()).toEqual([seen]);
    expect(await table.update(seen!, { type: "take", owner: "a" })).toEqual({ type: "applied" });
    expect(await table.describe("s0", { pausedMs: 1 })).toBe(true);
    await table.remove("s0");
    expect(await table.list()).toEqual([]);
  });

  it.each(RIGHTS)("without %s the start stops, and names it", async (left) => {
    const others = grant.replace(RIGHTS.join(", "), RIGHTS.filter((right) => right !== left).join(", "));
    await admin("CREATE DATABASE leases", create);
    // A right on a table that is not there is granted with CREATE alone.
    if (left === "CREATE") {
      await admin(grant, "REVOKE CREATE ON leases.`kc_leases_click-archive` FROM connector");
    } else await admin(others);
    await expect(tableOf().open()).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
      message: expect.stringMatching(new RegExp(`${left} command denied .*; grant the user SELECT, INSERT`)),
    });
  });
});
