import type { LeaseTable } from "@kinesis-connectors/leases";
import { describeOn, startAnswerCutter, startPostgres } from "@kinesis-connectors/servers";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { Client } from "pg";
import { afterAll, describe, it } from "vitest";
import { postgresLeaseTable } from "../../src/index.js";

const postgres = await startPostgres();
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

let made = 0;

describeOn(describe, postgres, "PostgreSQL", ({ url, process }) => {
  const tableOf = (name: string, at = url): LeaseTable =>
    postgresLeaseTable({ application: "contract", table: name, connection: at });
  const withClient = async (sql: string, values: readonly (string | number)[] = []): Promise<void> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(sql, [...values]);
    await client.end();
  };

  describeLeaseTable({
    describe,
    it,
    name: "postgresLeaseTable",
    create: async () => {
      made += 1;
      const name = `"kc test ""${Date.now()}-${made}"`;
      const cutter = await startAnswerCutter({ url });
      return {
        name,
        cutter,
        table: tableOf(name, cutter.url),
        [Symbol.asyncDispose]: async () => {
          await cutter[Symbol.asyncDispose]();
          await withClient(`DROP TABLE IF EXISTS ${name}`);
        },
      };
    },
    connect: ({ name }) => tableOf(name),
    answerLost: ({ cutter }) =>
      cutter.cut(async () => {
        await process?.kill();
        await process?.start();
      }),
    restart:
      process === undefined
        ? excluded("somebody's own server")
        : async ({ name }) => {
            await process.kill();
            await process.start();
            return tableOf(name);
          },
    setCounter: async ({ name, table }, leaseKey, counter) => {
      await withClient(`UPDATE ${name} SET counter = $1 WHERE lease_key = $2`, [counter, leaseKey]);
      return table;
    },
  });
});
