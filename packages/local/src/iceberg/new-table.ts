import { fieldOf, isObject, type JsonObject } from "../json-values.js";
import { integer, object, objects, text, textMap } from "./checked.js";
import { badRequest } from "./errors.js";
import {
  FIRST_PARTITION_ID,
  type Schema,
  type SortOrder,
  type Spec,
  type TableMetadata,
} from "./metadata.js";

/** Properties that name a part of the metadata instead of being kept (`TableProperties.RESERVED_PROPERTIES`). */
const RESERVED = new Set([
  "format-version",
  "uuid",
  "snapshot-count",
  "current-snapshot-summary",
  "current-snapshot-id",
  "current-snapshot-timestamp-ms",
  "current-schema",
  "default-partition-spec",
  "default-sort-order",
]);

/** A table without anything: what a create transaction (`assert-create`) starts from. */
export function emptyTable(uuid: string, now: number): TableMetadata {
  return {
    "format-version": 2,
    "table-uuid": uuid,
    location: "",
    "last-sequence-number": 0,
    "last-updated-ms": now,
    "last-column-id": 0,
    "current-schema-id": -1,
    schemas: [],
    "default-spec-id": -1,
    "partition-specs": [],
    "last-partition-id": FIRST_PARTITION_ID - 1,
    "default-sort-order-id": -1,
    "sort-orders": [],
    properties: {},
    "current-snapshot-id": -1,
    refs: {},
    snapshots: [],
    statistics: [],
    "partition-statistics": [],
    "snapshot-log": [],
    "metadata-log": [],
  };
}

/**
 * The first metadata of a table (`CreateTableRequest`). Columns get new ids in the order of Iceberg's own server, whatever ids were sent: those of a struct
 * first, then those inside them; partition and sort fields follow their columns.
 */
export function newTable(request: JsonObject, location: string, uuid: string, now: number): TableMetadata {
  const { schema, newIdOf, lastColumnId } = freshSchema(object(request, "schema"));
  const sourceOf = (field: JsonObject): number => {
    const source = newIdOf.get(integer(field, "source-id"));
    if (source === undefined) throw badRequest(`Cannot find source column: ${integer(field, "source-id")}`);
    return source;
  };
  const given = fieldsOf(request, "partition-spec");
  const spec: Spec = {
    "spec-id": 0,
    fields: given.map((field, at) => ({
      "source-id": sourceOf(field),
      "field-id": FIRST_PARTITION_ID + at,
      transform: text(field, "transform"),
      name: text(field, "name"),
    })),
  };
  const sorted = fieldsOf(request, "write-order").map((field) =>
    withField(field, "source-id", sourceOf(field)),
  );
  const order: SortOrder = { "order-id": sorted.length === 0 ? 0 : 1, fields: sorted };
  const properties = textMap(request, "properties");
  const version = properties["format-version"] ?? "2";
  if (version !== "2") throw badRequest(`[local] not emulated: format version ${version.slice(0, 100)}`);
  return {
    ...emptyTable(uuid, now),
    location,
    "last-column-id": lastColumnId,
    "current-schema-id": 0,
    schemas: [schema],
    "default-spec-id": 0,
    "partition-specs": [spec],
    "last-partition-id": FIRST_PARTITION_ID - 1 + given.length,
    "default-sort-order-id": order["order-id"],
    "sort-orders": [order],
    properties: {
      // Set on new tables since 1.4.0 (`TableProperties.PARQUET_COMPRESSION_DEFAULT_SINCE_1_4_0`).
      "write.parquet.compression-codec": "zstd",
      ...Object.fromEntries(Object.entries(properties).filter(([name]) => !RESERVED.has(name))),
    },
  };
}

function fieldsOf(request: JsonObject, name: string): readonly JsonObject[] {
  const given = fieldOf(request, name);
  return given === undefined || given === null ? [] : objects(given, "fields");
}

function withField(object: JsonObject, name: string, value: unknown): JsonObject {
  return { ...object, [name]: value };
}

interface FreshSchema {
  readonly schema: Schema;
  readonly newIdOf: ReadonlyMap<number, number>;
  readonly lastColumnId: number;
}

/** `TypeUtil.assignFreshIds`. */
function freshSchema(given: JsonObject): FreshSchema {
  const newIdOf = new Map<number, number>();
  let last = 0;
  const next = (old: unknown): number => {
    last += 1;
    if (typeof old === "number") newIdOf.set(old, last);
    return last;
  };
  const fresh = (type: unknown): unknown => {
    if (typeof type === "string") return type;
    if (!isObject(type)) throw badRequest("Cannot parse type: it must be a text or an object");
    switch (type["type"]) {
      case "struct":
        return { ...type, fields: freshFields(objects(type, "fields")) };
      case "list": {
        const id = next(type["element-id"]);
        return { ...type, "element-id": id, element: fresh(type["element"]) };
      }
      case "map": {
        const key = next(type["key-id"]);
        const value = next(type["value-id"]);
        return {
          ...type,
          "key-id": key,
          "value-id": value,
          key: fresh(type["key"]),
          value: fresh(type["value"]),
        };
      }
      default:
        throw badRequest("Cannot parse type: it is no struct, list or map");
    }
  };
  const freshFields = (fields: readonly JsonObject[]): readonly JsonObject[] => {
    const numbered = fields.map((field) => {
      text(field, "name");
      return withField(field, "id", next(field["id"]));
    });
    return numbered.map((field) => withField(field, "type", fresh(fieldOf(field, "type"))));
  };
  const fields = freshFields(objects(given, "fields"));
  const identifiers = Array.isArray(given["identifier-field-ids"]) ? given["identifier-field-ids"] : [];
  const schema: Schema = {
    type: "struct",
    "schema-id": 0,
    ...(identifiers.length === 0
      ? {}
      : { "identifier-field-ids": identifiers.map((id: unknown) => newIdOf.get(Number(id))) }),
    fields,
  };
  return { schema, newIdOf, lastColumnId: last };
}
