import { ExactNumber } from "../json/exact-number.js";
import { invalidOption } from "../errors.js";
import { fieldReader, type FieldReference } from "./field-path.js";

/** Keeps what all of these keep. */
export interface AllCondition {
  readonly all: readonly Condition[];
}

/** Keeps what one of these keeps. */
export interface AnyCondition {
  readonly any: readonly Condition[];
}

/** Keeps what this does not keep. */
export interface NotCondition {
  readonly not: Condition;
}

/** The field is this value. A field that is missing is none, not even null. */
export interface EqualsCondition extends FieldReference {
  readonly equals: string | number | boolean | null;
}

/** The field is one of these values. */
export interface InCondition extends FieldReference {
  readonly in: readonly (string | number | boolean | null)[];
}

/** The field is there (`true`), or it is not (`false`). One that is null is there. */
export interface ExistsCondition extends FieldReference {
  readonly exists: boolean;
}

/** The field is a number above this one, or a text behind this one in the order of code units, as times of ISO 8601 in one zone are. */
export interface GreaterThanCondition extends FieldReference {
  readonly greaterThan: number | string;
}

/** The field is a number below this one, or a text before this one. */
export interface LessThanCondition extends FieldReference {
  readonly lessThan: number | string;
}

/** The field is a text that starts with this one. */
export interface StartsWithCondition extends FieldReference {
  readonly startsWith: string;
}

/** A condition on the fields of an object. */
export type Condition =
  | AllCondition
  | AnyCondition
  | NotCondition
  | EqualsCondition
  | InCondition
  | ExistsCondition
  | GreaterThanCondition
  | LessThanCondition
  | StartsWithCondition;

/**
 * Says whether a value is kept.
 * @inline
 */
type Test = (value: unknown) => boolean;

/**
 * Makes a function of a condition.
 * @param option for messages
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function predicateOf(option: string, condition: Condition): Test {
  if ("all" in condition) {
    const tests = testsOf(`${option}.all`, condition.all);
    return (value) => tests.every((test) => test(value));
  }
  if ("any" in condition) {
    const tests = testsOf(`${option}.any`, condition.any);
    return (value) => tests.some((test) => test(value));
  }
  if ("not" in condition) {
    const test = predicateOf(`${option}.not`, condition.not);
    return (value) => !test(value);
  }
  const read = fieldReader(`${option}.path`, condition.path);
  const test = testOf(option, condition);
  return (value) => test(read(value));
}

function testsOf(option: string, conditions: readonly Condition[]): readonly Test[] {
  if (conditions.length === 0) throw invalidOption(`${option} must have at least one condition`);
  return conditions.map((condition, index) => predicateOf(`${option}.${index}`, condition));
}

function testOf(
  option: string,
  condition: Exclude<Condition, AllCondition | AnyCondition | NotCondition>,
): Test {
  if ("equals" in condition) return (field) => isSame(field, condition.equals);
  if ("in" in condition) {
    const values = condition.in;
    if (values.length === 0) throw invalidOption(`${option}.in must have at least one value`);
    // Of texts there may be thousands, and they are looked up at once.
    const texts = new Set(values.filter((value) => typeof value === "string"));
    const others = values.filter((value) => typeof value !== "string");
    return (field) =>
      typeof field === "string" ? texts.has(field) : others.some((value) => isSame(field, value));
  }
  if ("exists" in condition) return (field) => (field !== undefined) === condition.exists;
  if ("greaterThan" in condition) return (field) => order(field, condition.greaterThan) > 0;
  if ("lessThan" in condition) return (field) => order(field, condition.lessThan) < 0;
  return (field) => typeof field === "string" && field.startsWith(condition.startsWith);
}

function isSame(field: unknown, value: string | number | boolean | null): boolean {
  if (field === value) return true;
  return typeof value === "number" && order(field, value) === 0;
}

/** Negative, zero or positive, and NaN for what cannot be compared. Numbers of many digits are compared by all of them where they are whole. */
function order(field: unknown, value: number | string): number {
  if (typeof value === "string") {
    if (typeof field !== "string") return Number.NaN;
    return field === value ? 0 : field < value ? -1 : 1;
  }
  const number = ExactNumber.isInstance(field) ? Number(field.text) : field;
  if (typeof number !== "number" && typeof number !== "bigint") return Number.NaN;
  return number == value ? 0 : number < value ? -1 : 1;
}
