import { notEmulated, OpenSearchError, type ErrorCause } from "./errors.js";
import { dynamicField, type Field, immenseTerm, isFieldType, misfitOf } from "./field-types.js";
import { numberSetting, type Settings, settingText } from "./settings.js";
import { fieldOf, isObject, type JsonObject, textOf } from "../json-values.js";

/** Fields that belong to the service (OpenSearch, MapperService). */
const METADATA = new Set([
  "_data_stream_timestamp",
  "_doc_count",
  "_field_names",
  "_id",
  "_ignored",
  "_index",
  "_nested_path",
  "_routing",
  "_seq_no",
  "_source",
  "_version",
]);

/** Defaults of `index.mapping.total_fields.limit` and `index.mapping.depth.limit`. */
const MAX_FIELDS = 1_000;
const MAX_DEPTH = 20;

/** The types of an index's fields, by their dotted paths. */
export interface Mapping {
  /** Throws what the service says to a document that does not fit; remembers new fields otherwise. Changes nothing when it throws. */
  readonly admit: (id: string, source: JsonObject) => void;
}

/** Reads the `mappings` of an index; without them every field is new. */
export function createMapping(mappings: unknown, settings: Settings, isDataStream: boolean): Mapping {
  const known = new Map<string, Field>();
  const maxFields = numberSetting(settings, "index.mapping.total_fields.limit", MAX_FIELDS);
  const maxDepth = numberSetting(settings, "index.mapping.depth.limit", MAX_DEPTH);
  const dynamic = settingText(fieldOf(mappings, "dynamic") ?? "true");
  if (!["strict", "true", "false"].includes(dynamic)) throw notEmulated(`mappings.dynamic: ${dynamic}`);
  let count = declare(known, "", mappings);
  requireRoom(count);
  if (isDataStream && !known.has("@timestamp")) known.set("@timestamp", { type: "date" });

  function requireRoom(fields: number): void {
    if (fields <= maxFields) return;
    throw new OpenSearchError(
      "illegal_argument_exception",
      `Limit of total fields [${maxFields}] has been exceeded`,
    );
  }

  return {
    admit: (id, source) => {
      const found = new Map<string, Field>();
      const terms: string[] = [];
      let deepest = 0;
      visit(source, "", 1, (path, value, depth) => {
        // Objects in objects are counted as they are read, names with dots when they become fields.
        if (depth > maxDepth)
          throw unparsable({
            type: "parse_exception",
            reason: `The depth of the field has exceeded the allowed limit of [${maxDepth}]. This limit can be set by changing the [index.mapping.depth.limit] index level setting.`,
          });
        if (value === null) return;
        let field = known.get(path) ?? found.get(path);
        if (field === undefined) {
          if (dynamic === "false") return;
          if (dynamic === "strict")
            throw new OpenSearchError(
              "strict_dynamic_mapping_exception",
              `mapping set to strict, dynamic introduction of [${path}] within [_doc] is not allowed`,
            );
          field = dynamicField(value);
          found.set(path, field);
          deepest = Math.max(deepest, path.split(".").length);
        }
        if (field.type === "object") {
          if (!isObject(value))
            throw new OpenSearchError(
              "mapper_parsing_exception",
              `object mapping for [${path}] tried to parse field [${path}] as object, but found a concrete value`,
            );
          return;
        }
        const cause = misfitOf(field, value);
        if (cause !== undefined) throw misfit(path, field.type, id, cause);
        const term = immenseTerm(path, field, value);
        if (term !== undefined) terms.push(term);
      });
      if (isDataStream) requireTimestamp(source["@timestamp"]);
      if (deepest > maxDepth)
        throw new OpenSearchError(
          "illegal_argument_exception",
          `Limit of mapping depth [${maxDepth}] has been exceeded`,
        );
      // A text is searchable as a whole in a field of its own beside it.
      const added = [...found.values()].reduce((sum, { type }) => sum + (type === "text" ? 2 : 1), 0);
      requireRoom(count + added);
      const [immense] = terms;
      if (immense !== undefined)
        throw new OpenSearchError("illegal_argument_exception", immense, 400, {
          type: "max_bytes_length_exceeded_exception",
          reason: "bytes can be at most 32766 in length",
        });
      for (const [path, field] of found) known.set(path, field);
      count += added;
    },
  };
}

