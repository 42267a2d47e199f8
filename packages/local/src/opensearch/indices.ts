import { requireUnblocked } from "./blocks.js";
import { OpenSearchError } from "./errors.js";
import { matches, requireIndexName } from "./index-names.js";
import { createMapping, type Mapping } from "./mapping.js";
import { aliasesIn, changed, numberSetting, type Settings, settingsIn } from "./settings.js";
import { fieldOf, type JsonObject } from "../json-values.js";

/** A document as it is kept. */
export interface StoredDocument {
  readonly source: JsonObject;
  readonly version: number;
  readonly seqNo: number;
}

/** An index. */
export interface LocalIndex {
  readonly name: string;
  readonly mapping: Mapping;
  readonly documents: Map<string, StoredDocument>;
  readonly isBacking: boolean;
  /** Whether each alias says that writing goes to this index. */
  readonly aliases: ReadonlyMap<string, boolean | undefined>;
  settings: Settings;
  isClosed: boolean;
  /** The number of the next change. */
  seqNo: number;
}

interface Template {
  readonly patterns: readonly string[];
  readonly body: unknown;
  readonly makesDataStream: boolean;
}

/** All indices and data streams of one server. */
export interface Indices {
  /** `body`: mappings, settings and aliases. */
  readonly create: (name: string, body: unknown) => LocalIndex;
  readonly remove: (name: string) => void;
  readonly putTemplate: (name: string, body: unknown) => void;
  readonly createDataStream: (name: string) => void;
  /** Starts a new backing index; gives the old and the new name. */
  readonly rollover: (name: string) => readonly [string, string];
  readonly setClosed: (name: string, isClosed: boolean) => void;
  readonly changeSettings: (name: string, body: unknown) => void;
  readonly changeClusterSettings: (body: unknown) => void;
  readonly clusterSettings: () => Settings;
  /** Where a write to this name goes; makes the index or data stream where that is allowed. */
  readonly forWriting: (name: string, creates: boolean) => LocalIndex;
  /** The indices behind a name: one, those of an alias, the backing ones of a data stream, or all that match `*`. */
  readonly behind: (name: string) => readonly LocalIndex[];
  readonly names: () => readonly string[];
  readonly allowsScripts: boolean;
  /** Whether documents take no ids of their writers. */
  readonly choosesIds: boolean;
}

/** Shards that a cluster of one node may have (`cluster.max_shards_per_node`). */
const MAX_SHARDS = 1_000;

