import type { Clock, Random } from "../clock.js";
import { stringifyExact } from "../exact-json.js";
import { type JsonObject, textOf } from "../json-values.js";
import { objects, text } from "./checked.js";
import { draftOf } from "./draft.js";
import { badRequest, IcebergError, notEmulated } from "./errors.js";
import type { TableMetadata } from "./metadata.js";
import { emptyTable, newTable } from "./new-table.js";
import { judge } from "./requirements.js";
import { applyUpdates, checkKnown } from "./updates.js";

/** Where metadata files are written. */
export interface FileStore {
  readonly createBucket: (name: string) => void;
  /** False when there is no such bucket. */
  readonly write: (bucket: string, key: string, body: Buffer, contentType: string) => boolean;
  readonly remove: (bucket: string, key: string) => void;
}

/** A table as the catalog has it. */
export interface StoredTable {
  readonly metadata: TableMetadata;
  /** Absent for a table that is only staged. */
  readonly metadataLocation?: string;
}

/** A table by name. */
export interface TableName {
  readonly namespace: readonly string[];
  readonly name: string;
}

/** Namespaces and their tables; a change is one step, nothing comes between. */
export interface Tables {
  readonly namespaces: (parent: readonly string[]) => readonly (readonly string[])[];
  readonly createNamespace: (namespace: readonly string[], properties: JsonObject) => void;
  readonly namespace: (namespace: readonly string[]) => JsonObject;
  readonly dropNamespace: (namespace: readonly string[]) => void;
  readonly list: (namespace: readonly string[]) => readonly string[];
  readonly create: (namespace: readonly string[], request: JsonObject) => StoredTable;
  /** @throws {IcebergError} 404 */
  readonly load: (table: TableName) => StoredTable;
  /** @throws {IcebergError} 409 when a requirement does not hold; nothing is changed then */
  readonly commit: (table: TableName, request: JsonObject) => StoredTable;
  readonly drop: (table: TableName) => void;
}

interface Namespace {
  readonly levels: readonly string[];
  readonly properties: JsonObject;
  readonly tables: Map<string, StoredTable>;
}

/** Names travel in one text, its levels apart by the unit separator (REST specification, parameter `namespace`). */
const SEPARATOR = "\u001F";
/** How many metadata files a table remembers (`write.metadata.previous-versions-max`). */
const PREVIOUS_VERSIONS = 100;

