import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { BulkOperation } from "./bulk-body.js";

/** An answer of the service: its status, and its body as far as it was JSON. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What became of one document. */
export type ItemOutcome =
  | { readonly kind: "placed" }
  /** The service may take it later. */
  | { readonly kind: "retry"; readonly status: number; readonly type: string }
  /** It never will. */
  | { readonly kind: "dead-letter"; readonly status: number; readonly type: string }
  /** The index takes nothing at present; no document is to blame. */
  | { readonly kind: "outage"; readonly status: number; readonly type: string }
  /** No repetition mends it, and no document is to blame; `cure` says what will. */
  | { readonly kind: "refused"; readonly status: number; readonly type: string; readonly cure: string };

/** What a request came to that was not answered with items. */
export type RequestFailure =
  /** May work later: throttling, 5xx, an index that is blocked. */
  | { readonly kind: "outage"; readonly type: string }
  /** Too large, or one of its documents makes it unreadable: smaller requests tell which. */
  | { readonly kind: "split"; readonly type: string }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired"; readonly type: string }
  | { readonly kind: "refused"; readonly type: string; readonly cure: string };

const RIGHTS =
  "allow es:ESHttpPost on the domain (aoss:APIAccessAll for a collection) and, with fine-grained access control, indices:data/write/bulk on the index; check `aws` or `auth`";

/**
 * The outcomes of a bulk answer, one per document in the order of the request; undefined when it is not such an answer: items are known by
 * their places, so with one too few or too many, or one of another document where it says its id, none of them is believed.
 * `namedByRecord`: the index comes out of the record, which is to blame then when there is none.
 */
export function itemOutcomesOf(
  body: unknown,
  documents: readonly { readonly id: string }[],
  operation: BulkOperation,
  namedByRecord: boolean,
): readonly ItemOutcome[] | undefined {
  const items = field(body, "items");
  if (!Array.isArray(items) || items.length !== documents.length) return undefined;
  const outcomes: ItemOutcome[] = [];
  for (const [place, item] of (items as readonly unknown[]).entries()) {
    const [result] = typeof item === "object" && item !== null ? (Object.values(item) as unknown[]) : [];
    const status = field(result, "status");
    if (typeof status !== "number") return undefined;
    const id = field(result, "_id");
    if (id !== undefined && id !== documents[place]?.id) return undefined;
    outcomes.push(itemOutcomeOf(status, field(result, "error"), operation, namedByRecord));
  }
  return outcomes;
}

function itemOutcomeOf(
  status: number,
  error: unknown,
  operation: BulkOperation,
  namedByRecord: boolean,
): ItemOutcome {
  if (status >= 200 && status < 300) return { kind: "placed" };
  const type = typeOf(error);
  if (status === 409) {
    // A document that is there already was created by an earlier attempt, here or elsewhere.
    return operation === "create" && type === "version_conflict_engine_exception"
      ? { kind: "placed" }
      : { kind: "retry", status, type };
  }
  if (status === 429 || status === 408 || status >= 500) return { kind: "retry", status, type };
  if (type === "cluster_block_exception") return { kind: "outage", status, type };
  const cure = cureOf(status, type, error, namedByRecord);
  return cure === undefined ? { kind: "dead-letter", status, type } : { kind: "refused", status, type, cure };
}

/** The cure for an item that failed through no fault of its document; undefined when the document is to blame. */
function cureOf(status: number, type: string, error: unknown, namedByRecord: boolean): string | undefined {
  const reason = reasonOf(error);
  if (status === 401 || status === 403) return RIGHTS;
  if (reason.includes("cannot execute [inline] scripts") || reason.includes("cannot execute scripts"))
    return 'ordering "guarded" takes inline scripts: allow them (script.allowed_types), or leave `ordering` out';
  if (reason.includes("pipeline with id"))
    return "the index names an ingest pipeline that does not exist: create it, or take it out of the index's settings";
  // The last of these is not a fault of a record that names an index of its own: the next one is.
  if (namedByRecord) return undefined;
  if (type === "index_not_found_exception")
    return "create the index, correct `index`, or let it be made by itself (action.auto_create_index)";
  if (type === "index_closed_exception") return "open the index";
  if (reason.includes("op_type of create are allowed in data streams"))
    return "the index is a data stream: set `dataStream` to true";
  if (reason.includes("no write index is defined for alias"))
    return "give the alias a write index (is_write_index), or correct `index`";
  return undefined;
}

/** Sorts an answer that is no success; undefined for a success. Pure. */
export function requestFailureOf({ status, body }: HttpAnswer): RequestFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const type = typeOf(field(body, "error"));
  if (status === 413 || status === 400) return { kind: "split", type };
  if (status === 429 || status === 408 || status >= 500 || type === "cluster_block_exception")
    return { kind: "outage", type };
  if (status === 401 || status === 403) {
    return /expired/iu.test(messageOf(body))
      ? { kind: "expired", type }
      : { kind: "refused", type, cure: RIGHTS };
  }
  const cure =
    status < 400
      ? "the node answers with another address; redirects are not followed: set `node` to the address itself"
      : "check that `node` is the address of an OpenSearch node or domain";
  return { kind: "refused", type, cure };
}

/** The error that stops a shard. Holds nothing of the answer's texts: the service repeats parts of documents in them. */
export function refusal(node: string, status: number, type: string, cure: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `OpenSearch at ${node} refused (HTTP ${status}, ${type}): ${cure}`,
  );
}

/** Why a document was not taken. */
export function itemError(status: number, type: string): Error {
  const error = new Error(`OpenSearch did not take the document (HTTP ${status}, ${type})`);
  error.name = type;
  return error;
}

/** A failure that may pass, of a whole request. */
export function outageError(status: number, type: string): Error {
  const error = new Error(`OpenSearch did not take the request (HTTP ${status}, ${type})`);
  error.name = type;
  return error;
}

/** The service's name of an error; only what can be such a name, because it goes into logs. */
function typeOf(error: unknown): string {
  const type = field(error, "type");
  return typeof type === "string" && /^[\w.]{1,100}$/u.test(type) ? type : "unknown_error";
}

function reasonOf(error: unknown): string {
  const reason = field(error, "reason");
  return typeof reason === "string" ? reason : "";
}

/** The gateway of AWS writes `message` or `Message`, OpenSearch an error object or text. */
function messageOf(body: unknown): string {
  for (const name of ["message", "Message"]) {
    const message = field(body, name);
    if (typeof message === "string") return message;
  }
  return reasonOf(field(body, "error"));
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
