import { ExactNumber } from "../json/exact-number.js";
import { invalidOption, poisonRecord } from "../errors.js";

/** The way to a field: names with dots between them, `user.country`; or a list of names, where one has a dot in it. Positions in arrays are names too: `tags.0`. */
export type FieldPath = string | readonly string[];

/** A field of an output. */
export interface FieldReference {
  readonly path: FieldPath;
}

/** Names that lead to the engine's own objects, and no data has. */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A number or text that a field holds, as far as it names something.
 * @inline
 */
type Scalar = string | number | bigint | boolean | ExactNumber;

/**
 * Reads a field: what an object itself has, never what it inherits. Undefined where there is none.
 * @param option for the message
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a path that leads nowhere
 */
export function fieldReader(option: string, path: FieldPath): (value: unknown) => unknown {
  const names = typeof path === "string" ? path.split(".") : path;
  if (names.length === 0 || names.some((name) => typeof name !== "string" || name === ""))
    throw invalidOption(`${option} must name a field, such as country or user.country`);
  if (names.some((name) => FORBIDDEN.has(name)))
    throw invalidOption(`${option} must not have __proto__, constructor or prototype in it`);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return (value) => memberOf(value, only);
  return (value) => {
    let found = value;
    for (const name of names) found = memberOf(found, name);
    return found;
  };
}

/**
 * Reads a field that names something, as a text: texts as they are, numbers and booleans as JSON writes them.
 * @param option for messages
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a path that leads nowhere; what is returned throws `KC_RECORD_POISON` where the field holds no such value
 */
export function textReader(option: string, path: FieldPath): (value: unknown) => string {
  const read = fieldReader(option, path);
  return (value) => {
    const found = read(value);
    if (isScalar(found)) return ExactNumber.isInstance(found) ? found.text : String(found);
    throw poisonRecord(`the record has no text or number at ${option}`);
  };
}

/** Whether it is a text, a number or a boolean. */
export function isScalar(value: unknown): value is Scalar {
  return (
    typeof value === "string" ||
    typeof value === "bigint" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value)) ||
    ExactNumber.isInstance(value)
  );
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
