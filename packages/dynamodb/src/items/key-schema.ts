import type { AttributeValue, TableDescription } from "@aws-sdk/client-dynamodb";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { decimalOf } from "./decimal.js";
import { type Attributes, valueBytesOf } from "./item-size.js";
import { MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES } from "../limits.js";
import { isPlainObject, marshalValue, notAnItem } from "./marshal.js";

/** One attribute of a primary key. */
interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
  readonly maxBytes: number;
}

/** The primary key of a table: the partition key, and the sort key where there is one. */
export type KeySchema = readonly KeyAttribute[];

/** The primary key as DescribeTable tells it. Undefined when the answer has none. Pure. */
export function keySchemaOf(table: TableDescription | undefined): KeySchema | undefined {
  const schema: KeyAttribute[] = [];
  for (const { AttributeName: name, KeyType } of table?.KeySchema ?? []) {
    const type = table?.AttributeDefinitions?.find(
      (definition) => definition.AttributeName === name,
    )?.AttributeType;
    if (name === undefined || (type !== "S" && type !== "N" && type !== "B")) return undefined;
    const isPartitionKey = KeyType === "HASH";
    schema.push({ name, type, maxBytes: isPartitionKey ? MAX_PARTITION_KEY_BYTES : MAX_SORT_KEY_BYTES });
  }
  return schema.length === 0 ? undefined : schema;
}

/**
 * The key attributes of an item, and nothing else.
 * @throws KinesisConnectorError `KC_RECORD_POISON` when one is missing, of another type, empty or too long
 */
export function keyOf(schema: KeySchema, item: Attributes): Record<string, AttributeValue> {
  const key: Record<string, AttributeValue> = {};
  for (const attribute of schema) key[attribute.name] = checkedPart(attribute, item);
  return key;
}

function checkedPart({ name, type, maxBytes }: KeyAttribute, item: Attributes): AttributeValue {
  const value = Object.hasOwn(item, name) ? item[name] : undefined;
  if (value === undefined) throw refused(name, "is missing");
  if (!Object.hasOwn(value, type)) throw refused(name, `is not of the type ${type}`);
  // A number of DynamoDB is never empty, and never as long as a key may be.
  if (type === "N") return value;
  const bytes = valueBytesOf(value);
  if (bytes === 0) throw refused(name, "is empty");
  if (bytes > maxBytes) throw refused(name, `has ${bytes} bytes, more than ${maxBytes}`);
  return value;
}

/**
 * The `keyText` of an output, without a look at its other attributes.
 * @throws KinesisConnectorError `KC_RECORD_POISON` as `keyOf`, and when the output is no item
 */
export function keyTextOf(schema: KeySchema, output: unknown): string {
  if (!isPlainObject(output)) throw notAnItem();
  const key: Record<string, AttributeValue> = {};
  for (const attribute of schema) {
    const { name } = attribute;
    const given = Object.hasOwn(output, name) ? output[name] : undefined;
    if (given !== undefined) key[name] = marshalValue(given, name);
    checkedPart(attribute, key);
  }
  return keyText(schema, key);
}

/** A text that is the same for the same key and for no other: numbers by their value, so that 1 and 1.0 are one key. Pure. */
export function keyText([partition, sort]: KeySchema, item: Attributes): string {
  const first = partition === undefined ? "" : keyPart(item[partition.name]);
  // The length says where the second begins.
  return sort === undefined ? first : `${first.length} ${first}${keyPart(item[sort.name])}`;
}

/** Whole numbers as they are mostly written, and as they stand in a key. */
const PLAIN_NUMBER = /^[1-9]\d{0,14}$/;
const PLAIN_DIGITS = 15;

function keyPart(value: AttributeValue | undefined): string {
  if (value?.S !== undefined) return value.S;
  if (value?.N !== undefined) return PLAIN_NUMBER.test(value.N) ? value.N : numberPart(value.N);
  return value?.B === undefined ? "" : Buffer.from(value.B).toString("base64");
}

function numberPart(text: string): string {
  const { negative, digits, exponent } = decimalOf(text) ?? { digits: text };
  if (exponent === undefined) return digits;
  const isPlain = !negative && digits !== "" && digits.length <= exponent + 1 && exponent < PLAIN_DIGITS;
  return isPlain ? digits.padEnd(exponent + 1, "0") : `${negative ? "-" : ""}${digits}e${exponent}`;
}

function refused(name: string, what: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the item cannot be written: its key attribute ${name} ${what}`,
  );
}
