import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { decimalOf } from "./decimal.js";

/**
 * The attributes of an item: names and values, as the service's API carries them.
 * @inline
 */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A list or a map takes 3 bytes, and each of its elements one more (developer guide, "DynamoDB Item sizes and formats"). */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/** The size of an item as it is stored, in bytes: what counts against 400 KB (developer guide, "DynamoDB Item sizes and formats"). Pure. */
export function itemBytesOf(item: Attributes): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + valueBytesOf(value);
  return bytes;
}

/** The stored size of one value in bytes. Pure. */
export function valueBytesOf(value: AttributeValue): number {
  if (value.S !== undefined) return utf8Bytes(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.length;
  if (value.SS !== undefined) return sum(value.SS, utf8Bytes);
  if (value.NS !== undefined) return sum(value.NS, numberBytes);
  if (value.BS !== undefined) return sum(value.BS, (bytes) => bytes.length);
  if (value.L !== undefined)
    return CONTAINER_BYTES + sum(value.L, (element) => ELEMENT_BYTES + valueBytesOf(element));
  if (value.M !== undefined) {
    const entries = Object.entries(value.M);
    return (
      CONTAINER_BYTES +
      sum(entries, ([name, element]) => ELEMENT_BYTES + utf8Bytes(name) + valueBytesOf(element))
    );
  }
  return 1;
}

/** The size of an item in the JSON of a request, in bytes: what counts against the 16 MB of a BatchWriteItem. Pure. */
export function wireBytesOf(item: Attributes): number {
  // Braces, and for each attribute its name, a colon and a comma.
  return 2 + sum(Object.entries(item), ([name, value]) => jsonBytes(name) + 2 + wireValueBytes(value));
}

/**
 * No less than `wireBytesOf`, nor than `itemBytesOf`, by the lengths of texts alone: whatever is in them, a UTF-16 unit takes six bytes of
 * JSON at most (`\\u0000`). Several times faster, because it looks into no text. Pure.
 */
export function wireBoundOf(item: Attributes): number {
  let bytes = 2;
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value !== undefined) bytes += BOUND_PER_NAME + BOUND_PER_UNIT * name.length + valueBoundOf(value);
  }
  return bytes;
}

/** `"":,` around a name and its value. */
const BOUND_PER_NAME = 4;
const BOUND_PER_UNIT = 6;
/** `{"BOOL":false}`, the most that stands around a value or is one. */
const BOUND_PER_VALUE = 14;

function valueBoundOf(value: AttributeValue): number {
  const text = value.S ?? value.N;
  if (text !== undefined) return BOUND_PER_VALUE + BOUND_PER_UNIT * text.length;
  if (value.BOOL !== undefined || value.NULL !== undefined) return BOUND_PER_VALUE;
  return wireValueBytes(value);
}

function wireValueBytes(value: AttributeValue): number {
  // {"S":...} is 6 bytes around its content, {"SS":[...]} is 9, {"BOOL":false} is 14.
  if (value.S !== undefined) return 6 + jsonBytes(value.S);
  if (value.N !== undefined) return 6 + jsonBytes(value.N);
  if (value.B !== undefined) return 8 + base64Bytes(value.B);
  if (value.SS !== undefined) return 9 + sum(value.SS, (text) => jsonBytes(text) + 1);
  if (value.NS !== undefined) return 9 + sum(value.NS, (text) => jsonBytes(text) + 1);
  if (value.BS !== undefined) return 9 + sum(value.BS, (bytes) => base64Bytes(bytes) + 3);
  if (value.L !== undefined) return 8 + sum(value.L, (element) => wireValueBytes(element) + 1);
  if (value.M !== undefined) return 6 + wireBytesOf(value.M);
  return 14;
}

/** About one byte for two significant digits, one more, and one for the sign (same page: "approximately"). */
function numberBytes(text: string): number {
  const decimal = decimalOf(text);
  if (decimal === undefined) return text.length;
  return Math.ceil(decimal.digits.length / 2) + 1 + (decimal.negative ? 1 : 0);
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Quotes and escapes included. */
function jsonBytes(text: string): number {
  return utf8Bytes(JSON.stringify(text));
}

function base64Bytes(bytes: Uint8Array): number {
  return 4 * Math.ceil(bytes.length / 3);
}

function sum<Value>(values: readonly Value[], bytesOf: (value: Value) => number): number {
  let bytes = 0;
  for (const value of values) bytes += bytesOf(value);
  return bytes;
}
