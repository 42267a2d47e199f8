import type { LeaseTable } from "@kinesis-connectors/leases";
import { describeOn, startAnswerCutter, startMariadb } from "@kinesis-connectors/servers";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { createConnection } from "mysql2/promise";
import { afterAll, describe, it } from "vitest";
import { mysqlLeaseTable } from "../src/index.js";

const mariadb = await startMariadb();
afterAll(async () => {
  await mariadb?.[Symbol.asyncDispose]();
});

let made = 0;

describeOn(describe, mariadb, "MariaDB or MySQL", ({ url, process }) => {
  const tableOf = (name: string, at = url): LeaseTable =>
    mysqlLeaseTable({ application: "contract", table: name, connection: at });
  const withClient = async (sql: string, values: readonly (string | number)[] = []): Promise<void> => {
    const client = await createConnection(url);
    await client.execute(sql, [...values]);
    await client.end();
  };

  describeLeaseTable({
    describe,
    it,
    name: "mysqlLeaseTable",
    create: async () => {
      made += 1;
      const name = `kc test \`${Date.now()}-${made}`;
      const cutter = await startAnswerCutter({ url });
      return {
        name,
        cutter,
        table: tableOf(name, cutter.url),
        [Symbol.asyncDispose]: async () => {
          await cutter[Symbol.asyncDispose]();
          await withClient(`DROP TABLE IF EXISTS \`${name.replaceAll("`", "``")}\``);
        },
      };
    },
    connect: ({ name }) => tableOf(name),
    // The first piece asks for the statement to be prepared, the second one to be carried out.
    answerLost: ({ cutter }) =>
      cutter.cut(async () => {
        await process?.kill();
        await process?.start();
      }, 1),
    restart:
      process === undefined
        ? excluded("somebody's own server")
        : async ({ name }) => {
            await process.kill();
            await process.start();
            return tableOf(name);
          },
    setCounter: async ({ name, table }, leaseKey, counter) => {
      await withClient(`UPDATE \`${name.replaceAll("`", "``")}\` SET counter = ? WHERE lease_key = ?`, [
        counter,
        leaseKey,
      ]);
      return table;
    },
  });
});
