import { unreadable, validation } from "../errors.js";
import { type Input, isInput, WireTime } from "./values.js";

// Each reader checks one member. The words of the messages follow those of the service's model validation, as found in
// error texts of the SDKs' users.
const wrongType = (name: string, wanted: string) => unreadable(`${name} is not ${wanted}`);

function constraint(name: string, value: unknown, rule: string): Error {
  const shown = typeof value === "string" || typeof value === "number" ? `'${value}'` : "null";
  return validation(
    `1 validation error detected: Value ${shown} at '${name}' failed to satisfy constraint: Member must ${rule}`,
  );
}

export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType(name, "a string");
  return value;
}

export function text(input: Input, name: string, maxLength = 2048): string {
  const value = optionalText(input, name);
  if (value === undefined) throw constraint(name, value, "not be null");
  if (value.length === 0 || value.length > maxLength)
    throw constraint(name, value, `have length between 1 and ${maxLength}`);
  return value;
}

/** One of a few words. */
export function word<Word extends string>(input: Input, name: string, words: readonly Word[]): Word {
  const value = text(input, name);
  const known = words.find((candidate) => candidate === value);
  if (known === undefined) throw constraint(name, value, `satisfy enum value set: [${words.join(", ")}]`);
  return known;
}

export function optionalInteger(input: Input, name: string, min: number, max: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType(name, "an integer");
  if (value < min) throw constraint(name, value, `have value greater than or equal to ${min}`);
  if (value > max) throw constraint(name, value, `have value less than or equal to ${max}`);
  return value;
}

export function integer(input: Input, name: string, min: number, max: number): number {
  const value = optionalInteger(input, name, min, max);
  if (value === undefined) throw constraint(name, value, "not be null");
  return value;
}

/** Milliseconds since 1970. JSON carries seconds with a fraction, CBOR a tagged time. */
export function optionalTime(input: Input, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (value instanceof WireTime) return value.ms;
  if (typeof value !== "number") throw wrongType(name, "a timestamp");
  return Math.round(value * 1000);
}

export function structure(input: Input, name: string): Input {
  const value = input[name];
  if (value === undefined || value === null) throw constraint(name, value, "not be null");
  if (!isInput(value)) throw wrongType(name, "a structure");
  return value;
}

export function list(input: Input, name: string): readonly unknown[] {
  const value: unknown = input[name];
  if (value === undefined || value === null) throw constraint(name, value, "not be null");
  if (!Array.isArray(value)) throw wrongType(name, "a list");
  return value;
}

export function textList(input: Input, name: string): readonly string[] {
  return list(input, name).map((element) => {
    if (typeof element !== "string") throw wrongType(name, "a list of strings");
    return element;
  });
}

/** A blob: base64 text in JSON, a byte string in CBOR, with its length in bytes. Kept in the form it came in. */
export function blob(input: Input, name: string): { readonly data: string | Buffer; readonly bytes: number } {
  const value = input[name];
  if (value === undefined || value === null) throw constraint(name, value, "not be null");
  if (Buffer.isBuffer(value)) return { data: value, bytes: value.length };
  if (typeof value !== "string" || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/u.test(value))
    throw wrongType(name, "base64");
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  return { data: value, bytes: (value.length / 4) * 3 - padding };
}
