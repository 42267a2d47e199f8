import { DescribeTableCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import type { CliContext } from "../app/context.js";
import { toDynamoDb } from "./aws.js";
import type { Where } from "./target.js";

/** The names of all tables whose key is that of a lease table, and the calls that found them. */
export async function leaseTablesOf(
  context: CliContext,
  where: Where,
): Promise<{ readonly tables: readonly string[]; readonly calls: number }> {
  const connection = toDynamoDb(where);
  await connection.checkEndpoint();
  const { client } = connection;
  const options = { abortSignal: context.signal };
  const tables: string[] = [];
  let calls = 0;
  try {
    let start: string | undefined;
    do {
      const page = await client.send(
        new ListTablesCommand(start === undefined ? {} : { ExclusiveStartTableName: start }),
        options,
      );
      calls += 1;
      for (const name of page.TableNames ?? []) {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: name }), options);
        calls += 1;
        const [key, ...others] = Table?.KeySchema ?? [];
        if (key?.AttributeName === "leaseKey" && others.length === 0) tables.push(name);
      }
      start = page.LastEvaluatedTableName;
    } while (start !== undefined);
    return { tables, calls };
  } finally {
    connection.close();
  }
}
