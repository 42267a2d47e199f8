import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../json-values.js";
import { badRequest, IcebergError } from "./errors.js";
import {
  FIRST_PARTITION_ID,
  highestFieldId,
  type Schema,
  type SortOrder,
  type Spec,
  type TableMetadata,
} from "./metadata.js";

/** Metadata that a commit is changing, and what "the last added" means in it (`-1` in updates). */
export interface Draft {
  metadata: TableMetadata;
  lastSchemaId: number | undefined;
  lastSpecId: number | undefined;
  lastOrderId: number | undefined;
  /** Digits of the ids of the snapshots that this commit adds. */
  readonly addedSnapshots: Set<string>;
}

export function draftOf(metadata: TableMetadata): Draft {
  return {
    metadata,
    lastSchemaId: undefined,
    lastSpecId: undefined,
    lastOrderId: undefined,
    addedSnapshots: new Set(),
  };
}

export function change(draft: Draft, fields: Partial<TableMetadata>): void {
  draft.metadata = { ...draft.metadata, ...fields };
}

/** A schema that is there already keeps its id; a new one gets the next (Iceberg's `TableMetadata.Builder`). */
export function addSchema(draft: Draft, given: JsonObject, lastColumnId: number | undefined): void {
  const { metadata } = draft;
  const { "schema-id": _given, ...columns } = given;
  const highest = Math.max(metadata["last-column-id"], highestFieldId(given["fields"]));
  if (lastColumnId !== undefined && lastColumnId < metadata["last-column-id"])
    throw badRequest(
      `Invalid last column ID: ${lastColumnId} < ${metadata["last-column-id"]} (previous last column ID)`,
    );
  const last = Math.max(lastColumnId ?? highest, highest);
  const same = metadata.schemas.find(({ "schema-id": _id, ...other }) => isDeepStrictEqual(other, columns));
  const id = same?.["schema-id"] ?? Math.max(-1, ...metadata.schemas.map((one) => one["schema-id"])) + 1;
  draft.lastSchemaId = id;
  change(draft, {
    "last-column-id": last,
    ...(same === undefined
      ? { schemas: [...metadata.schemas, { ...columns, "schema-id": id } as unknown as Schema] }
      : {}),
  });
}

export function setCurrentSchema(draft: Draft, asked: number): void {
  const id = asked === -1 ? draft.lastSchemaId : asked;
  if (id === undefined) throw invalid("Cannot set last added schema: no schema has been added");
  if (!draft.metadata.schemas.some((one) => one["schema-id"] === id))
    throw badRequest(`Cannot set current schema to unknown schema: ${id}`);
  change(draft, { "current-schema-id": id });
}

export function addSpec(draft: Draft, given: JsonObject, fields: readonly JsonObject[]): void {
  const { metadata } = draft;
  let last = metadata["last-partition-id"];
  const numbered = fields.map((field) => {
    const wanted = field["field-id"];
    if (typeof wanted === "number") {
      last = Math.max(last, wanted);
      return field;
    }
    const known = fieldLike(metadata, field);
    if (known !== undefined) return { ...field, "field-id": known };
    last = Math.max(last, FIRST_PARTITION_ID - 1) + 1;
    return { ...field, "field-id": last };
  });
  const same = metadata["partition-specs"].find((one) => isDeepStrictEqual(one.fields, numbered));
  const id =
    same?.["spec-id"] ?? Math.max(-1, ...metadata["partition-specs"].map((one) => one["spec-id"])) + 1;
  draft.lastSpecId = id;
  if (same !== undefined) return;
  const spec: Spec = { ...given, "spec-id": id, fields: numbered };
  change(draft, { "last-partition-id": last, "partition-specs": [...metadata["partition-specs"], spec] });
}

/** In version 2 a field of the same source and transform keeps its id over all specs. */
function fieldLike(metadata: TableMetadata, field: JsonObject): number | undefined {
  for (const spec of metadata["partition-specs"]) {
    for (const other of spec.fields) {
      const isSame =
        other["source-id"] === field["source-id"] &&
        other["transform"] === field["transform"] &&
        other["name"] === field["name"];
      if (isSame && typeof other["field-id"] === "number") return other["field-id"];
    }
  }
  return undefined;
}

export function setDefaultSpec(draft: Draft, asked: number): void {
  const id = asked === -1 ? draft.lastSpecId : asked;
  if (id === undefined) throw invalid("Cannot set last added spec: no spec has been added");
  if (!draft.metadata["partition-specs"].some((one) => one["spec-id"] === id))
    throw badRequest(`Cannot set default partition spec to unknown spec: ${id}`);
  change(draft, { "default-spec-id": id });
}

/** Order 0 is the unsorted one; others count from 1. */
export function addSortOrder(draft: Draft, given: JsonObject, fields: readonly JsonObject[]): void {
  const orders = draft.metadata["sort-orders"];
  const same = orders.find((one) => isDeepStrictEqual(one.fields, fields));
  const id =
    same?.["order-id"] ??
    (fields.length === 0 ? 0 : Math.max(0, ...orders.map((one) => one["order-id"])) + 1);
  draft.lastOrderId = id;
  if (same !== undefined) return;
  const order: SortOrder = { ...given, "order-id": id, fields };
  change(draft, { "sort-orders": [...orders, order] });
}

export function setDefaultSortOrder(draft: Draft, asked: number): void {
  const id = asked === -1 ? draft.lastOrderId : asked;
  if (id === undefined) throw invalid("Cannot set last added sort order: no sort order has been added");
  if (!draft.metadata["sort-orders"].some((one) => one["order-id"] === id))
    throw badRequest(`Cannot set default sort order to unknown order: ${id}`);
  change(draft, { "default-sort-order-id": id });
}

/** What Iceberg's own server answers 400 to as well, under a type of its own. */
export function invalid(message: string): IcebergError {
  return new IcebergError("ValidationException", message);
}
