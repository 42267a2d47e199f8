import { isDeepStrictEqual } from "node:util";
import { errorBody, notEmulated, OpenSearchError, statusOfType } from "./errors.js";
import type { Indices, LocalIndex, StoredDocument } from "./indices.js";
import { runScript, type ScriptContext } from "./script.js";
import { fieldOf, isObject, type JsonObject, textOf } from "./values.js";

/** One action of a bulk request. */
export interface BulkAction {
  readonly kind: "index" | "create" | "update" | "delete";
  readonly index: string;
  readonly id: string;
  readonly options: JsonObject;
  /** The second line; none for a delete. */
  readonly source: unknown;
}

/** What an action was answered with. */
export interface BulkItem {
  readonly status: number;
  readonly body: JsonObject;
}

/** Applies one action, all of it or nothing. `failure`: the error type that a fault rule asks for instead. */
export function applyAction(indices: Indices, action: BulkAction, failure: string | undefined): BulkItem {
  const { kind, index: name, id } = action;
  try {
    if (failure !== undefined)
      throw new OpenSearchError(failure, "[local] a fault rule asked for it", statusOfType(failure));
    const index = indices.forWriting(name, kind === "create");
    return kind === "delete"
      ? remove(index, action)
      : kind === "update"
        ? update(index, action)
        : write(index, action);
  } catch (error) {
    if (!(error instanceof OpenSearchError)) throw error;
    return {
      status: error.status,
      body: { _index: name, _id: id, status: error.status, error: errorBody(error) },
    };
  }
}

function write(index: LocalIndex, { kind, id, options, source }: BulkAction): BulkItem {
  const present = index.documents.get(id);
  if (kind === "create" && present !== undefined)
    throw conflict(id, `document already exists (current version [${present.version}])`);
  return store(index, id, source, present, versionOf(options, present, id));
}

function store(
  index: LocalIndex,
  id: string,
  source: unknown,
  present: StoredDocument | undefined,
  version: number,
): BulkItem {
  if (!isObject(source)) throw new OpenSearchError("mapper_parsing_exception", "failed to parse");
  if (index.name.startsWith(".ds-") && source["@timestamp"] === undefined) {
    throw new OpenSearchError(
      "mapper_parsing_exception",
      "data stream timestamp field [@timestamp] is missing",
    );
  }
  index.mapping.admit(id, source);
  const seqNo = index.seqNo;
  index.seqNo += 1;
  index.documents.set(id, { source, version, seqNo });
  return item(
    index,
    id,
    present === undefined ? 201 : 200,
    present === undefined ? "created" : "updated",
    version,
    seqNo,
  );
}

/** The version that a write makes; internal, `external` or `external_gte`, or judged by sequence number. */
function versionOf(options: JsonObject, present: StoredDocument | undefined, id: string): number {
  const asked = fieldOf(options, "version");
  const type = textOf(options, "version_type") ?? "internal";
  const seqNo = fieldOf(options, "if_seq_no");
  if (seqNo !== undefined && seqNo !== present?.seqNo)
    throw conflict(
      id,
      `required seqNo [${JSON.stringify(seqNo)}], current document has seqNo [${present?.seqNo ?? -1}]`,
    );
  if (asked === undefined) return (present?.version ?? 0) + 1;
  if (typeof asked !== "number" || !Number.isSafeInteger(asked))
    throw new OpenSearchError("illegal_argument_exception", "a version is a long");
  if (type !== "external" && type !== "external_gte") throw notEmulated(`version_type ${type}`);
  const current = present?.version ?? -1;
  if (asked < current || (asked === current && type === "external"))
    throw conflict(id, `current version [${current}] is higher or equal to the one provided [${asked}]`);
  return asked;
}

function update(index: LocalIndex, { id, options, source }: BulkAction): BulkItem {
  const present = index.documents.get(id);
  const script = fieldOf(source, "script");
  const doc = fieldOf(source, "doc");
  const upsert = fieldOf(source, "upsert") ?? (fieldOf(source, "doc_as_upsert") === true ? doc : undefined);
  if (present === undefined && !isObject(upsert))
    throw new OpenSearchError("document_missing_exception", `[${id}]: document missing`);
  const seqNo = fieldOf(options, "if_seq_no");
  if (seqNo !== undefined && seqNo !== present?.seqNo) throw conflict(id, "seqNo differs");
  const version = (present?.version ?? 0) + 1;
  if (script === undefined) {
    if (present === undefined) return store(index, id, upsert, present, version);
    if (!isObject(doc)) throw new OpenSearchError("illegal_argument_exception", "script or doc is missing");
    const merged = mergeOf(present.source, doc);
    if (isDeepStrictEqual(merged, present.source))
      return item(index, id, 200, "noop", present.version, present.seqNo);
    return store(index, id, merged, present, version);
  }
  if (present === undefined && fieldOf(source, "scripted_upsert") !== true)
    return store(index, id, upsert, present, version);
  const text = textOf(script, "source");
  if (text === undefined || (textOf(script, "lang") ?? "painless") !== "painless")
    throw notEmulated("scripts other than inline ones in painless");
  const ctx: ScriptContext = {
    op: present === undefined ? "create" : "index",
    _source: structuredClone((present?.source ?? upsert) as Record<string, unknown>),
  };
  runScript(text, fieldOf(script, "params"), ctx);
  if (ctx.op === "none" || ctx.op === "noop")
    return item(index, id, 200, "noop", present?.version ?? 0, present?.seqNo ?? 0);
  if (ctx.op !== "index" && ctx.op !== "create") throw notEmulated(`ctx.op = ${ctx.op}`);
  return store(index, id, ctx._source, present, version);
}

function mergeOf(one: JsonObject, other: JsonObject): JsonObject {
  const merged = Object.entries(other).map(([name, value]) => {
    const present = fieldOf(one, name);
    return [name, isObject(present) && isObject(value) ? mergeOf(present, value) : value] as const;
  });
  return Object.fromEntries([...Object.entries(one), ...merged]);
}

function remove(index: LocalIndex, { id, options }: BulkAction): BulkItem {
  const present = index.documents.get(id);
  const version = versionOf(options, present, id);
  const seqNo = index.seqNo;
  index.seqNo += 1;
  index.documents.delete(id);
  return present === undefined
    ? item(index, id, 404, "not_found", version, seqNo)
    : item(index, id, 200, "deleted", version, seqNo);
}

function item(
  index: LocalIndex,
  id: string,
  status: number,
  result: string,
  version: number,
  seqNo: number,
): BulkItem {
  return {
    status,
    body: {
      _index: index.name,
      _id: id,
      _version: version,
      result,
      _shards: { total: 1, successful: 1, failed: 0 },
      _seq_no: seqNo,
      _primary_term: 1,
      status,
    },
  };
}

function conflict(id: string, why: string): OpenSearchError {
  return new OpenSearchError("version_conflict_engine_exception", `[${id}]: version conflict, ${why}`);
}
