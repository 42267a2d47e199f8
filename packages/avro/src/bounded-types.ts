import avsc, { type Schema, type Type } from "avsc";
import {
  countEmptyItem,
  DamagedData,
  readBlockCount,
  readInt,
  readLong,
  readText,
  requireWithin,
  type Tap,
} from "./tap.js";

/** The part of a type that reads, which avsc's declarations leave out: `_read` and `_skip` of lib/types.js, 5.7.9. */
interface Reading {
  readonly _read: (tap: Tap) => unknown;
  readonly _skip: (tap: Tap) => void;
}

/** What avsc has a resolver read by. */
interface Resolving {
  _read: (tap: Tap) => unknown;
}

/** A type, or the resolver of two, as what it reads by. */
function readingOf(type: unknown): Reading {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `Reading`
  return type as Reading;
}

/** Ints of 32 bits: avsc takes as many as there are. */
class Int extends avsc.types.IntType {
  _read(tap: Tap): number {
    return readInt(tap);
  }
}

/** A byte that is one of both. */
class Bool extends avsc.types.BooleanType {
  _read(tap: Tap): boolean {
    const byte = tap.buf[tap.pos];
    tap.pos += 1;
    if (byte !== undefined && byte > 1)
      throw new DamagedData("hold a boolean that is neither true nor false");
    return byte === 1;
  }
}

/** Longs in full. avsc's own refuse what a double does not hold. */
class Long extends avsc.types.LongType {
  _read(tap: Tap): number | bigint {
    return readLong(tap);
  }
}

/** A long that the reader's schema takes for a double is one, rounded, as the specification has it. */
function promotedLong(resolver: Resolving, type: Type): boolean {
  if (!(type instanceof Long)) return false;
  resolver._read = (tap) => Number(readLong(tap));
  return true;
}

const doubleUpdate = updateOf(avsc.types.DoubleType);
const floatUpdate = updateOf(avsc.types.FloatType);

type Update = (this: object, resolver: Resolving, type: Type, options: unknown) => void;

function updateOf(of: { readonly prototype: object }): Update {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `Reading`
  return Reflect.get(of.prototype, "_update") as Update;
}

class Double extends avsc.types.DoubleType {
  _update(resolver: Resolving, type: Type, options: unknown): void {
    if (!promotedLong(resolver, type)) doubleUpdate.call(this, resolver, type, options);
  }
}

class Float extends avsc.types.FloatType {
  _update(resolver: Resolving, type: Type, options: unknown): void {
    if (!promotedLong(resolver, type)) floatUpdate.call(this, resolver, type, options);
  }
}

/** Texts that are UTF-8. */
class Text extends avsc.types.StringType {
  _read(tap: Tap): string {
    return readText(tap);
  }
}

/** Arrays that end with their record. */
class List extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = readingOf(this.itemsType);
    const list: unknown[] = [];
    for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        const start = tap.pos;
        list.push(items._read(tap));
        if (tap.pos === start) countEmptyItem(tap);
        else requireWithin(tap);
      }
    }
    return list;
  }

  _skip(tap: Tap): void {
    const items = readingOf(this.itemsType);
    for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        const start = tap.pos;
        items._skip(tap);
        requireWithin(tap);
        // Nothing of the block is left to skip.
        if (tap.pos === start) break;
      }
    }
  }
}

/** Maps that end with their record, and whose keys are all keys. */
class Dictionary extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = readingOf(this.valuesType);
    const map: Record<string, unknown> = {};
    for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        const key = readText(tap);
        const value = values._read(tap);
        requireWithin(tap);
        if (key === "__proto__")
          Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
        else map[key] = value;
      }
    }
    return map;
  }

  _skip(tap: Tap): void {
    const values = readingOf(this.valuesType);
    for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) {
        tap.skipString();
        values._skip(tap);
        requireWithin(tap);
      }
    }
  }
}

/** Makes the types above of their schemas, and the others with values that are plain, in the place of avsc's own. */
export function boundedTypes(schema: Schema, options: object): Type | undefined {
  if (typeof schema !== "object" || !("type" in schema) || typeof schema.type !== "string") return undefined;
  requireNames(schema);
  const type = typeOf(schema.type, schema, options);
  return type === undefined ? undefined : withPlainValues(type);
}

/** avsc writes each field by assignment, and `__proto__` would be no field but what the model inherits from. */
function requireNames(schema: object): void {
  const { name, fields }: { name?: unknown; fields?: unknown } = schema;
  const named: unknown[] = [name];
  if (Array.isArray(fields))
    for (const field of fields as unknown[])
      if (typeof field === "object" && field !== null && "name" in field) named.push(field.name);
  if (named.some((one) => typeof one === "string" && one.split(".").includes("__proto__")))
    throw new Error(
      "it names a type or a field __proto__, which no JavaScript object can hold as a member of its own",
    );
}

function typeOf(name: string, schema: Schema, options: object): Type | undefined {
  switch (name) {
    case "boolean":
      return new Bool();
    case "int":
      return new Int();
    case "long":
      return new Long();
    case "double":
      return new Double();
    case "float":
      return new Float();
    case "string":
      return new Text();
    case "bytes":
      return new avsc.types.BytesType();
    case "enum":
      return new avsc.types.EnumType(schema, options);
    case "fixed":
      return new avsc.types.FixedType(schema, options);
    case "array":
      return new List(schema, options);
    case "map":
      return new Dictionary(schema, options);
    case "record":
      return new avsc.types.RecordType(schema, options);
    default:
      return undefined;
  }
}

/** avsc makes a class for each record, and for each branch of a union that is shown by name. Destinations take plain objects, and refuse instances of classes. */
function withPlainValues(type: Type): Type {
  for (const name of ["recordConstructor", "_branchConstructor"]) {
    const made: unknown = Reflect.get(type, name);
    if (typeof made === "function") made.prototype = Object.prototype;
  }
  return type;
}
