import { isDeepStrictEqual } from "node:util";
import { errorBody, type ErrorCause, notEmulated, OpenSearchError } from "./errors.js";
import type { Indices, LocalIndex, StoredDocument } from "./indices.js";
import { runScript, type ScriptContext } from "./script.js";
import { fieldOf, isObject, type JsonObject, textOf } from "../json-values.js";

/** One action of a bulk request. */
export interface BulkAction {
  readonly kind: "index" | "create" | "update" | "delete";
  readonly index: string;
  readonly id: string;
  /** Whether the id was given, rather than made. */
  readonly isNamed: boolean;
  readonly options: JsonObject;
  /** The second line; none for a delete. */
  readonly source: unknown;
  /** Why the second line is no document. */
  readonly problem?: ErrorCause;
}

/** What an action was answered with. */
export interface BulkItem {
  readonly status: number;
  readonly body: JsonObject;
}

/** How an action fails by a fault rule. */
export interface BulkFailure {
  readonly status: number;
  readonly error: JsonObject;
}

/** Applies one action, all of it or nothing. `failure`: what a fault rule asks for instead. */
export function applyAction(
  indices: Indices,
  action: BulkAction,
  failure: BulkFailure | undefined,
): BulkItem {
  const { kind, index: name, id } = action;
  try {
    if (failure !== undefined) return { status: failure.status, body: { _index: name, _id: id, ...failure } };
    if (indices.choosesIds && action.isNamed && (kind === "index" || kind === "create"))
      throw illegal("Document ID is not supported in create/index operation request");
    if (id === "" && kind !== "delete") throw illegal("if _id is specified it must not be empty");
    const index = indices.forWriting(name, kind === "create");
    if (kind !== "delete") requirePipelines(index, action);
    return kind === "delete"
      ? remove(index, action)
      : kind === "update"
        ? update(index, action, indices.allowsScripts)
        : write(index, action);
  } catch (error) {
    if (!(error instanceof OpenSearchError)) throw error;
    return {
      status: error.status,
      body: { _index: name, _id: id, status: error.status, error: errorBody(error) },
    };
  }
}

function write(index: LocalIndex, { kind, id, options, source, problem }: BulkAction): BulkItem {
  if (problem !== undefined)
    throw new OpenSearchError("mapper_parsing_exception", "failed to parse", 400, problem);
  const present = index.documents.get(id);
  // A document that cannot be read fails before anything is compared.
  const document = admitted(index, id, source);
  if (kind === "create" && present !== undefined)
    throw conflict(id, `document already exists (current version [${present.version}])`);
  return store(index, id, document, present, versionOf(options, present, id));
}

/** The document as an object that fits the index. */
function admitted(index: LocalIndex, id: string, source: unknown): JsonObject {
  if (!isObject(source)) throw new OpenSearchError("mapper_parsing_exception", "failed to parse");
  index.mapping.admit(id, source);
  return source;
}

/** There are no ingest pipelines here: an index or an action that names one names none that exists. */
function requirePipelines(index: LocalIndex, { options }: BulkAction): void {
  const named = textOf(options, "pipeline") ?? index.settings.get("index.default_pipeline");
  for (const pipeline of [named, index.settings.get("index.final_pipeline")])
    if (pipeline !== undefined && pipeline !== "_none")
      throw illegal(`pipeline with id [${pipeline}] does not exist`);
}

function store(
  index: LocalIndex,
  id: string,
  source: JsonObject,
  present: StoredDocument | undefined,
  version: number,
): BulkItem {
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
  if (typeof asked !== "number" || !Number.isSafeInteger(asked)) throw illegal("a version is a long");
  if (type !== "external" && type !== "external_gte") throw notEmulated(`version_type ${type}`);
  const current = present?.version ?? -1;
  if (asked < current || (asked === current && type === "external"))
    throw conflict(id, `current version [${current}] is higher or equal to the one provided [${asked}]`);
  return asked;
}

function update(index: LocalIndex, { id, options, source }: BulkAction, allowsScripts: boolean): BulkItem {
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
    if (present === undefined) return store(index, id, admitted(index, id, upsert), present, version);
    if (!isObject(doc)) throw illegal("script or doc is missing");
    const merged = mergeOf(present.source, doc);
    if (isDeepStrictEqual(merged, present.source))
      return item(index, id, 200, "noop", present.version, present.seqNo);
    return store(index, id, admitted(index, id, merged), present, version);
  }
  if (present === undefined && fieldOf(source, "scripted_upsert") !== true)
    return store(index, id, admitted(index, id, upsert), present, version);
  if (!allowsScripts)
    throw new OpenSearchError("illegal_argument_exception", "failed to execute script", 400, {
      type: "illegal_argument_exception",
      reason: "cannot execute [inline] scripts",
    });
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
  return store(index, id, admitted(index, id, ctx._source), present, version);
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

function illegal(reason: string): OpenSearchError {
  return new OpenSearchError("illegal_argument_exception", reason);
}
