import { randomUUID } from "node:crypto";
import type {
  Catalog,
  CommitAnswer,
  CreateTableRequest,
  LoadedTable,
  Snapshot,
  TableCommit,
  TableIdentifier,
  TableMetadata,
  TableRequirement,
  TableUpdate,
} from "../../src/index.js";

/** What happens to the next commit. `lost`: applied, and its answer lost. `late`: applied only when `land` is called. */
type Fate = "conflict" | "lost" | "never-sent" | "late" | "refused";

/** A catalog in memory, with what tests ask of it. */
export interface MemoryCatalog extends Catalog {
  /** The fates of the commits to come, in their order; after them all goes well. */
  readonly fates: Fate[];
  /** Each commit that came in. */
  readonly commits: { readonly commit: TableCommit; readonly answer: CommitAnswer["type"] }[];
  loads: number;
  readonly metadata: (name?: string) => TableMetadata;
  readonly set: (change: (metadata: TableMetadata) => TableMetadata, name?: string) => void;
  /** Holds the answers to commits from now on. */
  readonly hold: () => { readonly release: () => void };
  /** Applies the commits that were late. */
  readonly land: () => void;
}

export function memoryCatalog(location: string = "s3://lake/sales"): MemoryCatalog {
  const tables = new Map<string, TableMetadata>();
  const late: (() => void)[] = [];
  let held = Promise.resolve();
  const keyOf = ({ namespace, name }: TableIdentifier): string => [...namespace, name].join(".");
  const loaded = (metadata: TableMetadata): LoadedTable => structuredClone({ metadata });

  const apply = (key: string, commit: TableCommit): LoadedTable | undefined => {
    const metadata = tables.get(key);
    if (metadata === undefined || !commit.requirements.every((one) => holds(one, metadata))) return undefined;
    const changed = commit.updates.reduce(updated, metadata);
    tables.set(key, changed);
    return loaded(changed);
  };

  const catalog: MemoryCatalog = {
    fates: [],
    commits: [],
    loads: 0,
    metadata: (name = "sales.orders") => {
      const metadata = tables.get(name);
      if (metadata === undefined) throw new Error(`there is no table ${name}`);
      return metadata;
    },
    set: (change, name = "sales.orders") => {
      tables.set(name, change(catalog.metadata(name)));
    },
    hold: () => {
      let release = (): void => undefined;
      held = new Promise<void>((resolve) => (release = resolve));
      return { release: () => release() };
    },
    land: () => late.splice(0).forEach((commit) => commit()),
    loadTable: async (id, { signal }) => {
      await Promise.resolve();
      signal.throwIfAborted();
      catalog.loads += 1;
      const metadata = tables.get(keyOf(id));
      return metadata === undefined ? undefined : loaded(metadata);
    },
    createTable: async (id, request) => {
      await Promise.resolve();
      if (tables.has(keyOf(id))) return undefined;
      const metadata = created(request, `${location}/${id.name}`);
      tables.set(keyOf(id), metadata);
      return loaded(metadata);
    },
    commitTable: async (id, commit, { signal }) => {
      await held;
      signal.throwIfAborted();
      const key = keyOf(id);
      const fate = catalog.fates.shift();
      const answer = ((): CommitAnswer => {
        if (!tables.has(key)) return { type: "missing" };
        if (fate === "conflict") return { type: "conflict" };
        if (fate === "late") late.push(() => apply(key, commit));
        if (fate === "late" || fate === "never-sent")
          return { type: "unknown", error: new Error("no answer") };
        const table = apply(key, commit);
        if (table === undefined) return { type: "conflict" };
        return fate === "lost"
          ? { type: "unknown", error: new Error("the answer was lost") }
          : { type: "applied", table };
      })();
      catalog.commits.push({ commit, answer: answer.type });
      return answer;
    },
  };
  return catalog;
}

function created(request: CreateTableRequest, location: string): TableMetadata {
  return {
    "format-version": 2,
    "table-uuid": randomUUID(),
    location: request.location ?? location,
    "last-sequence-number": 0,
    "last-updated-ms": 0,
    "last-column-id": highestId(request.schema),
    schemas: [request.schema],
    "current-schema-id": 0,
    "partition-specs": [request.partitionSpec ?? { "spec-id": 0, fields: [] }],
    "default-spec-id": 0,
    "last-partition-id": 999 + (request.partitionSpec?.fields.length ?? 0),
    properties: { ...request.properties },
    snapshots: [],
  };
}

function highestId(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (highest, [name, item]) =>
      Math.max(highest, /^(id|.*-id)$/.test(name) && typeof item === "number" ? item : highestId(item)),
    0,
  );
}

function holds(requirement: TableRequirement, metadata: TableMetadata): boolean {
  switch (requirement.type) {
    case "assert-table-uuid":
      return requirement.uuid === metadata["table-uuid"];
    case "assert-ref-snapshot-id":
      return requirement["snapshot-id"] === (metadata.refs?.[requirement.ref]?.["snapshot-id"] ?? null);
    case "assert-current-schema-id":
      return requirement["current-schema-id"] === metadata["current-schema-id"];
    default:
      return requirement["last-assigned-field-id"] === metadata["last-column-id"];
  }
}

function updated(metadata: TableMetadata, update: TableUpdate): TableMetadata {
  switch (update.action) {
    case "add-snapshot":
      return withSnapshot(metadata, update.snapshot);
    case "set-snapshot-ref": {
      const { action: _action, "ref-name": name, ...ref } = update;
      return {
        ...metadata,
        "current-snapshot-id": ref["snapshot-id"],
        refs: { ...metadata.refs, [name]: ref },
      };
    }
    case "set-properties":
      return { ...metadata, properties: { ...metadata.properties, ...update.updates } };
    case "remove-properties":
      return {
        ...metadata,
        properties: Object.fromEntries(
          Object.entries(metadata.properties ?? {}).filter(([name]) => !update.removals.includes(name)),
        ),
      };
    case "add-schema":
      return {
        ...metadata,
        schemas: [...metadata.schemas, update.schema],
        "last-column-id": update["last-column-id"],
      };
    default: {
      const id = update["schema-id"] === -1 ? metadata.schemas.at(-1)?.["schema-id"] : update["schema-id"];
      return { ...metadata, "current-schema-id": id ?? 0 };
    }
  }
}

function withSnapshot(metadata: TableMetadata, snapshot: Snapshot): TableMetadata {
  if (snapshot["sequence-number"] !== (metadata["last-sequence-number"] ?? 0) + 1)
    throw new Error("the snapshot's sequence number is not the next one");
  if (snapshot["timestamp-ms"] < metadata["last-updated-ms"])
    throw new Error("the snapshot is older than the table's last change");
  return {
    ...metadata,
    "last-sequence-number": snapshot["sequence-number"],
    "last-updated-ms": snapshot["timestamp-ms"],
    snapshots: [...(metadata.snapshots ?? []), snapshot],
  };
}
