import type { AttributeValue, TableDescription } from "@aws-sdk/client-dynamodb";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { decimalOf } from "./decimal.js";
import { type Attributes, valueBytesOf } from "./item-size.js";
import { MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES } from "./limits.js";

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
export function keyOf(schema: KeySchema, item: Attributes): Attributes {
  const key: Record<string, AttributeValue> = {};
  for (const { name, type, maxBytes } of schema) {
    const value = Object.hasOwn(item, name) ? item[name] : undefined;
    if (value === undefined) throw refused(name, "is missing");
    if (!Object.hasOwn(value, type)) throw refused(name, `is not of the type ${type}`);
    const bytes = valueBytesOf(value);
    if (bytes === 0) throw refused(name, "is empty");
    if (bytes > maxBytes) throw refused(name, `has ${bytes} bytes, more than ${maxBytes}`);
    key[name] = value;
  }
  return key;
}

/** A text that is the same for the same key and for no other: numbers by their value, so that 1 and 1.0 are one key. Pure. */
export function keyText(schema: KeySchema, item: Attributes): string {
  return JSON.stringify(schema.map(({ name }) => keyPart(item[name])));
}

function keyPart(value: AttributeValue | undefined): string {
  if (value?.B !== undefined) return Buffer.from(value.B).toString("base64");
  if (value?.N !== undefined) {
    const { negative, digits, exponent } = decimalOf(value.N) ?? { digits: value.N };
    return `${negative === true ? "-" : ""}${digits}e${exponent ?? ""}`;
  }
  return value?.S ?? "";
}

function refused(name: string, what: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_RECORD_POISON",
    `the item cannot be placed: its key attribute ${name} ${what}`,
  );
}