function declare(known: Map<string, Field>, prefix: string, parent: unknown): number {
  const properties = fieldOf(parent, "properties");
  if (!isObject(properties)) return 0;
  let count = 0;
  for (const [name, definition] of Object.entries(properties)) {
    const type = textOf(definition, "type") ?? "object";
    if (!isFieldType(type)) throw notEmulated(`fields of type ${type}`);
    const ignoreAbove = fieldOf(definition, "ignore_above");
    known.set(prefix + name, { type, ...(typeof ignoreAbove === "number" ? { ignoreAbove } : {}) });
    const inner = fieldOf(definition, "fields");
    count += 1 + (isObject(inner) ? Object.keys(inner).length : 0);
    count += declare(known, `${prefix}${name}.`, definition);
  }
  return count;
}

type See = (path: string, value: unknown, depth: number) => void;

/** Calls back for each value and object of a document; the values of a list are values of its field. */
function visit(parent: JsonObject, prefix: string, depth: number, see: See): void {
  for (const [name, value] of Object.entries(parent)) {
    if (prefix === "" && METADATA.has(name))
      throw misfit(name, name, "", {
        type: "mapper_parsing_exception",
        reason: `Field [${name}] is a metadata field and cannot be added inside a document. Use the index API request parameters.`,
      });
    const parts = partsOf(name);
    // A name with dots is an object for each of its parts but the last.
    for (let at = 1; at < parts.length; at += 1) see(prefix + parts.slice(0, at).join("."), {}, depth);
    visitValue(value, prefix + parts.join("."), depth, 0, see);
  }
}

function visitValue(value: unknown, path: string, depth: number, lists: number, see: See): void {
  if (Array.isArray(value)) {
    if (lists >= MAX_DEPTH)
      throw unparsable({
        type: "parse_exception",
        reason: `The depth of the nested array field has exceeded the allowed limit of [${MAX_DEPTH}]. This limit can be set by changing the [index.mapping.depth.limit] index level setting.`,
      });
    for (const element of value) visitValue(element, path, depth, lists + 1, see);
    return;
  }
  see(path, value, depth);
  if (isObject(value)) visit(value, `${path}.`, depth + 1, see);
}

/** The parts of a field's name (OpenSearch, DocumentParser.splitAndValidatePath): a point at its end alone is passed over. */
function partsOf(name: string): readonly string[] {
  if (!name.includes(".")) {
    if (name === "") throw unparsable(illegal("field name cannot be an empty string"));
    return [name];
  }
  const parts = name.split(".");
  while (parts.at(-1) === "") parts.pop();
  if (parts.length === 0) throw unparsable(illegal("field name cannot contain only the character [.]"));
  for (const part of parts) {
    if (part.trim() !== "") continue;
    throw unparsable(
      illegal(
        part === ""
          ? `object field starting or ending with a [.] makes object resolution ambiguous: [${name}]`
          : `object field cannot contain only whitespace: ['${name}']`,
      ),
    );
  }
  return parts;
}

/** A document of a data stream has one time (OpenSearch, DataStreamFieldMapper). */
function requireTimestamp(value: unknown): void {
  if (value !== undefined && value !== null && (!Array.isArray(value) || value.length === 1)) return;
  throw unparsable(
    illegal("documents must contain a single-valued timestamp field '@timestamp' of date type"),
  );
}

function misfit(path: string, type: string, id: string, cause: ErrorCause): OpenSearchError {
  return new OpenSearchError(
    "mapper_parsing_exception",
    `failed to parse field [${path}] of type [${type}] in document with id '${id}'`,
    400,
    cause,
  );
}

function unparsable(cause: ErrorCause): OpenSearchError {
  return new OpenSearchError("mapper_parsing_exception", "failed to parse", 400, cause);
}

function illegal(reason: string): ErrorCause {
  return { type: "illegal_argument_exception", reason };
}
