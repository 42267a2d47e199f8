import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { ExactNumber, hasLoneSurrogate, KinesisConnectorError } from "@kinesis-connectors/core";
import { decimalOf } from "./decimal.js";
import { MAX_DEPTH, MAX_NUMBER_DIGITS, MAX_NUMBER_EXPONENT, MIN_NUMBER_EXPONENT } from "../limits.js";

const SMALLEST_NUMBER = Number(`1e${MIN_NUMBER_EXPONENT}`);

/**
 * Plain JavaScript values as DynamoDB's own. Items come from a stream, that is from strangers: nothing is dropped or rounded silently,
 * and no message quotes a value. (The SDK's `marshall` quotes what it refuses, loses an attribute named `__proto__`, and takes a map
 * with a key `constructor` for a class.)
 *
 * text -> S; number, bigint and `ExactNumber` -> N; boolean -> BOOL; null -> NULL; bytes -> B; Set -> SS, NS or BS; array -> L; plain object -> M;
 * Date -> S in ISO 8601. An attribute that is `undefined` is left out.
 *
 * @throws KinesisConnectorError `KC_RECORD_POISON`, naming the place and not the value
 */
export function marshalItem(item: unknown): Record<string, AttributeValue> {
  if (!isPlainObject(item)) throw notAnItem();
  return marshalEntries(item, "", 0);
}

/** The same for one value, such as one of an expression. `place` names it in messages. */
export function marshalValue(value: unknown, place: string): AttributeValue {
  return marshal(value, "", place, 0);
}

/** Where a value stands is put together only where it has to be told: `within` and its own name or index there. */
function marshal(value: unknown, within: string, name: string | number, depth: number): AttributeValue {
  switch (typeof value) {
    case "string":
      if (hasLoneSurrogate(value))
        throw refused(placeOf(within, name), "holds half a surrogate pair, which UTF-8 cannot write");
      return { S: value };
    case "number":
      return { N: numberText(value, within, name) };
    case "bigint":
      return { N: checkedDecimal(value.toString(), within, name) };
    case "boolean":
      return { BOOL: value };
    case "object":
      return value === null ? { NULL: true } : marshalObject(value, placeOf(within, name), depth);
    default:
      throw refused(placeOf(within, name), `is of the type ${typeof value}, which DynamoDB does not have`);
  }
}

function placeOf(within: string, name: string | number): string {
  return (typeof name === "number" ? `${within}[${name}]` : within + name).slice(0, 200);
}

function marshalObject(value: object, place: string, depth: number): AttributeValue {
  if (value instanceof Uint8Array) return { B: value };
  if (value instanceof Set) return marshalSet(value, place);
  if (ExactNumber.isInstance(value)) return { N: checkedDecimal(value.text, place, "") };
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refused(place, "is an invalid Date");
    return { S: value.toISOString() };
  }
  if (depth >= MAX_DEPTH) throw refused(place, `lies deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    // As in JSON, a hole is null: leaving it out would move what follows.
    const elements: readonly unknown[] = value;
    return { L: Array.from(elements, (element, index) => marshal(element ?? null, place, index, depth + 1)) };
  }
  if (!isPlainObject(value)) throw refused(place, "is an instance of a class: make it a plain object");
  return { M: marshalEntries(value, `${place}.`, depth + 1) };
}

function marshalEntries(
  value: Readonly<Record<string, unknown>>,
  within: string,
  depth: number,
): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const name of Object.keys(value)) {
    const element = value[name];
    if (element === undefined) continue;
    // Clients build their requests by assignment, which would lose it.
    if (name === "__proto__") throw refused(`${within}__proto__`, "cannot be the name of an attribute");
    if (hasLoneSurrogate(name))
      throw refused(
        within,
        "has an attribute with half a surrogate pair in its name, which UTF-8 cannot write",
      );
    attributes[name] = marshal(element, within, name, depth);
  }
  return attributes;
}

function marshalSet(set: ReadonlySet<unknown>, place: string): AttributeValue {
  const members = [...set];
  if (members.length === 0) throw refused(place, "is an empty Set, which DynamoDB does not have");
  const texts = members.filter((member) => typeof member === "string");
  if (texts.length === members.length) {
    if (texts.some(hasLoneSurrogate))
      throw refused(place, "holds half a surrogate pair, which UTF-8 cannot write");
    return { SS: texts };
  }
  const numbers = members.filter(
    (member) => typeof member === "number" || typeof member === "bigint" || ExactNumber.isInstance(member),
  );
  if (numbers.length === members.length) {
    return {
      NS: numbers.map((member) =>
        typeof member === "number"
          ? numberText(member, place, "")
          : checkedDecimal(member.toString(), place, ""),
      ),
    };
  }
  const bytes = members.filter((member) => member instanceof Uint8Array);
  if (bytes.length === members.length) return { BS: bytes };
  throw refused(place, "is a Set of other things than only texts, only numbers or only bytes");
}

/** A number has at most 17 significant digits, so only its size has to be looked at. */
function numberText(value: number, within: string, name: string | number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "0" : String(value);
  if (!Number.isFinite(value)) throw refused(placeOf(within, name), "is not a finite number");
  if (Number.isInteger(value)) {
    throw refused(
      placeOf(within, name),
      "is an integer past 2^53, which is no longer exact: use a bigint or a text",
    );
  }
  // What is no integer is below 2^53.
  if (Math.abs(value) < SMALLEST_NUMBER) throw outside(within, name);
  return String(value);
}

/** A text of a number as it is, where DynamoDB holds all its digits. */
function checkedDecimal(text: string, within: string, name: string | number): string {
  const decimal = decimalOf(text);
  if (decimal === undefined) throw outside(within, name);
  const { digits, exponent } = decimal;
  if (digits.length > MAX_NUMBER_DIGITS)
    throw refused(placeOf(within, name), `has more than ${MAX_NUMBER_DIGITS} digits`);
  if (exponent > MAX_NUMBER_EXPONENT || (digits !== "" && exponent < MIN_NUMBER_EXPONENT))
    throw outside(within, name);
  return text;
}

function outside(within: string, name: string | number): KinesisConnectorError {
  return refused(
    placeOf(within, name),
    `lies outside of DynamoDB's numbers, 1E${MIN_NUMBER_EXPONENT} to 9.9E+125`,
  );
}

/** Whether a value is an object of no class, as an item and its maps are. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The error for an output that cannot be an item. */
export function notAnItem(): KinesisConnectorError {
  return refused("the item", "is not a plain object");
}

function refused(place: string, what: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_RECORD_POISON", `DynamoDB cannot hold it: ${place} ${what}`);
}
