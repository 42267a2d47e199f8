import { exactNumberOf, type KinesisRecord } from "@kinesis-connectors/core";
import { isMembers, type Members, notA } from "./envelope.js";

/**
 * Treatment of numbers of an item, which have up to 38 digits.
 * @inline
 */
export type ItemNumbers = "exact" | "double" | "text";

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** RFC 4648 section 4. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
export const WHAT = "change record of DynamoDB";

/** Makes plain values of an item with its types (`{ "S": "a" }`), as the API reference has them (AttributeValue). */
export class ItemReader {
  readonly #numberOf: (text: string) => unknown;

  constructor(numbers: ItemNumbers) {
    this.#numberOf = numbers === "exact" ? exactNumberOf : numbers === "double" ? Number : (text) => text;
  }

  /** @throws KinesisConnectorError `KC_RECORD_POISON` for what is no item */
  item(item: unknown, record: KinesisRecord, path: string): Members {
    if (!isMembers(item)) throw notA(WHAT, record, path);
    const made: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(item)) define(made, name, this.#value(value, record, path));
    return made;
  }

  #value(typed: unknown, record: KinesisRecord, path: string): unknown {
    if (!isMembers(typed)) throw notA(WHAT, record, path);
    const [entry, another] = Object.entries(typed);
    if (entry === undefined || another !== undefined) throw notA(WHAT, record, path);
    const [type, value] = entry;
    switch (type) {
      case "S":
        if (typeof value === "string") return value;
        break;
      case "N":
        if (isNumber(value)) return this.#numberOf(value);
        break;
      case "BOOL":
        if (typeof value === "boolean") return value;
        break;
      case "NULL":
        return null;
      case "B":
        if (isBase64(value)) return bytesOf(value);
        break;
      case "M":
        return this.item(value, record, path);
      case "L":
        if (Array.isArray(value)) return value.map((element) => this.#value(element, record, path));
        break;
      case "SS":
        if (isTexts(value)) return setOf(value);
        break;
      case "NS":
        if (isTexts(value) && value.every(isNumber)) return setOf(value.map((text) => this.#numberOf(text)));
        break;
      case "BS":
        if (isTexts(value) && value.every(isBase64)) return setOf(value.map(bytesOf));
        break;
    }
    throw notA(WHAT, record, `a value of type ${/^[A-Z]{1,4}$/.test(type) ? type : "unknown"} in ${path}`);
  }
}

function isNumber(value: unknown): value is string {
  return typeof value === "string" && NUMBER.test(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}

/** Node passes over what is no base64, and would give fewer bytes than there were. */
function isBase64(value: unknown): value is string {
  return typeof value === "string" && value.length % 4 === 0 && BASE64.test(value);
}

function bytesOf(base64: string): Uint8Array {
  return withJson(new Uint8Array(Buffer.from(base64, "base64")), asBase64);
}

function setOf(values: readonly unknown[]): ReadonlySet<unknown> {
  return withJson(new Set(values), asArray);
}

/** JSON has neither sets nor bytes, and would write `{}` of a set: destinations that write JSON are to find what is in it. */
function withJson<Value extends object>(value: Value, toJson: (this: Value) => unknown): Value {
  return Object.defineProperty(value, "toJSON", { value: toJson });
}

function asArray(this: ReadonlySet<unknown>): readonly unknown[] {
  return [...this];
}

/** As DynamoDB itself writes bytes in JSON. */
function asBase64(this: Uint8Array): string {
  return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("base64");
}

/** Not by assignment, which would take __proto__ for something else. */
function define(made: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(made, name, { value, writable: true, enumerable: true, configurable: true });
  else made[name] = value;
}
