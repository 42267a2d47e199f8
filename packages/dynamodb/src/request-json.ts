import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { attributesJson, textJson } from "./attributes-json.js";

/** Members that hold names and values. */
const ATTRIBUTES: ReadonlySet<string> = new Set(["Item", "Key", "ExpressionAttributeValues"]);

/** Members that are texts. */
const TEXTS: ReadonlySet<string> = new Set([
  "TableName",
  "ConditionExpression",
  "UpdateExpression",
  "ReturnValues",
  "ReturnConsumedCapacity",
  "ReturnItemCollectionMetrics",
  "ReturnValuesOnConditionCheckFailure",
]);

/** The operations whose requests are written here. */
export const WRITTEN_OPERATIONS: ReadonlySet<string> = new Set(["BatchWriteItem", "PutItem", "UpdateItem"]);

/**
 * Writes the body of a BatchWriteItem, a PutItem or an UpdateItem as JSON 1.0: the same value as the SDK's own serializer, in one pass and
 * without its schemas. Undefined for input that is not of the usual shape, which is left to the SDK.
 */
export function requestJson(input: object): string | undefined {
  let json = "";
  for (const [name, member] of Object.entries(input) as readonly (readonly [string, unknown])[]) {
    if (member === undefined || member === null) continue;
    const written = memberJson(name, member);
    if (written === undefined) return undefined;
    json += `${json === "" ? "{" : ","}"${name}":${written}`;
  }
  return json === "" ? "{}" : `${json}}`;
}

function memberJson(name: string, member: unknown): string | undefined {
  if (TEXTS.has(name)) return typeof member === "string" ? textJson(member) : undefined;
  if (!isObject(member)) return undefined;
  if (ATTRIBUTES.has(name)) return attributesJson(member);
  if (name === "ExpressionAttributeNames") return textsJson(member);
  return name === "RequestItems" ? tablesJson(member) : undefined;
}

function textsJson(texts: Readonly<Record<string, unknown>>): string | undefined {
  return Object.values(texts).every((text) => typeof text === "string") ? JSON.stringify(texts) : undefined;
}

/** Requests by table: of one table, as a rule. */
function tablesJson(tables: Readonly<Record<string, unknown>>): string | undefined {
  let json = "";
  for (const [table, writes] of Object.entries(tables)) {
    const written = Array.isArray(writes) ? writesJson(writes) : undefined;
    if (written === undefined) return undefined;
    json += `${json === "" ? "{" : ","}${textJson(table)}:[${written}]`;
  }
  return json === "" ? "{}" : `${json}}`;
}

function writesJson(writes: readonly unknown[]): string | undefined {
  let json = "";
  for (const write of writes) {
    const written = writeJson(write);
    if (written === undefined) return undefined;
    json += json === "" ? written : `,${written}`;
  }
  return json;
}

function writeJson(write: unknown): string | undefined {
  if (!isObject(write)) return undefined;
  const [kind, second] = Object.keys(write);
  const inner: unknown = kind === undefined ? undefined : write[kind];
  if (second !== undefined || !isObject(inner)) return undefined;
  const member = kind === "PutRequest" ? "Item" : kind === "DeleteRequest" ? "Key" : undefined;
  const attributes = member === undefined ? undefined : inner[member];
  if (!isObject(attributes) || Object.keys(inner).length !== 1) return undefined;
  const written = attributesJson(attributes);
  return written === undefined ? undefined : `{"${kind}":{"${member}":${written}}}`;
}

/** Whether it may be a map. What its members are, each reader looks at by itself. */
function isObject(value: unknown): value is Readonly<Record<string, AttributeValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