/** Starts an empty catalog whose tables lie below `warehouse`. */
export function createTables(
  warehouse: string,
  { clock, random, files }: { readonly clock: Clock; readonly random: Random; readonly files: FileStore },
): Tables {
  const namespaces = new Map<string, Namespace>();
  const namespaceOf = (levels: readonly string[]): Namespace => {
    const found = namespaces.get(levels.join(SEPARATOR));
    if (found === undefined)
      throw new IcebergError("NoSuchNamespaceException", `Namespace does not exist: ${levels.join(".")}`);
    return found;
  };
  const load = ({ namespace, name }: TableName): StoredTable => {
    const found = namespaces.get(namespace.join(SEPARATOR))?.tables.get(name);
    if (found === undefined)
      throw new IcebergError(
        "NoSuchTableException",
        `Table does not exist: ${[...namespace, name].join(".")}`,
      );
    return found;
  };
  const missing = ({ namespace, name }: TableName): void => {
    if (namespaceOf(namespace).tables.has(name))
      throw new IcebergError(
        "AlreadyExistsException",
        `Table already exists: ${[...namespace, name].join(".")}`,
      );
  };
  /** Writes the next metadata file and makes it the table's: from here on it is committed. */
  const put = (
    { namespace, name }: TableName,
    metadata: TableMetadata,
    before: StoredTable | undefined,
  ): StoredTable => {
    const version = before === undefined ? 0 : versionOf(before.metadataLocation ?? "") + 1;
    const location = `${metadata.location}/metadata/${String(version).padStart(5, "0")}-${random.uuid()}.metadata.json`;
    const { bucket, key } = placeOf(location);
    if (!files.write(bucket, key, Buffer.from(stringifyExact(metadata)), "application/json"))
      throw badRequest(`The bucket of ${metadata.location} does not exist`);
    const stored: StoredTable = { metadata, metadataLocation: location };
    namespaceOf(namespace).tables.set(name, stored);
    if (metadata.properties["write.metadata.delete-after-commit.enabled"] === "true")
      removeForgotten(before?.metadata, metadata, files);
    return stored;
  };

  return {
    namespaces: (parent) =>
      [...namespaces.values()]
        .map(({ levels }) => levels)
        .filter(
          (levels) =>
            levels.length === parent.length + 1 && parent.every((level, at) => level === levels[at]),
        ),
    createNamespace: (levels, properties) => {
      if (levels.length === 0 || levels.some((level) => level === ""))
        throw badRequest("A namespace needs at least one level, and no level may be empty");
      const id = levels.join(SEPARATOR);
      if (namespaces.has(id))
        throw new IcebergError("AlreadyExistsException", `Namespace already exists: ${levels.join(".")}`);
      if (levels.length > 1) namespaceOf(levels.slice(0, -1));
      namespaces.set(id, { levels, properties, tables: new Map() });
    },
    namespace: (levels) => namespaceOf(levels).properties,
    dropNamespace: (levels) => {
      const id = levels.join(SEPARATOR);
      const { tables } = namespaceOf(levels);
      const hasChildren = [...namespaces.keys()].some((other) => other.startsWith(`${id}${SEPARATOR}`));
      if (tables.size > 0 || hasChildren)
        throw new IcebergError("NamespaceNotEmptyException", `Namespace ${levels.join(".")} is not empty`);
      namespaces.delete(id);
    },
    list: (levels) => [...namespaceOf(levels).tables.keys()],
    create: (namespace, request) => {
      const table = { namespace, name: text(request, "name") };
      missing(table);
      const location = withoutSlash(
        textOf(request, "location") ?? `${warehouse}/${[...namespace, table.name].join("/")}`,
      );
      const metadata = newTable(request, location, random.uuid(), clock.now());
      return request["stage-create"] === true ? { metadata } : put(table, metadata, undefined);
    },
    load,
    commit: (table, request) => {
      const requirements = objects(request, "requirements");
      const updates = objects(request, "updates");
      checkKnown(updates);
      const isCreate = requirements.some((one) => one["type"] === "assert-create");
      if (isCreate) namespaceOf(table.namespace);
      const before = isCreate
        ? namespaces.get(table.namespace.join(SEPARATOR))?.tables.get(table.name)
        : load(table);
      for (const requirement of requirements) judge(requirement, before?.metadata);
      const now = clock.now();
      const base = before?.metadata ?? emptyTable(random.uuid(), now);
      const changed = applyUpdates(draftOf(base), updates, now);
      // Who asks for nothing gets the table as it is, and no new file.
      if (before !== undefined && updates.length === 0) return before;
      return put(
        table,
        logged({ ...changed, location: withoutSlash(changed.location) }, before, now),
        before,
      );
    },
    drop: (table) => {
      load(table);
      namespaceOf(table.namespace).tables.delete(table.name);
    },
  };
}

/** The metadata with its time, and the file that it follows in its log. */
function logged(metadata: TableMetadata, before: StoredTable | undefined, now: number): TableMetadata {
  if (before?.metadataLocation === undefined) return { ...metadata, "last-updated-ms": now };
  const asked = Number(metadata.properties["write.metadata.previous-versions-max"] ?? PREVIOUS_VERSIONS);
  const entry = {
    "timestamp-ms": before.metadata["last-updated-ms"],
    "metadata-file": before.metadataLocation,
  };
  return {
    ...metadata,
    "last-updated-ms": now,
    "metadata-log": [...metadata["metadata-log"], entry].slice(-Math.max(1, asked)),
  };
}

/** `write.metadata.delete-after-commit.enabled`: files that have left the log. */
function removeForgotten(before: TableMetadata | undefined, after: TableMetadata, files: FileStore): void {
  const kept = new Set(after["metadata-log"].map((one) => one["metadata-file"]));
  for (const { "metadata-file": file } of before?.["metadata-log"] ?? []) {
    if (kept.has(file)) continue;
    const { bucket, key } = placeOf(file);
    files.remove(bucket, key);
  }
}

function versionOf(metadataLocation: string): number {
  return Number(/\/(\d+)-[^/]*$/.exec(metadataLocation)?.[1] ?? 0);
}

function withoutSlash(location: string): string {
  return location.replace(/\/+$/, "");
}

/** Bucket and key of `s3://bucket/key`. */
export function placeOf(location: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^s3a?:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (bucket === undefined || key === undefined)
    throw notEmulated(`a location other than s3://bucket/...: ${location.slice(0, 100)}`);
  return { bucket, key };
}
