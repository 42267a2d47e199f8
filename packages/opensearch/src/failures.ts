import { saysClockIsOff } from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { BulkOperation } from "./bulk-body.js";
import { type CauseContext, causeOf, field, type Said, saidIn } from "./causes.js";

/** An answer of the service: its status, and its body as far as it was JSON. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What the service answered about a document or a request that it did not take. */
interface NotTaken {
  readonly status: number;
  /** The service's name of the error. */
  readonly type: string;
  /** The names of what caused it, where it said so. */
  readonly causedBy?: readonly string[];
}

/** What became of one document. */
export type ItemOutcome =
  | { readonly kind: "written" }
  /** It is not to blame, and will be taken some time: as long as it takes. `cure` says what may help. */
  | ({ readonly kind: "wait"; readonly cure?: string } & NotTaken)
  /** The service failed over it and may not the next time; the engine gives it up after some tries. */
  | ({ readonly kind: "retry" } & NotTaken)
  /** It never will be taken. */
  | ({ readonly kind: "dead-letter" } & NotTaken)
  /** No repetition mends it, and no document is to blame; `cure` says what will. */
  | ({ readonly kind: "refused"; readonly cure: string } & NotTaken);

/** What a request came to that was not answered with items. */
export type RequestFailure =
  /** May work later: throttling, 5xx, an index that is blocked. */
  | { readonly kind: "outage"; readonly type: string; readonly cure?: string }
  /** Too large, or one of its documents makes it unreadable: smaller requests tell which. */
  | { readonly kind: "split"; readonly type: string }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired"; readonly type: string }
  | { readonly kind: "refused"; readonly type: string; readonly cure: string };

/** What the outcomes of documents depend on beside the answer. */
export interface ItemContext extends CauseContext {
  readonly operation: BulkOperation;
}

/** What is read of an answer, and so asked for: the whole of it would say ten things more of each document. */
export const FILTER_PATH: string = [
  ...["type", "reason", "durability"].flatMap((name) => [`error.${name}`, `items.*.error.${name}`]),
  ...["caused_by", "caused_by.caused_by"].flatMap((cause) =>
    ["type", "reason", "durability"].flatMap((name) => [
      `error.${cause}.${name}`,
      `items.*.error.${cause}.${name}`,
    ]),
  ),
  "items.*._id",
  "items.*.status",
].join(",");

const RIGHTS =
  "allow es:ESHttpPost on the domain (aoss:APIAccessAll for a collection) and, with fine-grained access control, indices:data/write/bulk on the index; check `aws` or `auth`";

/**
 * The outcomes of a bulk answer, one per document in the order of the request; undefined when it is not such an answer: items are known by
 * their places, so with one too few or too many, or one of another document where it says its id, none of them is believed.
 */
export function itemOutcomesOf(
  body: unknown,
  documents: readonly { readonly id: string | undefined }[],
  context: ItemContext,
): readonly ItemOutcome[] | undefined {
  const items = field(body, "items");
  if (!Array.isArray(items) || items.length !== documents.length) return undefined;
  const outcomes: ItemOutcome[] = [];
  for (const [place, item] of (items as readonly unknown[]).entries()) {
    const [result] = typeof item === "object" && item !== null ? (Object.values(item) as unknown[]) : [];
    const status = field(result, "status");
    if (typeof status !== "number") return undefined;
    const id = field(result, "_id");
    const own = documents[place]?.id;
    if (id !== undefined && own !== undefined && id !== own) return undefined;
    outcomes.push(itemOutcomeOf(status, field(result, "error"), context));
  }
  return outcomes;
}

function itemOutcomeOf(status: number, error: unknown, context: ItemContext): ItemOutcome {
  if (status >= 200 && status < 300) return { kind: "written" };
  const said = saidIn(error);
  const notTaken: NotTaken = { status, type: typeOf(said), causedBy: said.types.slice(1) };
  // A document that is there already was created by an earlier attempt, here or elsewhere.
  if (
    status === 409 &&
    context.operation === "create" &&
    notTaken.type === "version_conflict_engine_exception"
  )
    return { kind: "written" };
  const cause = causeOf(said, context);
  if (cause !== undefined)
    return { kind: cause.means === "wait" ? "wait" : "refused", ...notTaken, cure: cause.cure };
  // Another writer was faster, or the queues are full: the document has no part in it.
  if (isPassing(status) || status === 409) return { kind: "wait", ...notTaken };
  // What else a node fails with may be the document's doing, such as a bug that it sets off.
  if (status >= 500) return { kind: "retry", ...notTaken };
  if (status === 401 || status === 403) return { kind: "refused", ...notTaken, cure: RIGHTS };
  return { kind: "dead-letter", ...notTaken };
}

/** Throttled, timed out, not available or a gateway's: never about one document. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 502 && status <= 504);
}

/** Sorts an answer that is no success; undefined for a success. Pure. */
export function requestFailureOf(
  { status, body }: HttpAnswer,
  context: CauseContext,
): RequestFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const said = saidIn(field(body, "error"));
  const type = typeOf(said);
  if (status === 413) return { kind: "split", type };
  const cause = causeOf(said, context);
  if (cause !== undefined)
    return { kind: cause.means === "wait" ? "outage" : "refused", type, cure: cause.cure };
  if (status === 400) return { kind: "split", type };
  if (isPassing(status) || status >= 500) return { kind: "outage", type };
  // Signed at another time than the domain's. Its own date has been tried already: the machine's clock has to be set.
  if (isByTheClock({ status, body })) return { kind: "outage", type: "signature_by_the_clock" };
  if (status === 401 || status === 403) {
    return /expired/iu.test(messageOf(body, said))
      ? { kind: "expired", type }
      : { kind: "refused", type, cure: RIGHTS };
  }
  const cure =
    status < 400
      ? "the node answers with another address; redirects are not followed: set `node` to the address itself"
      : "check that `node` is the address of an OpenSearch node or domain";
  return { kind: "refused", type, cure };
}

/** Whether a request was refused because it was signed at another time than the service's. */
export function isByTheClock({ status, body }: HttpAnswer): boolean {
  return (status === 401 || status === 403) && saysClockIsOff(messageOf(body, saidIn(field(body, "error"))));
}

/** The error that stops a shard. Holds nothing of the answer's texts: the service repeats parts of documents in them. */
export function refusal(node: string, status: number, type: string, cure: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `OpenSearch at ${node} refused (HTTP ${status}, ${type}): ${cure}`,
  );
}

/** Why a document was not taken. */
export function itemError(outcome: NotTaken & { readonly cure?: string }): Error {
  const { status, type, causedBy = [], cure } = outcome;
  const causes = causedBy.length === 0 ? "" : `, by ${causedBy.join(", by ")}`;
  return named(type, `OpenSearch did not take the document (HTTP ${status}, ${type}${causes})`, cure);
}

/** A failure that may pass, of a whole request. */
export function outageError(status: number, type: string, cure?: string): Error {
  return named(type, `OpenSearch did not take the request (HTTP ${status}, ${type})`, cure);
}

function named(name: string, what: string, cure: string | undefined): Error {
  const error = new Error(cure === undefined ? what : `${what}: ${cure}`);
  error.name = name;
  return error;
}

function typeOf({ types }: Said): string {
  return types[0] ?? "unknown_error";
}

/** The gateway of AWS writes `message` or `Message`, OpenSearch an error object or text. */
function messageOf(body: unknown, { reasons }: Said): string {
  for (const name of ["message", "Message"]) {
    const message = field(body, name);
    if (typeof message === "string") return message;
  }
  return reasons[0] ?? "";
}
