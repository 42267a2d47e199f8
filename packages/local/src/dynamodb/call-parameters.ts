import type { CallParameters } from "../journal.js";
import { tablesOf, type Database } from "./database.js";
import type { Json } from "./engine.js";

/** What identifies a call in the journal and for fault rules: table, key, index, counts; no other attribute. */
export async function parametersOf(input: Json, database: Database): Promise<CallParameters> {
  const tables = tablesOf(input);
  const [table] = tables;
  const key = table === undefined ? undefined : await keyOf(input, table, database);
  const count = countOf(input);
  return {
    ...(table === undefined ? {} : { table: tables.join(",") }),
    ...(key === undefined ? {} : { key }),
    ...(typeof input["IndexName"] === "string" ? { index: input["IndexName"] } : {}),
    ...(typeof input["UpdateExpression"] === "string" ? { update: input["UpdateExpression"] } : {}),
    ...(typeof input["ConditionExpression"] === "string" ? { condition: input["ConditionExpression"] } : {}),
    ...(count === undefined ? {} : { count }),
  };
}

/** The key's values, joined by `/` when there are two. */
async function keyOf(input: Json, table: string, database: Database): Promise<string | undefined> {
  const source = (input["Key"] ?? input["Item"]) as Json | undefined;
  if (source === undefined || source === null) return undefined;
  const names = await database.keyNames(table);
  const values = names.flatMap((name) => Object.values((source[name] ?? {}) as Json).map(String));
  return values.length === 0 ? undefined : values.join("/");
}

function countOf(input: Json): number | undefined {
  const { RequestItems, TransactItems } = input;
  if (Array.isArray(TransactItems)) return TransactItems.length;
  if (typeof RequestItems !== "object" || RequestItems === null) return undefined;
  return Object.values(RequestItems).reduce((sum: number, entries: unknown) => {
    const keys: unknown = Array.isArray(entries) ? entries : (entries as Json | null)?.["Keys"];
    return sum + (Array.isArray(keys) ? keys.length : 0);
  }, 0);
}
