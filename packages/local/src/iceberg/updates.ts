import { digitsOf } from "../exact-json.js";
import type { JsonObject } from "../json-values.js";
import { integer, list, long, object, objects, text, textMap, texts } from "./checked.js";
import {
  addSchema,
  addSortOrder,
  addSpec,
  change,
  type Draft,
  invalid,
  setCurrentSchema,
  setDefaultSortOrder,
  setDefaultSpec,
} from "./draft.js";
import { badRequest } from "./errors.js";
import type { TableMetadata } from "./metadata.js";
import { addSnapshot, removeRef, removeSnapshots, setRef } from "./snapshots.js";

type Apply = (draft: Draft, update: JsonObject, now: number) => void;

/** What each `TableUpdate` of the REST specification does; those of encryption and of version 3 are not emulated. */
const UPDATES: Readonly<Record<string, Apply>> = {
  "assign-uuid": (draft, update) => change(draft, { "table-uuid": text(update, "uuid") }),
  "upgrade-format-version": (draft, update) => {
    const version = integer(update, "format-version");
    if (version < draft.metadata["format-version"])
      throw badRequest(`Cannot downgrade v${draft.metadata["format-version"]} table to v${version}`);
    if (version !== 2) throw badRequest(`[local] not emulated: format version ${version}`);
    change(draft, { "format-version": version });
  },
  "add-schema": (draft, update) =>
    addSchema(
      draft,
      object(update, "schema"),
      update["last-column-id"] === undefined ? undefined : integer(update, "last-column-id"),
    ),
  "set-current-schema": (draft, update) => setCurrentSchema(draft, integer(update, "schema-id")),
  "add-spec": (draft, update) => {
    const spec = object(update, "spec");
    addSpec(draft, spec, objects(spec, "fields"));
  },
  "set-default-spec": (draft, update) => setDefaultSpec(draft, integer(update, "spec-id")),
  "add-sort-order": (draft, update) => {
    const order = object(update, "sort-order");
    addSortOrder(draft, order, objects(order, "fields"));
  },
  "set-default-sort-order": (draft, update) => setDefaultSortOrder(draft, integer(update, "sort-order-id")),
  "add-snapshot": (draft, update) => addSnapshot(draft, object(update, "snapshot")),
  "set-snapshot-ref": (draft, update, now) => setRef(draft, text(update, "ref-name"), update, now),
  "remove-snapshots": (draft, update) => removeSnapshots(draft, list(update, "snapshot-ids")),
  "remove-snapshot-ref": (draft, update) => removeRef(draft, text(update, "ref-name")),
  "set-location": (draft, update) => change(draft, { location: text(update, "location") }),
  "set-properties": (draft, update) =>
    change(draft, { properties: { ...draft.metadata.properties, ...textMap(update, "updates") } }),
  "remove-properties": (draft, update) => {
    const removed = new Set(texts(update, "removals"));
    const { properties } = draft.metadata;
    change(draft, {
      properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !removed.has(name))),
    });
  },
  "set-statistics": (draft, update) => setOf(draft, "statistics", object(update, "statistics")),
  "remove-statistics": (draft, update) => removeOf(draft, "statistics", long(update, "snapshot-id")),
  "set-partition-statistics": (draft, update) =>
    setOf(draft, "partition-statistics", object(update, "partition-statistics")),
  "remove-partition-statistics": (draft, update) =>
    removeOf(draft, "partition-statistics", long(update, "snapshot-id")),
  "remove-partition-specs": (draft, update) => {
    const ids = list(update, "spec-ids");
    if (ids.includes(draft.metadata["default-spec-id"]))
      throw badRequest("Cannot remove the default partition spec");
    change(draft, {
      "partition-specs": draft.metadata["partition-specs"].filter((one) => !ids.includes(one["spec-id"])),
    });
  },
  "remove-schemas": (draft, update) => {
    const ids = list(update, "schema-ids");
    if (ids.includes(draft.metadata["current-schema-id"]))
      throw badRequest("Cannot remove the current schema");
    change(draft, { schemas: draft.metadata.schemas.filter((one) => !ids.includes(one["schema-id"])) });
  },
};

type StatisticsKind = "statistics" | "partition-statistics";

function setOf(draft: Draft, kind: StatisticsKind, given: JsonObject): void {
  removeOf(draft, kind, long(given, "snapshot-id"));
  change(draft, { [kind]: [...draft.metadata[kind], given] });
}

function removeOf(draft: Draft, kind: StatisticsKind, id: unknown): void {
  const digits = digitsOf(id);
  change(draft, { [kind]: draft.metadata[kind].filter((one) => digitsOf(one["snapshot-id"]) !== digits) });
}

/** Refuses a commit that holds an update nobody knows, before anything of it is applied. */
export function checkKnown(updates: readonly JsonObject[]): void {
  for (const update of updates) {
    const action = text(update, "action");
    if (!Object.hasOwn(UPDATES, action))
      throw badRequest(`Cannot parse metadata update: unknown action ${action.slice(0, 100)}`);
  }
}

/**
 * Applies updates in their order.
 *
 * @throws {IcebergError} what cannot be applied; the draft is then thrown away
 */
export function applyUpdates(draft: Draft, updates: readonly JsonObject[], now: number): TableMetadata {
  for (const update of updates) UPDATES[text(update, "action")]?.(draft, update, now);
  const { metadata } = draft;
  if (metadata.schemas.length === 0) throw invalid("a table needs a schema");
  if (metadata["partition-specs"].length === 0) throw invalid("a table needs a partition spec");
  if (metadata["sort-orders"].length === 0) throw invalid("a table needs a sort order");
  if (metadata.location === "") throw invalid("a table needs a location");
  return metadata;
}
