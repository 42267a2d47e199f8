import { ExactNumber, hasLoneSurrogate, stringifyJson } from "@kinesis-connectors/core";
import { unscaled } from "./decimals.js";
import { daysOf, localOf, microsOf, momentOf } from "./times.js";
import { type Column, isFields, type ScalarName, type StructType, type Type } from "./types.js";

/** Why a value does not fit: the path of its column, and what was found there. Neither holds anything of the value. */
export class Misfit {
  readonly path: string;
  readonly reason: string;
  /** A field has no column: with a column for the rest the row fits all the same. */
  readonly isUnknown: boolean;

  constructor(path: string, reason: string, isUnknown: boolean = false) {
    this.path = path;
    this.reason = reason;
    this.isUnknown = isUnknown;
  }
}

/** A value as the file holds it; null where there is none, and a `Misfit` where it does not fit the column. */
export type Convert = (value: unknown) => unknown;

/** The conversion of a column, made once per schema. */
export function converterOf({ type, required }: Column, path: string): Convert {
  const convert = ofType(type, path);
  const absent = required ? new Misfit(path, "is required, and there is no value") : null;
  return (value) => (value === null || value === undefined ? absent : convert(value));
}

function ofType(type: Type, path: string): Convert {
  switch (type.kind) {
    case "scalar":
      return ofScalar(type.name, path);
    case "timestamp": {
      const { unit, truncates, isLocal = false } = type;
      if (isLocal) {
        const zoned = new Misfit(
          path,
          `takes times without a zone, in ${unit} at most, and within their range`,
        );
        return (value) => localOf(value, unit, truncates) ?? zoned;
      }
      const misfit = new Misfit(
        path,
        `takes moments with a zone, in ${unit} at most, and within their range`,
      );
      return (value) => momentOf(value, unit, truncates) ?? misfit;
    }
    case "decimal": {
      const { precision, scale } = type;
      const misfit = new Misfit(
        path,
        `takes decimals of ${precision} digits, ${scale} of them after the point`,
      );
      return (value) => unscaled(value, precision, scale) ?? misfit;
    }
    case "list":
      return ofList(type.element, path);
    case "map":
      return ofMap(type.key, type.value, path);
    case "struct":
      return type.fields.size === 0 ? ofEmptyStruct(path) : ofStruct(type, path);
    default: {
      const misfit = new Misfit(path, "is new");
      return () => misfit;
    }
  }
}

function ofScalar(name: ScalarName, path: string): Convert {
  const convert = SCALARS[name];
  const misfit = new Misfit(path, name === "timestamp" ? TIMESTAMP_MISFIT : `takes ${name}`);
  return (value) => convert(value) ?? misfit;
}

const TIMESTAMP_MISFIT =
  "takes timestamp with a zone and up to six digits of a second, for more declare { timestamp }";

const INT64_LIMIT = 2n ** 63n;

/** Undefined: does not fit. */
const SCALARS: Readonly<Record<ScalarName, (value: unknown) => unknown>> = {
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
  int32: (value) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    // The zero that is added makes a zero of a minus zero, which the file does not have.
    return typeof number === "number" && (number | 0) === number ? number + 0 : undefined;
  },
  int64: (value) => {
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
    return typeof value === "bigint" && value < INT64_LIMIT && value >= -INT64_LIMIT ? value : undefined;
  },
  float: (value) => {
    const number = exactNumber(value);
    // Rounding is what a float is for; becoming infinite is not.
    return number === undefined || Number.isFinite(Math.fround(number)) === Number.isFinite(number)
      ? number
      : undefined;
  },
  double: exactNumber,
  string: (value) => (typeof value === "string" && !hasLoneSurrogate(value) ? value : undefined),
  bytes: (value) => (value instanceof Uint8Array ? value : undefined),
  date: daysOf,
  timestamp: microsOf,
  uuid: uuidOf,
  json: jsonOf,
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function uuidOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value.length === 16 ? value : undefined;
  if (typeof value !== "string" || !UUID.test(value)) return undefined;
  return Buffer.from(value.replaceAll("-", ""), "hex");
}

function exactNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (ExactNumber.isInstance(value)) return value.toNumber();
  if (typeof value !== "bigint") return undefined;
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : undefined;
}

/** The text of a value as JSON; undefined for functions and circles, which have none. Half a surrogate pair is an escape in it. */
export function jsonOf(value: unknown): string | undefined {
  try {
    return stringifyJson(value);
  } catch {
    return undefined;
  }
}

function ofList(element: Column, path: string): Convert {
  const convert = converterOf(element, `${path}[]`);
  const misfit = new Misfit(path, "takes lists");
  return (value) => {
    if (!Array.isArray(value)) return misfit;
    const converted: unknown[] = [];
    for (const item of value) {
      const found = convert(item);
      if (found instanceof Misfit) return found;
      converted.push(found);
    }
    return converted;
  };
}

/** As the writer takes maps: a list of pairs. */
function ofMap(key: Column, value: Column, path: string): Convert {
  const convertKey = converterOf(key, `${path} keys`);
  const convertValue = converterOf(value, `${path} values`);
  const misfit = new Misfit(path, "takes maps");
  return (map) => {
    const pairs = map instanceof Map ? map : isFields(map) ? Object.entries(map) : undefined;
    if (pairs === undefined) return misfit;
    const converted: { readonly key: unknown; readonly value: unknown }[] = [];
    for (const [name, item] of pairs) {
      const pair = { key: convertKey(name), value: convertValue(item) };
      if (pair.key instanceof Misfit) return pair.key;
      if (pair.value instanceof Misfit) return pair.value;
      converted.push(pair);
    }
    return converted;
  };
}

function ofStruct({ fields }: StructType, path: string): Convert {
  const converters = new Map(
    [...fields].map(([name, field]) => [name, converterOf(field, `${path}.${name}`)]),
  );
  const required = requiredOf(fields, converters);
  const misfit = new Misfit(path, "takes objects");
  // Without a prototype __proto__ is a field like any other; with one, objects are a multiple smaller and faster.
  const empty = (): Record<string, unknown> =>
    fields.has("__proto__") ? (Object.create(null) as Record<string, unknown>) : {};
  return (value) => {
    if (!isFields(value)) return misfit;
    const converted = empty();
    const names = Object.keys(value);
    for (let nth = 0; nth < names.length; nth += 1) {
      const name = names[nth] ?? "";
      const convert = converters.get(name);
      const found = convert === undefined ? unknownField(value[name], path, nth) : convert(value[name]);
      if (found instanceof Misfit) return found;
      if (convert !== undefined) converted[name] = found;
    }
    for (const { name, absent } of required) if (converted[name] === undefined) return absent;
    return converted;
  };
}

/** The required columns, each with what to say where a row has no such field. */
export function requiredOf(
  fields: ReadonlyMap<string, Column>,
  converters: ReadonlyMap<string, Convert>,
): readonly { readonly name: string; readonly absent: unknown }[] {
  return [...fields]
    .filter(([, { required }]) => required)
    .map(([name]) => ({ name, absent: converters.get(name)?.(undefined) }));
}

/** A field without a column fits if there is nothing in it. It is told by its place: its name is the record's, not the schema's. */
export function unknownField(value: unknown, path: string, nth: number): Misfit | undefined {
  if (value === null || value === undefined) return undefined;
  return new Misfit(path, `has no column for field number ${nth + 1} of the record`, true);
}

/** Parquet has no struct without fields: as long as only empty objects have been seen, their text is written. */
function ofEmptyStruct(path: string): Convert {
  const misfit = new Misfit(path, "takes empty objects");
  return (value) => {
    if (!isFields(value)) return misfit;
    for (const [nth, name] of Object.keys(value).entries()) {
      const found = unknownField(value[name], path, nth);
      if (found !== undefined) return found;
    }
    return "{}";
  };
}
