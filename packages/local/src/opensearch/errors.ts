/** The status of each error type that this server or a fault rule names; 400 for others (OpenSearch, `ExceptionsHelper.status`). */
const STATUSES: Readonly<Record<string, number>> = {
  circuit_breaking_exception: 429,
  cluster_block_exception: 403,
  content_too_long_exception: 413,
  document_missing_exception: 404,
  es_rejected_execution_exception: 429,
  index_not_found_exception: 404,
  internal_server_error: 500,
  rejected_execution_exception: 429,
  security_exception: 403,
  unavailable_shards_exception: 503,
  version_conflict_engine_exception: 409,
};

/** An error within an error, as answers tell it. */
export interface ErrorCause {
  readonly type: string;
  readonly reason: string;
  readonly caused_by?: ErrorCause;
}

/** An answer, or the part of an answer about one document, that is an error. */
export class OpenSearchError extends Error {
  override readonly name = "OpenSearchError";
  readonly type: string;
  readonly status: number;
  readonly causedBy: ErrorCause | undefined;

  constructor(type: string, reason: string, status: number = statusOfType(type), causedBy?: ErrorCause) {
    super(reason);
    this.type = type;
    this.status = status;
    this.causedBy = causedBy;
  }
}

/** The status that goes with an error type. */
export function statusOfType(type: string): number {
  return STATUSES[type] ?? 400;
}

/** What is not emulated says so. */
export function notEmulated(what: string): OpenSearchError {
  return new OpenSearchError("illegal_argument_exception", `[local] not emulated: ${what}`, 400);
}

/** The error as it stands in an answer about one document. */
export function errorBody({ type, message, causedBy }: OpenSearchError): Readonly<Record<string, unknown>> {
  return { type, reason: message, ...(causedBy === undefined ? {} : { caused_by: causedBy }) };
}

/** The body of an answer that is an error. */
export function errorAnswer(error: OpenSearchError): Readonly<Record<string, unknown>> {
  const cause = errorBody(error);
  return { error: { root_cause: [cause], ...cause }, status: error.status };
}
