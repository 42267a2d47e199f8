import { textOf } from "./inputs.js";

interface Toggle {
  readonly kind: "boolean";
  readonly default: false;
  readonly withNegated: false;
  readonly brief: string;
}

interface Parsed<Value> {
  readonly kind: "parsed";
  readonly parse: (text: string) => Value;
  readonly brief: string;
  readonly placeholder: string;
}

interface Optional<Value> extends Parsed<Value> {
  readonly optional: true;
}

interface Repeated<Value> extends Optional<Value> {
  readonly variadic: true;
}

interface WithDefault<Value> extends Parsed<Value> {
  readonly default: string;
}

/** A flag that says yes by being there. */
export function toggle(brief: string): Toggle {
  return { kind: "boolean", default: false, withNegated: false, brief };
}

/** A flag that may be left out. */
export function optional<Value>(
  parse: (text: string) => Value,
  brief: string,
  placeholder: string,
): Optional<Value> {
  return { kind: "parsed", parse, optional: true, brief, placeholder };
}

/** A text that may be left out. */
export function optionalText(brief: string, placeholder: string): Optional<string> {
  return optional(textOf, brief, placeholder);
}

/** A flag that may be left out, and be there several times. */
export function repeated<Value>(
  parse: (text: string) => Value,
  brief: string,
  placeholder: string,
): Repeated<Value> {
  return { ...optional(parse, brief, placeholder), variadic: true };
}

/** A flag that stands for something when it is left out. */
export function withDefault<Value>(
  parse: (text: string) => Value,
  byDefault: string,
  brief: string,
  placeholder: string,
): WithDefault<Value> {
  return { kind: "parsed", parse, default: byDefault, brief, placeholder };
}
