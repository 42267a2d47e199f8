import { digitsOf } from "../exact-json.js";
import { fieldOf, isObject, type JsonObject } from "../json-values.js";
import { badRequest } from "./errors.js";

/** Fields of a request, refused with 400 and their name when they are missing or of another type. */
export function object(value: unknown, name: string): JsonObject {
  const field = fieldOf(value, name);
  if (!isObject(field)) throw badRequest(`Cannot parse ${name}: it must be an object`);
  return field;
}

export function text(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  if (typeof field !== "string") throw badRequest(`Cannot parse ${name}: it must be a text`);
  return field;
}

export function integer(value: unknown, name: string): number {
  const field = fieldOf(value, name);
  if (typeof field !== "number" || !Number.isSafeInteger(field))
    throw badRequest(`Cannot parse ${name}: it must be a whole number`);
  return field;
}

/** A number of up to 63 bits, as `parseExact` gives it. */
export function long(value: unknown, name: string): unknown {
  const field = fieldOf(value, name);
  if (!/^-?\d{1,19}$/.test(digitsOf(field) ?? ""))
    throw badRequest(`Cannot parse ${name}: it must be a whole number of 64 bits`);
  return field;
}

export function list(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name);
  if (!Array.isArray(field)) throw badRequest(`Cannot parse ${name}: it must be a list`);
  return field;
}

export function objects(value: unknown, name: string): readonly JsonObject[] {
  return list(value, name).map((one) => {
    if (!isObject(one)) throw badRequest(`Cannot parse ${name}: it must be a list of objects`);
    return one;
  });
}

export function texts(value: unknown, name: string): readonly string[] {
  return list(value, name).map((one) => {
    if (typeof one !== "string") throw badRequest(`Cannot parse ${name}: it must be a list of texts`);
    return one;
  });
}

/** A map of texts; none when it is absent. */
export function textMap(value: unknown, name: string): Readonly<Record<string, string>> {
  const field = fieldOf(value, name);
  if (field === undefined || field === null) return {};
  if (!isObject(field)) throw badRequest(`Cannot parse ${name}: it must be an object`);
  return Object.fromEntries(
    Object.entries(field).map(([key, one]) => {
      if (typeof one !== "string") throw badRequest(`Cannot parse ${name}.${key}: it must be a text`);
      return [key, one];
    }),
  );
}
