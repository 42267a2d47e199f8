import { OpenSearchError } from "./errors.js";
import { createMapping, type Mapping } from "./mapping.js";
import { fieldOf, type JsonObject } from "./values.js";

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
  /** The number of the next change. */
  seqNo: number;
}

interface Template {
  readonly patterns: readonly string[];
  readonly mappings: unknown;
  readonly makesDataStream: boolean;
}

/** All indices and data streams of one server. */
export interface Indices {
  readonly create: (name: string, mappings: unknown) => LocalIndex;
  readonly remove: (name: string) => void;
  readonly putTemplate: (name: string, body: unknown) => void;
  readonly createDataStream: (name: string) => void;
  /** Starts a new backing index; gives the old and the new name. */
  readonly rollover: (name: string) => readonly [string, string];
  /** Where a write to this name goes; makes the index or data stream where that is allowed. */
  readonly forWriting: (name: string, creates: boolean) => LocalIndex;
  /** The indices behind a name: one, the backing ones of a data stream, or all that match `*`. */
  readonly behind: (name: string) => readonly LocalIndex[];
  readonly names: () => readonly string[];
}

/** Starts without indices. `autoCreate`: writing to a name that does not exist makes it (`action.auto_create_index`). */
export function createIndices(autoCreate: boolean): Indices {
  const indices = new Map<string, LocalIndex>();
  const dataStreams = new Map<string, LocalIndex[]>();
  const templates = new Map<string, Template>();

  const templateFor = (name: string): Template | undefined =>
    [...templates.values()].find(({ patterns }) => patterns.some((pattern) => matches(pattern, name)));
  const add = (name: string, mappings: unknown): LocalIndex => {
    const index: LocalIndex = { name, mapping: createMapping(mappings), documents: new Map(), seqNo: 0 };
    indices.set(name, index);
    return index;
  };
  const create = (name: string, mappings: unknown): LocalIndex => {
    requireIndexName(name);
    if (indices.has(name) || dataStreams.has(name))
      throw new OpenSearchError("resource_already_exists_exception", `index [${name}] already exists`);
    return add(name, mappings ?? templateFor(name)?.mappings);
  };
  const addBacking = (name: string): LocalIndex => {
    const backing = dataStreams.get(name) ?? [];
    const number = String(backing.length + 1).padStart(6, "0");
    const index = add(`.ds-${name}-${number}`, templateFor(name)?.mappings);
    dataStreams.set(name, [...backing, index]);
    return index;
  };
  const missing = (name: string): OpenSearchError =>
    new OpenSearchError("index_not_found_exception", `no such index [${name}]`);

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
        mappings: fieldOf(fieldOf(body, "template"), "mappings"),
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
    forWriting: (name, creates) => {
      const index = indices.get(name);
      if (index !== undefined) return index;
      if (!dataStreams.has(name)) {
        requireIndexName(name);
        if (!autoCreate) throw missing(name);
        if (templateFor(name)?.makesDataStream !== true) return create(name, undefined);
      }
      if (!creates)
        throw new OpenSearchError(
          "illegal_argument_exception",
          "only write ops with an op_type of create are allowed in data streams",
        );
      return dataStreams.get(name)?.at(-1) ?? addBacking(name);
    },
    behind: (name) => {
      if (name === "" || name === "_all" || name.includes("*"))
        return [...indices.values()].filter(
          (index) => name === "" || name === "_all" || matches(name, index.name),
        );
      const index = indices.get(name);
      const found = index === undefined ? dataStreams.get(name) : [index];
      if (found === undefined) throw missing(name);
      return found;
    },
    names: () => [...indices.keys()],
  };
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "u").test(name);
}

/** OpenSearch "Create index", naming restrictions. */
function requireIndexName(name: string): void {
  const problem =
    Buffer.byteLength(name) > 255
      ? "index name is too long, (max 255 bytes)"
      : name !== name.toLowerCase()
        ? "must be lowercase"
        : /[\s"*+/\\|?#><,:]/u.test(name)
          ? 'must not contain the following characters [ , ", *, \\, <, |, ,, >, /, ?]'
          : /^[-_+]/u.test(name)
            ? "must not start with '_', '-', or '+'"
            : name === "" || name === "." || name === ".."
              ? "must not be '.' or '..'"
              : undefined;
  if (problem !== undefined)
    throw new OpenSearchError("invalid_index_name_exception", `Invalid index name [${name}], ${problem}`);
}
