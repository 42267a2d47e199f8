import {
  cureAtProxy,
  describeAwsError,
  type IdentityFailure,
  identityFailureOf,
  CREDENTIALS_CURE,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { type CatalogReply, saidIn } from "./answers.js";
import type { CatalogAuthorization } from "./authorization.js";

/** What an answer that is no success means for the request, before it is known what the request was for. */
export type Failure =
  /** Nothing was done, and nothing would be the next time; `cure` says what mends it. */
  | { readonly kind: "refused"; readonly cure: string }
  /** The token or the session is over: with a fresh one the same request may do. */
  | { readonly kind: "expired" }
  /** Signed at another time than the service's own. */
  | { readonly kind: "clock" }
  /** Nothing was done, but later it may be: throttling. */
  | { readonly kind: "later" }
  /** Whether something was done nobody knows. */
  | { readonly kind: "unknown" }
  /** A requirement did not hold, or something of that name is there already (409). */
  | { readonly kind: "conflict" }
  /** There is no such table (404). */
  | { readonly kind: "missing" };

/** What an answer is judged by beside itself. */
export interface FailureContext {
  readonly authorization: CatalogAuthorization | undefined;
  /** Whether the request changes something: then a 5xx leaves open what became of it. */
  readonly changes: boolean;
}

const NO_CATALOG = "correct `uri`: what answers there gives no error of an Iceberg catalog";
const MISSING_TYPES = new Set(["NoSuchTableException", "NoSuchIcebergTableException"]);

/** Sorts an answer outside 2xx. Pure. */
export function failureOf(reply: CatalogReply, { authorization, changes }: FailureContext): Failure {
  const { status } = reply;
  const { type, message } = saidIn(reply);
  if (/Throttling|TooManyRequests|SlowDown|LimitExceeded/.test(type) && status < 500)
    return { kind: "later" };
  if (authorization?.type === "sigv4" && (status === 403 || status === 401 || status === 400)) {
    const identity = identityOf(type, message, status);
    if (identity === "clock" || identity === "expired") return { kind: identity };
    if (identity === "wrong") return { kind: "refused", cure: CREDENTIALS_CURE };
  }
  switch (status) {
    case 401:
      return authorization === undefined || authorization.type === "sigv4"
        ? { kind: "refused", cure: signInCure(authorization) }
        : { kind: "expired" };
    case 419:
      // "An optional status that the REST catalog can issue when the token has expired": any kind of one.
      return { kind: "expired" };
    case 403:
      return { kind: "refused", cure: rightsCure(authorization) };
    case 404:
      return missing(type);
    case 409:
      return { kind: "conflict" };
    case 429:
      return { kind: "later" };
    case 408:
      return { kind: changes ? "unknown" : "later" };
    default:
      break;
  }
  // 503 too: "request could have been partially processed".
  if (status >= 500) return { kind: changes ? "unknown" : "later" };
  if (status >= 300 && status < 400)
    return { kind: "refused", cure: "correct `uri`: it leads elsewhere, and redirects are not followed" };
  const said = message === "" ? "" : ` (${message})`;
  if (type !== "" && (status === 400 || status === 406 || status === 422))
    return { kind: "refused", cure: `the catalog does not take the request as it is${said}` };
  return { kind: "refused", cure: NO_CATALOG };
}

function identityOf(type: string, message: string, status: number): IdentityFailure | undefined {
  const error = Object.assign(new Error(message), { $metadata: { httpStatusCode: status } });
  error.name = type;
  return identityFailureOf(error);
}

/** A 404 without the specification's error is no catalog's: taken for a missing table, it would have one made there. */
function missing(type: string): Failure {
  // Glue's own name stands for namespaces and tables alike; which one, a table that is made will show.
  if (MISSING_TYPES.has(type) || type === "EntityNotFoundException" || type === "NotFoundException")
    return { kind: "missing" };
  if (type === "NoSuchNamespaceException")
    return { kind: "refused", cure: "create the namespace, or correct `table`" };
  if (type === "NoSuchWarehouseException") return { kind: "refused", cure: "correct `warehouse`" };
  return { kind: "refused", cure: NO_CATALOG };
}

function signInCure(authorization: CatalogAuthorization | undefined): string {
  return authorization === undefined ? "the catalog wants to know who asks: set `auth`" : CREDENTIALS_CURE;
}

function rightsCure(authorization: CatalogAuthorization | undefined): string {
  if (authorization?.type !== "sigv4") return "let who asks read and write the table";
  if (authorization.service === "s3tables")
    return "grant s3tables:GetTableBucket, s3tables:GetNamespace, s3tables:GetTable, s3tables:CreateTable, s3tables:GetTableMetadataLocation, s3tables:UpdateTableMetadataLocation, s3tables:GetTableData and s3tables:PutTableData on the table bucket";
  if (authorization.service === "glue")
    return "grant glue:GetCatalog, glue:GetDatabase, glue:GetTable, glue:CreateTable and glue:UpdateTable on the catalog, the database and the table, and in Lake Formation what it takes besides";
  return "let who signs read and write the table";
}

/** Whether a request that got no answer cannot have reached the catalog: no name, no connection, no proxy. */
export function neverArrived(error: unknown): boolean {
  const { code, message } = describeAwsError(error);
  return (
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ProxyError"].includes(code) ||
    message.startsWith("no connection within") ||
    cureAtProxy(error) !== undefined
  );
}

/** The error that stops the shard: what was refused, and the cure. Nothing of the request is in it. */
export function refusal(catalog: string, what: string, said: string, cure: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_EMIT_REFUSED", `${catalog} refused to ${what} (${said}): ${cure}`);
}

/** The error of an outage: whoever asked tries again. */
export function outage(catalog: string, what: string, said: string): Error {
  const error = new Error(`${catalog} did not ${what} (${said})`);
  error.name = "CatalogUnavailable";
  return error;
}

/** What is said of an answer: its status and the name of its error. */
export function said(reply: CatalogReply): string {
  const { type } = saidIn(reply);
  return type === "" ? `HTTP ${reply.status}` : `HTTP ${reply.status} ${type}`;
}
