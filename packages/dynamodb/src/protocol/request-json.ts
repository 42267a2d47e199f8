import { isObject, onlyName, piece, writeAttributes } from "./attributes-json.js";
import { JsonBytes } from "./json-bytes.js";

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

const COMMA = piece(",");
const COLON = piece(":");
const OPEN_MAP = piece("{");
const CLOSE_MAP = piece("}");
const OPEN_LIST = piece("[");
const CLOSE_LIST = piece("]");
const PUT = piece('{"PutRequest":{"Item":');
const DELETE = piece('{"DeleteRequest":{"Key":');
const CLOSE_WRITE = piece("}}");

/**
 * Writes the body of a BatchWriteItem, a PutItem or an UpdateItem as JSON 1.0: the same value as the SDK's own serializer, in one pass and
 * without its schemas. Undefined for input that is not of the usual shape, which is left to the SDK.
 */
export function requestJson(input: object): Buffer | undefined {
  const json = new JsonBytes();
  return writeMap(json, input, writeMember) ? json.finish() : undefined;
}

type WriteNamed = (json: JsonBytes, value: unknown, name: string) => boolean;

function writeMap(json: JsonBytes, map: object, write: WriteNamed): boolean {
  json.raw(OPEN_MAP);
  let isFirst = true;
  for (const [name, value] of Object.entries(map) as readonly (readonly [string, unknown])[]) {
    if (value === undefined || value === null) continue;
    if (!isFirst) json.raw(COMMA);
    isFirst = false;
    json.text(name);
    json.raw(COLON);
    if (!write(json, value, name)) return false;
  }
  json.raw(CLOSE_MAP);
  return true;
}

function writeMember(json: JsonBytes, member: unknown, name: string): boolean {
  if (TEXTS.has(name)) return writeText(json, member);
  if (!isObject(member)) return false;
  if (ATTRIBUTES.has(name)) return writeAttributes(json, member);
  if (name === "ExpressionAttributeNames") return writeMap(json, member, writeText);
  return name === "RequestItems" && writeMap(json, member, writeRequests);
}

function writeText(json: JsonBytes, text: unknown): boolean {
  if (typeof text !== "string") return false;
  json.text(text);
  return true;
}

/** The puts and deletes of one table. */
function writeRequests(json: JsonBytes, requests: unknown): boolean {
  if (!Array.isArray(requests)) return false;
  json.raw(OPEN_LIST);
  for (let index = 0; index < requests.length; index += 1) {
    if (index > 0) json.raw(COMMA);
    if (!writeRequest(json, requests[index])) return false;
  }
  json.raw(CLOSE_LIST);
  return true;
}

function writeRequest(json: JsonBytes, request: unknown): boolean {
  if (!isObject(request)) return false;
  const kind = onlyName(request);
  if (kind !== "PutRequest" && kind !== "DeleteRequest") return false;
  const inner = request[kind];
  if (!isObject(inner)) return false;
  const member = onlyName(inner);
  if (member !== (kind === "PutRequest" ? "Item" : "Key")) return false;
  const attributes = inner[member];
  if (!isObject(attributes)) return false;
  json.raw(kind === "PutRequest" ? PUT : DELETE);
  if (!writeAttributes(json, attributes)) return false;
  json.raw(CLOSE_WRITE);
  return true;
}
