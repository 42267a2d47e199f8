import { validationError } from "./errors.js";
import type { SqlParameter } from "./sql/parameters.js";

/** A request's body. */
export type Input = Readonly<Record<string, unknown>>;

/** A member that must be a string when it is there. */
export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw validationError(`${name} must be a string`);
  return value;
}

/** A string that must be there. */
export function text(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === "")
    throw validationError(`Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  return value;
}

/** A whole number within bounds. */
export function optionalNumber(input: Input, name: string, min: number, max: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
    throw validationError(`${name} must be a whole number from ${min} to ${max}`);
  return value;
}

/** One of some words. */
export function optionalWord<Word extends string>(
  input: Input,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const value = optionalText(input, name);
  if (value === undefined) return undefined;
  const word = words.find((each) => each === value);
  if (word === undefined) throw validationError(`${name} must be one of ${words.join(", ")}`);
  return word;
}

/** The texts of a list. */
export function texts(input: Input, name: string, min: number, max: number): readonly string[] {
  const value = input[name];
  if (!Array.isArray(value) || value.length < min || value.length > max)
    throw validationError(`${name} must have ${min} to ${max} members`);
  return value.map((each: unknown) => {
    if (typeof each !== "string") throw validationError(`${name} must be strings`);
    return each;
  });
}

/** `Parameters`: names of letters, digits and underscores, values that are not empty. */
export function sqlParameters(input: Input): readonly SqlParameter[] {
  const value = input["Parameters"];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length === 0) throw validationError("Parameters must have members");
  return value.map((each: unknown) => {
    const parameter = (each ?? {}) as Input;
    const name = text(parameter, "name");
    if (!/^[0-9a-zA-Z_]+$/.test(name))
      throw validationError("A parameter's name has letters, digits and _ only");
    return { name, value: text(parameter, "value") };
  });
}
