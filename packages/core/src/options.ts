import { KinesisConnectorError } from "./errors.js";

/**
 * Checks a number among a caller's options.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option, what it takes and what it got
 */
export function wholeNumber(
  option: string,
  value: number,
  range: { readonly min: number; readonly max?: number },
): number {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  if (value === undefined) throw missing(option);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const upTo = range.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `${option} must be a whole number ${upTo}, but is ${shownOption(value)}`,
  );
}

/**
 * Checks a text among a caller's options: not empty, no blanks around it.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function nonEmptyText(option: string, value: string): string {
  if (value === undefined) throw missing(option);
  if (typeof value === "string" && value !== "" && value.trim() === value) return value;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `${option} must be a text without blanks around it, but is ${shownOption(value)}`,
  );
}

function missing(option: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", `${option} is missing`);
}

/** Whether a value is an object, of which members can be asked. */
export function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** What kind of thing a value is, and nothing of what is in it: for messages about what code gave. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** An option's value: texts in quotes, because the caller wrote them. */
function shownOption(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  return typeof value === "number" || typeof value === "boolean"
    ? `${value}`
    : `of type ${value === null ? "null" : typeof value}`;
}
