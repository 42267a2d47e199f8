import { notEmulated, OpenSearchError } from "./errors.js";
import { fieldOf, isObject, type JsonObject, textOf } from "./values.js";

/** The field types that are told apart; others are refused when an index is made. */
const TYPES = ["boolean", "date", "double", "float", "integer", "keyword", "long", "object", "text"] as const;
type FieldType = (typeof TYPES)[number];

/** ISO dates are recognised in texts (OpenSearch "Dynamic mapping", date detection). */
const DATE =
  /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/u;

/** The types of an index's fields, by their dotted paths. */
export interface Mapping {
  /** Throws what the service says to a document that does not fit; remembers new fields otherwise. Changes nothing when it throws. */
  readonly admit: (id: string, source: JsonObject) => void;
}

/** Reads the `mappings` of an index; without them every field is new. */
export function createMapping(mappings: unknown): Mapping {
  const known = new Map<string, FieldType>();
  const dynamic = fieldOf(mappings, "dynamic");
  const strict = dynamic === "strict";
  if (dynamic !== undefined && dynamic !== "strict" && dynamic !== true && dynamic !== "true")
    throw notEmulated("mappings.dynamic other than true and strict");
  declare(known, "", mappings);
  return {
    admit: (id, source) => {
      const found = new Map<string, FieldType>();
      visit(source, "", (path, value) => {
        const type = known.get(path) ?? found.get(path);
        if (type !== undefined) {
          if (!fits(type, value)) throw misfit(path, type, id, value);
          return;
        }
        if (strict) {
          throw new OpenSearchError(
            "strict_dynamic_mapping_exception",
            `mapping set to strict, dynamic introduction of [${path}] within [_doc] is not allowed`,
          );
        }
        found.set(path, dynamicTypeOf(value));
      });
      for (const [path, type] of found) known.set(path, type);
    },
  };
}

function declare(known: Map<string, FieldType>, prefix: string, parent: unknown): void {
  const properties = fieldOf(parent, "properties");
  if (!isObject(properties)) return;
  for (const [name, definition] of Object.entries(properties)) {
    const type = textOf(definition, "type") ?? "object";
    const isKnown = (TYPES as readonly string[]).includes(type);
    if (!isKnown) throw notEmulated(`fields of type ${type}`);
    known.set(prefix + name, type as FieldType);
    declare(known, `${prefix}${name}.`, definition);
  }
}

/** Calls back for each value and object of a document; the values of a list are values of its field. */
function visit(parent: JsonObject, prefix: string, see: (path: string, value: unknown) => void): void {
  for (const [name, field] of Object.entries(parent)) {
    const values: readonly unknown[] = Array.isArray(field) ? (field.flat(16) as unknown[]) : [field];
    for (const value of values) {
      if (value === null) continue;
      see(prefix + name, value);
      if (isObject(value)) visit(value, `${prefix}${name}.`, see);
    }
  }
}

function dynamicTypeOf(value: unknown): FieldType {
  if (isObject(value)) return "object";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "long" : "float";
  return typeof value === "string" && DATE.test(value) && value.length >= 10 ? "date" : "text";
}

function fits(type: FieldType, value: unknown): boolean {
  if (isObject(value)) return type === "object";
  switch (type) {
    case "object":
      return false;
    case "text":
    case "keyword":
      return true;
    case "boolean":
      return typeof value === "boolean" || value === "true" || value === "false" || value === "";
    case "date":
      return (
        typeof value === "number" ||
        (typeof value === "string" && (DATE.test(value) || /^-?\d+$/u.test(value)))
      );
    default:
      return (
        typeof value === "number" ||
        (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
      );
  }
}

function misfit(path: string, type: FieldType, id: string, value: unknown): OpenSearchError {
  const reason =
    type === "object"
      ? `object mapping for [${path}] tried to parse field [${path}] as object, but found a concrete value`
      : `failed to parse field [${path}] of type [${type}] in document with id '${id}'. Preview of field's value: '${JSON.stringify(value)}'`;
  return new OpenSearchError("mapper_parsing_exception", reason);
}