/** Starts without indices. `autoCreate`: writing to a name that does not exist makes it (`action.auto_create_index`). */
export function createIndices(autoCreate: boolean, allowsScripts: boolean, choosesIds: boolean): Indices {
  const indices = new Map<string, LocalIndex>();
  const dataStreams = new Map<string, LocalIndex[]>();
  const templates = new Map<string, Template>();
  let cluster: Settings = new Map();

  const templateFor = (name: string): Template | undefined =>
    [...templates.values()].find(({ patterns }) => patterns.some((pattern) => matches(pattern, name)));
  const add = (name: string, body: unknown, dataStream?: string): LocalIndex => {
    const template = templateFor(dataStream ?? name)?.body;
    const settings = changed(
      changed(new Map(), settingsIn(fieldOf(template, "settings"), "index.")),
      settingsIn(fieldOf(body, "settings"), "index."),
    );
    requireRoomForShards(settings);
    const mappings = fieldOf(body, "mappings") ?? fieldOf(template, "mappings");
    const index: LocalIndex = {
      name,
      mapping: createMapping(mappings, settings, dataStream !== undefined),
      documents: new Map(),
      isBacking: dataStream !== undefined,
      aliases: new Map([...aliasesIn(template), ...aliasesIn(body)]),
      settings,
      isClosed: false,
      seqNo: 0,
    };
    indices.set(name, index);
    return index;
  };
  const shardsOf = (settings: Settings): number =>
    numberSetting(settings, "index.number_of_shards", 1) *
    (1 + numberSetting(settings, "index.number_of_replicas", 1));
  /** OpenSearch, ShardLimitValidator. */
  const requireRoomForShards = (settings: Settings): void => {
    const added = shardsOf(settings);
    const max = numberSetting(cluster, "cluster.max_shards_per_node", MAX_SHARDS);
    let present = 0;
    for (const index of indices.values()) if (!index.isClosed) present += shardsOf(index.settings);
    if (present + added <= max) return;
    throw new OpenSearchError(
      "validation_exception",
      `Validation Failed: 1: this action would add [${added}] total shards, but this cluster currently has [${present}]/[${max}] maximum shards open;`,
    );
  };
  const create = (name: string, body: unknown): LocalIndex => {
    requireIndexName(name);
    if (indices.has(name) || dataStreams.has(name))
      throw new OpenSearchError("resource_already_exists_exception", `index [${name}] already exists`);
    return add(name, body);
  };
  const addBacking = (name: string): LocalIndex => {
    const backing = dataStreams.get(name) ?? [];
    const number = String(backing.length + 1).padStart(6, "0");
    const index = add(`.ds-${name}-${number}`, undefined, name);
    dataStreams.set(name, [...backing, index]);
    return index;
  };
  const missing = (name: string): OpenSearchError =>
    new OpenSearchError("index_not_found_exception", `no such index [${name}]`);
  const ofAlias = (name: string): readonly LocalIndex[] =>
    [...indices.values()].filter(({ aliases }) => aliases.has(name));
  /** OpenSearch, IndexAbstraction.Alias: the one that says so, or the only one unless it says no. */
  const writeIndexOf = (alias: string, all: readonly LocalIndex[]): LocalIndex => {
    const [only, ...others] = all;
    const named = all.find(({ aliases }) => aliases.get(alias) === true);
    if (named !== undefined) return named;
    if (only !== undefined && others.length === 0 && only.aliases.get(alias) === undefined) return only;
    throw new OpenSearchError(
      "illegal_argument_exception",
      `no write index is defined for alias [${alias}]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index`,
    );
  };
  const writable = (index: LocalIndex): LocalIndex => {
    if (index.isClosed) throw new OpenSearchError("index_closed_exception", "closed");
    requireUnblocked(index.name, index.settings);
    return index;
  };
  const target = (name: string, creates: boolean): LocalIndex => {
    const index = indices.get(name);
    if (index !== undefined) return index;
    const aliased = ofAlias(name);
    if (aliased.length > 0) return writeIndexOf(name, aliased);
    if (!dataStreams.has(name)) {
      requireIndexName(name);
      const allowed = cluster.get("action.auto_create_index");
      if (allowed === undefined ? !autoCreate : allowed === "false") throw missing(name);
      if (templateFor(name)?.makesDataStream !== true) return create(name, undefined);
    }
    if (!creates)
      throw new OpenSearchError(
        "illegal_argument_exception",
        "only write ops with an op_type of create are allowed in data streams",
      );
    return dataStreams.get(name)?.at(-1) ?? addBacking(name);
  };
  const behind = (name: string): readonly LocalIndex[] => {
    if (name === "" || name === "_all" || name.includes("*"))
      return [...indices.values()].filter(
        (index) => name === "" || name === "_all" || matches(name, index.name),
      );
    const index = indices.get(name);
    const found = index === undefined ? (dataStreams.get(name) ?? ofAlias(name)) : [index];
    if (found.length === 0) throw missing(name);
    return found;
  };

  return {
    create,
    remove: (name) => {
      const backing = dataStreams.get(name);
      if (backing === undefined && !indices.has(name)) throw missing(name);
      for (const index of backing ?? []) indices.delete(index.name);
      dataStreams.delete(name);
      indices.delete(name);
    },
    putTemplate: (name, body) => {
      const patterns = fieldOf(body, "index_patterns");
      if (!Array.isArray(patterns))
        throw new OpenSearchError("illegal_argument_exception", "index_patterns is missing");
      templates.set(name, {
        patterns: patterns.map(String),
        body: fieldOf(body, "template"),
        makesDataStream: fieldOf(body, "data_stream") !== undefined,
      });
    },
    createDataStream: (name) => {
      requireIndexName(name);
      if (dataStreams.has(name))
        throw new OpenSearchError(
          "resource_already_exists_exception",
          `data_stream [${name}] already exists`,
        );
      if (templateFor(name)?.makesDataStream !== true)
        throw new OpenSearchError(
          "illegal_argument_exception",
          `no matching index template found for data stream [${name}]`,
        );
      addBacking(name);
    },
    rollover: (name) => {
      const old = dataStreams.get(name)?.at(-1);
      if (old === undefined) throw missing(name);
      return [old.name, addBacking(name).name];
    },
    setClosed: (name, isClosed) => {
      for (const index of behind(name)) index.isClosed = isClosed;
    },
    changeSettings: (name, body) => {
      const changes = settingsIn(fieldOf(body, "settings") ?? body, "index.");
      for (const index of behind(name)) index.settings = changed(index.settings, changes);
    },
    changeClusterSettings: (body) => {
      for (const lasting of ["persistent", "transient"])
        cluster = changed(cluster, settingsIn(fieldOf(body, lasting) ?? {}, ""));
    },
    clusterSettings: () => cluster,
    forWriting: (name, creates) => writable(target(name, creates)),
    behind,
    names: () => [...indices.keys()],
    allowsScripts,
    choosesIds,
  };
}
