import type { TableDescription } from "@aws-sdk/client-dynamodb";
import type { CliContext } from "../app/context.js";
import { toDynamoDb } from "../connection/aws.js";
import { dynamoDbSdk } from "../connection/load-sdk.js";
import type { Where } from "../connection/target.js";

/** The key of a lease table, of ours and of the KCL. */
export const LEASE_KEY = "leaseKey";

/** The attributes of a table's key. */
export function keyOf(table: TableDescription | undefined): readonly string[] {
  return (table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName ?? "");
}

/** Whether a key is that of a lease table. */
export function isLeaseKey(key: readonly string[]): boolean {
  return key.length === 1 && key[0] === LEASE_KEY;
}

/** The names of all tables whose key is that of a lease table, and the calls that found them. */
export async function leaseTablesOf(
  context: CliContext,
  where: Where,
): Promise<{ readonly tables: readonly string[]; readonly calls: number }> {
  const connection = toDynamoDb(where);
  await connection.checkEndpoint();
  const { client } = connection;
  const { DescribeTableCommand, ListTablesCommand } = await dynamoDbSdk();
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
        if (isLeaseKey(keyOf(Table))) tables.push(name);
      }
      start = page.LastEvaluatedTableName;
    } while (start !== undefined);
    return { tables, calls };
  } finally {
    connection.close();
  }
}
