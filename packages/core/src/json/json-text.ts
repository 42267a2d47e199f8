import { types } from "node:util";
import { poisonRecord } from "../errors.js";
import { ExactNumber } from "./exact-number.js";

/**
 * A value as JSON, as `JSON.stringify` writes it, with bigints and `ExactNumber`s as the numbers that they are. Undefined for what has no JSON form, such
 * as a function.
 * @throws TypeError for a circular object, and what a `toJSON` throws. A message of the engine may hold names out of the value: it is not for logs.
 */
export function stringifyJson(value: unknown): string | undefined {
  try {
    // Undefined for functions and symbols, in spite of its type.
    return JSON.stringify(value);
  } catch {
    // Nearly always one of the numbers that it does not know.
    return written(value, "", new Set());
  }
}

/**
 * An output as the JSON document that is written of it.
 * @throws KinesisConnectorError `KC_RECORD_POISON` for what has no JSON form
 */
export function jsonOfOutput(output: unknown): string {
  let document: string | undefined;
  try {
    document = stringifyJson(output);
  } catch {
    // The engine's message names keys and classes of the record, so it is not kept.
    throw poisonRecord("the output cannot be written as JSON: it is circular, or its toJSON failed");
  }
  if (document !== undefined) return document;
  throw poisonRecord(
    `an output of type ${typeof output} has no JSON form; return an object, or nothing to drop it`,
  );
}

function written(value: unknown, name: string, within: Set<object>): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (ExactNumber.isInstance(value)) return value.text;
  if (types.isBoxedPrimitive(value)) return JSON.stringify(value);
  if ("toJSON" in value && typeof value.toJSON === "function")
    return written(withoutToJson(Reflect.apply(value.toJSON, value, [name])), name, within);
  return writtenMembers(value, within);
}

/** What a `toJSON` gives is not asked for its own `toJSON`. */
function withoutToJson(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("toJSON" in given) || ExactNumber.isInstance(given))
    return given;
  return Array.isArray(given) ? [...(given as readonly unknown[])] : { ...given, toJSON: undefined };
}

function writtenMembers(value: object, within: Set<object>): string {
  if (within.has(value)) throw new TypeError("a circular object has no JSON form");
  within.add(value);
  let text: string;
  if (Array.isArray(value)) {
    const elements: readonly unknown[] = value;
    text = `[${Array.from(elements, (element, at) => written(element, String(at), within) ?? "null").join(",")}]`;
  } else {
    const members: string[] = [];
    for (const [name, member] of Object.entries(value) as [string, unknown][]) {
      const json = written(member, name, within);
      if (json !== undefined) members.push(`${JSON.stringify(name)}:${json}`);
    }
    text = `{${members.join(",")}}`;
  }
  within.delete(value);
  return text;
}

/** ECMAScript 2024, which Node 20 has and its types do not know: of a text of one byte per character it knows without looking. */
type Text = string & { readonly isWellFormed: () => boolean };

/** Whether a text holds half a surrogate pair, which has no form in UTF-8: what writes it puts U+FFFD in its place. */
export function hasLoneSurrogate(text: string): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return !(text as Text).isWellFormed();
}

/** As `JSON.stringify` escapes it (ECMA-262, QuoteJSONString); a backslash before it makes it a text that only looks so. */
const ESCAPED_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/;

/** Whether a text that `JSON.stringify` or `stringifyJson` wrote holds half a surrogate pair, which is an escape there. */
export function jsonHasLoneSurrogate(json: string): boolean {
  return json.includes(String.raw`\ud`) && ESCAPED_SURROGATE.test(json);
}
